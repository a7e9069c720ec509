/** The addresses under which the page sees pictures: always by id, never by path. */

/** The one origin of the app: its page and its pictures. */
export const APP_ORIGIN = 'app://underpaint';

/** Ids of sources, jobs and results: nothing in them can climb out of a folder. */
export const ID_PATTERN = /^[a-z0-9-]{1,64}$/;

export const sourceUrl = (sourceId: string): string => `${APP_ORIGIN}/media/source/${sourceId}.png`;
export const sourceFullUrl = (sourceId: string): string => `${APP_ORIGIN}/media/source-full/${sourceId}`;
/** Longest side of the picture that `sourceUrl` serves. */
export const SOURCE_SIDE_PX = 2048;
export const sourceThumbnailUrl = (sourceId: string): string =>
  `${APP_ORIGIN}/media/source-thumbnail/${sourceId}`;
export const resultUrl = (resultId: string): string => `${APP_ORIGIN}/media/result/${resultId}`;
export const thumbnailUrl = (resultId: string): string => `${APP_ORIGIN}/media/thumbnail/${resultId}`;
export const liveUrl = (liveId: string): string => `${APP_ORIGIN}/media/live/${liveId}`;
/** The sequence makes every preview a new address, so that the page never shows a cached one. */
export const previewUrl = (jobId: string, sequence: number): string =>
  `${APP_ORIGIN}/media/preview/${jobId}?n=${sequence}`;
