/** The system's clipboard: files, encoded pictures and bitmaps, through the old form of Electron's module and the new one. */
import { pathToFileURL, fileURLToPath } from 'node:url';
import { clipboard, ClipboardItem, nativeImage, type NativeImage } from 'electron';
import type { ClipboardPicture } from './services/requests';

/** What Electron's clipboard was before it took the web's form. */
interface OldClipboard {
  availableFormats: () => string[];
  readBuffer: (format: string) => Buffer;
  readImage: () => NativeImage;
  writeBuffer: (format: string, bytes: Buffer) => void;
  writeImage: (image: NativeImage) => void;
}

const FILE_FORMATS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'public.file-url',
  win32: 'FileNameW',
};
const FILE_FORMAT = FILE_FORMATS[process.platform] ?? 'text/uri-list';
const PNG_FORMATS = ['image/png', 'public.png', 'PNG'];

/** Puts a file on the clipboard, as file managers do. */
export async function copyFile(filePath: string): Promise<void> {
  const bytes = encodeFile(filePath);
  const old = oldClipboard();
  if (old !== null) return old.writeBuffer(FILE_FORMAT, bytes);
  await clipboard.write([new ClipboardItem({ [native(FILE_FORMAT)]: new Blob([new Uint8Array(bytes)]) })]);
}

/** Puts the pixels of a PNG on the clipboard. */
export async function copyPicture(pngPath: string): Promise<void> {
  const image = nativeImage.createFromPath(pngPath);
  const old = oldClipboard();
  if (old !== null) return old.writeImage(image);
  const png = new Blob([new Uint8Array(image.toPNG())], { type: 'image/png' });
  await clipboard.write([new ClipboardItem({ 'image/png': png })]);
}

/** The first file on the clipboard, else its encoded picture, else its bitmap; null when there is none of them. */
export async function readClipboard(): Promise<ClipboardPicture | null> {
  const read = (await reader()).read;
  const file = decodeFile(await read([FILE_FORMAT]));
  if (file !== null) return { path: file };
  const encoded = await read(PNG_FORMATS);
  if (encoded.length > 0) return { bytes: new Uint8Array(encoded), name: 'pasted.png' };
  const image = oldClipboard()?.readImage();
  if (image === undefined || image.isEmpty()) return null;
  return { bytes: new Uint8Array(image.toPNG()), name: 'pasted.png' };
}

/** Reads the first of some formats that is there; no bytes when none is. */
async function reader(): Promise<{ read: (formats: readonly string[]) => Promise<Buffer> }> {
  const old = oldClipboard();
  if (old !== null) {
    const there = old.availableFormats();
    return {
      read: async (formats) => {
        // A file list is often offered without being listed.
        const format = formats.find((name) => there.includes(name)) ?? formats[0];
        return format === undefined ? Buffer.alloc(0) : old.readBuffer(format);
      },
    };
  }
  const items = await clipboard.read();
  return {
    read: async (formats) => {
      for (const item of items) {
        const type = formats
          .flatMap((name) => [name, native(name)])
          .find((name) => item.types.includes(name));
        const value: unknown = type === undefined ? null : await item.getType(type);
        if (value instanceof Blob) return Buffer.from(await value.arrayBuffer());
      }
      return Buffer.alloc(0);
    },
  };
}

/** The new form's name for a format of the platform's own. */
const native = (format: string): string => `electron application/osclipboard;format="${format}"`;

function oldClipboard(): OldClipboard | null {
  return isOld(clipboard) ? clipboard : null;
}

const isOld = (candidate: object): candidate is OldClipboard =>
  'writeBuffer' in candidate && typeof candidate.writeBuffer === 'function';

function encodeFile(filePath: string): Buffer {
  switch (process.platform) {
    case 'win32':
      return Buffer.from(`${filePath}\0`, 'utf16le');
    case 'darwin':
      return Buffer.from(pathToFileURL(filePath).href);
    default:
      return Buffer.from(`${pathToFileURL(filePath).href}\r\n`);
  }
}

/** The first file of a list; null when there is none on this machine. */
function decodeFile(bytes: Buffer): string | null {
  if (process.platform === 'win32') return bytes.toString('utf16le').split('\0')[0] || null;
  const address = bytes
    .toString('utf8')
    .split(/[\r\n\0]+/)
    .find((line) => line.startsWith('file://'));
  if (address === undefined || !URL.canParse(address)) return null;
  const url = new URL(address);
  return url.host === '' || url.host === 'localhost' ? fileURLToPath(`file://${url.pathname}`) : null;
}
