/** Photographs named states of the window in both colour schemes and both sizes, and lays them out on one page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunningApp } from '../support/electron-app';
import { setContentSize } from '../support/window-driver';

const SIZES = [
  [1280, 800],
  [2560, 1440],
] as const;
/** Colours that change gently have changed by then. */
const SETTLED_MS = 300;
const SCHEMES = ['dark', 'light'] as const;

export interface Album {
  folder: string;
  /** Names of states; none: all of them. */
  wanted: readonly string[];
  say: (text: string) => void;
}

/** What one part of the pictures is taken with: an app and a home of its own. */
export interface Studio {
  camera: Camera;
  home: string;
  /** Starts the app on this part's home. */
  open: () => Promise<RunningApp>;
}

interface Taken {
  name: string;
  title: string;
  files: string[];
}

export interface ShotOptions {
  /** Other sizes of the window than the usual ones. */
  sizes?: readonly (readonly [width: number, height: number])[];
  /** Brings the state about again after the window has changed its size, where that undoes it. */
  again?: () => Promise<void>;
  /** The page is zoomed, of which Playwright photographs only a part: Electron takes the picture. */
  isZoomed?: boolean;
}

export class Camera {
  readonly #album: Album;
  readonly #taken: Taken[] = [];

  constructor(album: Album) {
    this.#album = album;
    mkdirSync(album.folder, { recursive: true });
  }

  /** Whether one of these states is to be photographed at all. */
  wants(...names: string[]): boolean {
    const { wanted } = this.#album;
    return wanted.length === 0 || names.some((name) => wanted.includes(name));
  }

  /** Photographs the window as it is. */
  async shoot(running: RunningApp, name: string, title: string, options: ShotOptions = {}): Promise<void> {
    if (!this.wants(name)) return;
    const { page } = running;
    const files: string[] = [];
    for (const [width, height] of options.sizes ?? SIZES) {
      await resize(running, width, height);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await options.again?.();
        // Two frames: the layout follows the new size, then lists and lenses follow the layout.
        await page.evaluate(
          () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
        );
        const file = `${name}-${colorScheme}-${width}x${height}.png`;
        const target = path.join(this.#album.folder, file);
        if (options.isZoomed === true) {
          await page.waitForTimeout(SETTLED_MS);
          writeFileSync(target, await capture(running));
        } else await page.screenshot({ path: target, animations: 'disabled' });
        files.push(file);
      }
    }
    this.#taken.push({ name, title, files });
    this.#album.say(`${name}: ${files.length} pictures`);
  }

  /** Writes the page that shows them all; answers how many there are. */
  finish(): number {
    const states = this.#taken
      .map(
        ({ name, title, files }) =>
          `<section><h2 id="${name}">${title} <small>${name}</small></h2>${files
            .map((file) => `<a href="${file}"><img loading="lazy" src="${file}" alt="${title}: ${file}"></a>`)
            .join('')}</section>`,
      )
      .join('\n');
    writeFileSync(
      path.join(this.#album.folder, 'index.html'),
      `<!doctype html><meta charset="utf-8"><title>Underpaint: ${this.#taken.length} states</title>
<style>body{font:15px system-ui;margin:2rem;background:#777;color:#fff}section{display:grid;grid-template-columns:1fr 1fr;gap:.6rem}
h2{grid-column:1/-1;margin:1.6rem 0 0}small{font-weight:400;opacity:.8}img{width:100%;display:block}</style>
${states}\n`,
    );
    return this.#taken.reduce((sum, { files }) => sum + files.length, 0);
  }
}

/** Makes the page's area this large in pixels, whatever its zoom is. */
async function resize(running: RunningApp, width: number, height: number): Promise<void> {
  await setContentSize(running, width, height);
  await running.page.waitForFunction(
    (size) =>
      Math.abs(innerWidth * devicePixelRatio - size.width) < 3 &&
      Math.abs(innerHeight * devicePixelRatio - size.height) < 3,
    { width, height },
  );
}

/** The window's content as Electron sees it, as a PNG. */
async function capture({ app }: RunningApp): Promise<Buffer> {
  const png = await app.evaluate(async ({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    return (await window?.webContents.capturePage())?.toPNG().toString('base64') ?? '';
  });
  return Buffer.from(png, 'base64');
}
