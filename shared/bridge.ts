/** What the preload script puts on the page as `window.underpaint`: one named function per request and per event. */
import type { EventName, EventOf, RequestName, RequestOf, ResponseOf } from './contract';
import type { Source } from './contract';
import type { Theme } from './look';
import type { RestoredSettings } from './restored-settings';
import type { Result } from './result';

/** Name of the one global that the page gets. */
export const BRIDGE_GLOBAL = 'underpaint';

/** Requests that the page may send itself. A file's path is never the page's to name: `importFile` fills it in. */
export const PAGE_REQUESTS = [
  'app.state',
  'results.read',
  'window.close',
  'draft.save',
  'preferences.change',
  'source.open',
  'source.import-bytes',
  'source.paste',
  'source.recent',
  'source.use-recent',
  'source.forget-recent',
  'source.use-result',
  'painting.read',
  'painting.save',
  'painting.render',
  'mask.open',
  'mask.import-bytes',
  'sketch.new',
  'live.paint',
  'live.stop',
  'live.keep',
  'settings.open',
  'settings.read-bytes',
  'plan.make',
  'network.read',
  'network.change',
  'token.set',
  'endpoint.test',
  'ledger.read',
  'ledger.save',
  'consent.answer',
  'job.start',
  'job.cancel',
  'job.resume',
  'job.discard',
  'job.start-group',
  'job.keep',
  'queue.move',
  'queue.pause',
  'queue.cancel',
  'result.save',
  'result.reveal',
  'result.copy',
  'result.drag',
  'export.read',
  'export.change',
  'result.star',
  'result.delete',
  'gallery.search',
  'gallery.count',
  'gallery.models',
  'model.open',
  'lora.list',
  'prompts.read',
  'prompts.remember',
  'prompts.forget',
  'style.save',
  'style.remove',
  'prompt.count-tokens',
  'command.run',
  'command.enable',
  'diagnostics.copy',
] as const satisfies readonly RequestName[];
export type PageRequestName = (typeof PAGE_REQUESTS)[number];

/** Requests that the preload script alone sends: they name files of the disk. */
export const PRELOAD_REQUESTS = [
  'source.import-path',
  'mask.import-path',
  'settings.read-path',
] as const satisfies readonly RequestName[];

export const PAGE_EVENTS = [
  'job.changed',
  'queue.changed',
  'job.progress',
  'results.added',
  'consent.asked',
  'preferences.changed',
  'models.changed',
  'window.shown',
  'window.closing',
  'command',
] as const satisfies readonly EventName[];

/** `source.import-bytes` → `sourceImportBytes`. */
export type Camel<S extends string> = S extends `${infer Head}.${infer Tail}`
  ? `${Camel<Head>}${Capitalize<Camel<Tail>>}`
  : S extends `${infer Head}-${infer Tail}`
    ? `${Camel<Head>}${Capitalize<Camel<Tail>>}`
    : S;

/** The function name that belongs to a request: `source.import-bytes` → `sourceImportBytes`. */
export const functionName = (name: string): string =>
  name.replace(/[.-]([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The subscription name that belongs to an event: `job.changed` → `onJobChanged`. */
export const subscriptionName = (name: string): string => {
  const camel = functionName(name);
  return `on${camel.charAt(0).toUpperCase()}${camel.slice(1)}`;
};

/** What the first paint must not get wrong. */
export interface StartLook {
  language: string;
  theme: Theme;
}

/** The argument that hands it to the preload script. */
export const START_LOOK_ARGUMENT = '--underpaint-look=';

type RequestFunction<N extends RequestName> =
  null extends RequestOf<N>
    ? () => Promise<Result<ResponseOf<N>>>
    : (request: RequestOf<N>) => Promise<Result<ResponseOf<N>>>;

/**
 * `window.underpaint`, for the page's `Bridge<File>`. Requests answer with a Result and never reject;
 * a subscription answers with the function that ends it.
 */
export type Bridge<PickedFile extends object> = {
  readonly [N in PageRequestName as Camel<N>]: RequestFunction<N>;
} & {
  readonly [N in EventName as `on${Capitalize<Camel<N>>}`]: (
    listener: (payload: EventOf<N>) => void,
  ) => () => void;
} & {
  /** Look and language, known before anything is drawn. */
  readonly startLook: () => StartLook;
  /** Imports a dropped or picked file that exists on disk; a File without a path (pasted bytes) is refused. */
  readonly importFile: (file: PickedFile) => Promise<Result<Source>>;
  /** Makes a dropped file the mask of a picture. */
  readonly importMask: (file: PickedFile, sourceId: string) => Promise<Result<Source>>;
  /** Reads the settings that a dropped picture carries. */
  readonly readSettings: (file: PickedFile) => Promise<Result<RestoredSettings>>;
};
