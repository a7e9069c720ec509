/** The `app://` scheme: the page's own files, and pictures by id. The page sees no other origin and no path. */
import { readFile } from 'node:fs/promises';
import { protocol, type ProtocolRequest, type ProtocolResponse, type Session } from 'electron';
import { CONTENT_SECURITY_POLICY } from './security';
import type { Gallery } from './services/gallery';
import type { JobQueue } from './services/job-queue';
import type { Live } from './services/live';
import { mediaTypeOf, routeOf, type Route } from './services/page-routes';
import type { SourceStore } from './services/source-store';
import type { Thumbnails } from './services/thumbnails';

export interface PictureSources {
  sources: SourceStore;
  gallery: Gallery;
  queue: JobQueue;
  thumbnails: Thumbnails;
  sourceThumbnails: Thumbnails;
  live: Live;
}

/** Must run before Electron is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
    },
  ]);
}

export interface AppContents {
  rendererFolder: string;
  /** The page is served before they are there. */
  pictures: Promise<PictureSources>;
  /** A script of the page was handed over. */
  onScript: () => void;
}

/**
 * Serves `app://underpaint/…` in this session. Electron's newer `protocol.handle` does the same with Requests and Responses, whose code
 * takes about as long to load as the rest of the way to the page; a buffer is all that is needed here.
 */
export function serveApp(session: Session, contents: AppContents): void {
  session.protocol.registerBufferProtocol('app', (request, send) => {
    answer(request, contents).then(send, () => send(REFUSED));
  });
}

const REFUSED: ProtocolResponse = { statusCode: 404, data: Buffer.alloc(0) };

async function answer(
  { method, url }: Pick<ProtocolRequest, 'method' | 'url'>,
  { rendererFolder, pictures, onScript }: AppContents,
): Promise<ProtocolResponse> {
  if (method !== 'GET' && method !== 'HEAD') return { ...REFUSED, statusCode: 405 };
  const route = routeOf(url, rendererFolder);
  const filePath = route === null ? null : await fileOf(route, pictures);
  const mediaType = filePath === null ? null : mediaTypeOf(filePath);
  if (filePath === null || mediaType === null) return REFUSED;
  const content = await readFile(filePath);
  if (filePath.endsWith('.js')) setImmediate(onScript);
  return {
    statusCode: 200,
    data: method === 'HEAD' ? Buffer.alloc(0) : content,
    headers: {
      'Content-Type': mediaType,
      'Content-Length': String(content.byteLength),
      'X-Content-Type-Options': 'nosniff',
      'X-DNS-Prefetch-Control': 'off',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    },
  };
}

async function fileOf(route: Route, whenThere: Promise<PictureSources>): Promise<string | null> {
  if (route.kind === 'page') return route.filePath;
  const pictures = await whenThere;
  if (route.kind === 'result' || route.kind === 'thumbnail') await pictures.gallery.whenOpen;
  switch (route.kind) {
    case 'source':
      return pictures.sources.previewPath(route.id);
    case 'result':
      return pictures.gallery.pathOf(route.id);
    case 'thumbnail':
      return pictures.thumbnails.pathOf(route.id);
    case 'source-full':
      return pictures.sources.fullPath(route.id);
    case 'source-thumbnail':
      return pictures.sourceThumbnails.pathOf(route.id);
    case 'preview':
      return pictures.queue.previewPath(route.id);
    case 'live':
      return pictures.live.pathOf(route.id);
  }
}
