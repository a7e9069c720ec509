/** The `app://` scheme: the page's own files, and pictures by id. The page sees no other origin and no path. */
import { readFile } from 'node:fs/promises';
import { protocol, type Session } from 'electron';
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

/** Serves `app://underpaint/…` in this session. */
export function serveApp(session: Session, rendererFolder: string, pictures: PictureSources): void {
  session.protocol.handle('app', async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
    const route = routeOf(request.url, rendererFolder);
    try {
      const filePath = route === null ? null : await fileOf(route, pictures);
      const mediaType = filePath === null ? null : mediaTypeOf(filePath);
      if (filePath === null || mediaType === null) return refusal(404);
      const content = await readFile(filePath);
      return new Response(request.method === 'HEAD' ? null : new Uint8Array(content), {
        headers: {
          'Content-Type': mediaType,
          'Content-Length': String(content.byteLength),
          'X-Content-Type-Options': 'nosniff',
          'X-DNS-Prefetch-Control': 'off',
          'Referrer-Policy': 'no-referrer',
          'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        },
      });
    } catch {
      return refusal(404);
    }
  });
}

async function fileOf(route: Route, pictures: PictureSources): Promise<string | null> {
  switch (route.kind) {
    case 'page':
      return route.filePath;
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

const refusal = (status: 404 | 405): Response => new Response(null, { status });
