/** Turns an `app://` address into what it stands for. Pure: every address that is not listed here is nothing. */
import path from 'node:path';
import { APP_ORIGIN, ID_PATTERN } from './media-urls';

export type Route = { kind: 'page'; filePath: string } | { kind: MediaKind; id: string };

const MEDIA_KINDS = [
  'source',
  'result',
  'thumbnail',
  'preview',
  'live',
  'source-thumbnail',
  'source-full',
] as const;
type MediaKind = (typeof MEDIA_KINDS)[number];

const MEDIA_PATTERN =
  /^\/media\/(?:(source)\/([a-z0-9-]+)\.png|(result|thumbnail|preview|live|source-thumbnail|source-full)\/([a-z0-9-]+))$/;

/** What a GET of `address` means; null for another origin, an unknown path, a bad id, or a way out of the page's folder. */
export function routeOf(address: string, rendererFolder: string): Route | null {
  let url: URL;
  let pathname: string;
  try {
    url = new URL(address);
    pathname = decodeURIComponent(url.pathname);
  } catch {
    return null;
  }
  if (`${url.protocol}//${url.host}` !== APP_ORIGIN) return null;
  if (pathname.startsWith('/media/')) {
    const [, source, sourceId, other, otherId] = MEDIA_PATTERN.exec(pathname) ?? [];
    const kind = MEDIA_KINDS.find((known) => known === (source ?? other));
    const id = sourceId ?? otherId;
    if (kind === undefined || id === undefined || !ID_PATTERN.test(id)) return null;
    return { kind, id };
  }
  if (pathname.includes('\0') || pathname.includes('\\')) return null;
  const filePath = path.join(rendererFolder, pathname === '/' ? 'index.html' : pathname);
  const relative = path.relative(rendererFolder, filePath);
  if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) return null;
  return { kind: 'page', filePath };
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** The media type of a file that the app serves; null for a kind that it never serves. */
export const mediaTypeOf = (filePath: string): string | null =>
  MEDIA_TYPES[path.extname(filePath).toLowerCase()] ?? null;
