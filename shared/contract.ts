/** Every request and event between the page and the main process. Both sides are generic over these tables. */
import { z } from 'zod';
import { COMMAND_IDS, PAGE_COMMAND_IDS, SHELL_COMMAND_IDS } from './commands';
import { exportChangeSchema, exportSettingsSchema } from './export';
import { gallerySearchSchema } from './gallery';
import { generationSettingsSchema, LIMITS } from './generation';
import { jobProgressSchema, jobViewSchema, queueViewSchema } from './job';
import { liveRequestSchema, livePictureSchema } from './live';
import { modelInfoSchema } from './models';
import { endpointUrlSchema } from './network';
import {
  consentAnswerSchema,
  consentQuestionSchema,
  endpointTestSchema,
  ledgerViewSchema,
  networkChangeSchema,
  networkViewSchema,
} from './network-view';
import { colourSchema, marksSchema } from './painting';
import { planViewSchema } from './placement';
import { promptLibrarySchema, promptPairSchema } from './prompt-library';
import { styleSchema } from './prompt-style';
import { restoredSettingsSchema } from './restored-settings';
import { draftSchema, preferencesSchema } from './settings';
import { groupSchema, variationSchema } from './variations';

const id = z.string().regex(/^[a-z0-9-]{1,64}$/);

/** A picture that the person brought in, oriented upright. `url` serves it through `app://`. */
export const sourceSchema = z.object({
  id,
  name: z.string(),
  url: z.string(),
  /** The same in its own size, where `url` serves a smaller one. */
  fullUrl: z.string().optional(),
  width: z.number().int(),
  height: z.number().int(),
  format: z.string(),
  profile: z.string(),
  hasAlpha: z.boolean(),
});
export type Source = z.infer<typeof sourceSchema>;

/** One that was brought in lately. */
export const recentSourceSchema = sourceSchema.extend({ thumbnailUrl: z.string() });
export type RecentSource = z.infer<typeof recentSourceSchema>;

/** One result picture of a finished job. */
export const resultViewSchema = z.object({
  id,
  jobId: id,
  sourceId: id,
  /** The mask it was made with. */
  maskId: id.nullable().optional(),
  url: z.string(),
  /** A small one for lists. */
  thumbnailUrl: z.string().optional(),
  isStarred: z.boolean().default(false),
  /** Where the picture it was made from is served, if that is still there. */
  sourceUrl: z.string().optional(),
  /** The same in its own size, where `sourceUrl` serves a smaller one. */
  sourceFullUrl: z.string().optional(),
  width: z.number().int(),
  height: z.number().int(),
  seed: z.number().int(),
  settings: generationSettingsSchema,
  /** The group that its job was started with. */
  group: groupSchema.nullable().optional(),
  /** The step after which it was stopped, to keep what was there. */
  stoppedAfter: z.number().int().optional(),
  createdAt: z.number(),
});
export type ResultView = z.infer<typeof resultViewSchema>;

/** What the page needs to draw itself the first time. */
export const appStateSchema = z.object({
  version: z.string(),
  platform: z.string(),
  preferences: preferencesSchema,
  /** The language in use, two letters. */
  language: z.string(),
  draft: draftSchema,
  source: sourceSchema.nullable(),
  models: z.array(modelInfoSchema),
  jobs: z.array(jobViewSchema),
  queue: queueViewSchema,
  /** Null: not read yet; `results.read` has them. */
  results: z.array(resultViewSchema).nullable(),
});
export type AppState = z.infer<typeof appStateSchema>;

/** Endpoints as the window shows them. */
export const networkStateSchema = networkViewSchema.extend({
  /** Servers (scheme, host, port) that have a token. */
  tokens: z.array(z.string()),
  /** False: the system has no key store, so tokens are kept for this run only. */
  canKeepTokens: z.boolean(),
});
export type NetworkState = z.infer<typeof networkStateSchema>;

/** What can be sent as a header: printable, without spaces. */
const tokenSchema = z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'a token has no spaces and no special letters');

const nothing = z.null();
const sketchSide = z.number().int().min(LIMITS.sidePx.min).max(LIMITS.sidePx.max);
/** A picture and what was drawn on it. */
const paintingSchema = z.object({ sourceId: id, marks: marksSchema });

/** Request name → what the page sends and what it gets back (inside a Result envelope). */
export const REQUESTS = {
  /** Everything for the first paint. */
  'app.state': { request: nothing, response: appStateSchema },
  /** The newest results, as soon as they are read. */
  'results.read': { request: nothing, response: z.array(resultViewSchema) },
  /** Everything is kept: the window that is closing may go. */
  'window.close': { request: nothing, response: nothing },
  /** Remembers the form; called (debounced) on every change. */
  'draft.save': { request: draftSchema, response: nothing },
  /** Changes some preferences; `preferences.changed` tells what holds then. */
  'preferences.change': { request: preferencesSchema.partial(), response: nothing },
  /** Native open dialog; null when the person closed it. */
  'source.open': { request: nothing, response: sourceSchema.nullable() },
  /** A pasted or dropped picture that has no file: its encoded bytes. */
  'source.import-bytes': {
    request: z.object({ name: z.string().max(255), bytes: z.instanceof(Uint8Array) }),
    response: sourceSchema,
  },
  /** The path of a dropped file; only the preload script can fill this in, from a real File object. */
  'source.import-path': { request: z.object({ path: z.string().max(4096) }), response: sourceSchema },
  /** The picture on the clipboard in whatever form it is there (file, encoded picture, bitmap); null when there is none. */
  'source.paste': { request: nothing, response: sourceSchema.nullable() },
  /** Pictures that were brought in lately, newest first. */
  'source.recent': { request: nothing, response: z.array(recentSourceSchema) },
  /** Takes one of them again. */
  'source.use-recent': { request: z.object({ sourceId: id }), response: sourceSchema },
  /** Leaves one out of the list; answers what is left. */
  'source.forget-recent': { request: z.object({ sourceId: id }), response: z.array(recentSourceSchema) },
  /** Makes a result the next input. */
  'source.use-result': { request: z.object({ resultId: id }), response: sourceSchema },
  /** What was drawn on a picture, and the pictures among its marks. */
  'painting.read': {
    request: z.object({ sourceId: id }),
    response: z.object({ marks: marksSchema, pictures: z.array(sourceSchema) }),
  },
  /** Remembers it; called (debounced) on every change. */
  'painting.save': { request: paintingSchema, response: nothing },
  /** Makes of it what a job works with: the painted picture (or the picture itself) and its mask. */
  'painting.render': {
    request: paintingSchema,
    response: z.object({ source: sourceSchema, maskId: id.nullable() }),
  },
  /** Native open dialog for a picture that becomes the mask of another one; null when the person closed it. */
  'mask.open': { request: z.object({ sourceId: id }), response: sourceSchema.nullable() },
  /** A dropped mask that has no file. */
  'mask.import-bytes': {
    request: z.object({ sourceId: id, name: z.string().max(255), bytes: z.instanceof(Uint8Array) }),
    response: sourceSchema,
  },
  /** The same for a file; only the preload script can fill the path in, from a real File object. */
  'mask.import-path': {
    request: z.object({ sourceId: id, path: z.string().max(4096) }),
    response: sourceSchema,
  },
  /** An empty picture to draw on. */
  'sketch.new': {
    request: z.object({
      width: sketchSide,
      height: sketchSide,
      colour: colourSchema,
      name: z.string().max(80),
    }),
    response: sourceSchema,
  },
  /** Paints a quick picture in small and answers with it; the one before it is given up. Nothing is kept. */
  'live.paint': { request: liveRequestSchema, response: livePictureSchema },
  /** Gives up the quick picture in work. */
  'live.stop': { request: nothing, response: nothing },
  /** Takes a quick picture, as it was shown, among the results. */
  'live.keep': { request: z.object({ liveId: id }), response: resultViewSchema },
  /** Native open dialog for a picture whose settings are wanted; null when the person closed it. */
  'settings.open': { request: nothing, response: restoredSettingsSchema.nullable() },
  /** The settings inside a dropped picture that has no file. */
  'settings.read-bytes': {
    request: z.object({ name: z.string().max(255), bytes: z.instanceof(Uint8Array) }),
    response: restoredSettingsSchema,
  },
  /** The same for a file; only the preload script can fill the path in, from a real File object. */
  'settings.read-path': {
    request: z.object({ path: z.string().max(4096) }),
    response: restoredSettingsSchema,
  },
  /** Where each stage would run with these settings on this picture, and why. */
  'plan.make': {
    /** `marks`: what its mask is made of, where that matters. */
    request: z.object({ sourceId: id, settings: generationSettingsSchema, marks: marksSchema.default([]) }),
    response: planViewSchema,
  },
  /** Endpoints, what each may get, and the offline switch. */
  'network.read': { request: nothing, response: networkStateSchema },
  'network.change': { request: z.object({ change: networkChangeSchema }), response: networkStateSchema },
  /** Sets or (null) forgets the token of an endpoint's server; it never comes back to the page. */
  'token.set': {
    request: z.object({ url: endpointUrlSchema, token: tokenSchema.nullable() }),
    response: networkStateSchema,
  },
  /** Asks an endpoint whether it is there; sends nothing of the person's work. */
  'endpoint.test': { request: z.object({ url: endpointUrlSchema }), response: endpointTestSchema },
  /** What was sent, newest first. */
  'ledger.read': { request: nothing, response: ledgerViewSchema },
  /** Native save dialog for all of it; null when the person closed it. */
  'ledger.save': { request: nothing, response: z.object({ path: z.string() }).nullable() },
  /** The answer to `consent.asked`. */
  'consent.answer': {
    request: z.object({ id: z.number().int(), answer: consentAnswerSchema }),
    response: nothing,
  },
  /** Starts a job, after its questions of consent were answered; `cancelled` when the person would rather not. */
  'job.start': {
    /** `maskId`: a picture that was brought in like a source; white is painted anew. */
    request: z.object({
      sourceId: id,
      maskId: id.nullable().default(null),
      settings: generationSettingsSchema,
    }),
    response: jobViewSchema,
  },
  /** Starts a group of jobs that belong together. Throws `usage` when the prompt's choices make too many. */
  'job.start-group': {
    request: z.object({
      sourceId: id,
      maskId: id.nullable().default(null),
      settings: generationSettingsSchema,
      variation: variationSchema,
    }),
    response: z.array(jobViewSchema),
  },
  /** Stops the running job after its next step and keeps what is there as a result. */
  'job.keep': { request: z.object({ jobId: id }), response: nothing },
  'job.cancel': { request: z.object({ jobId: id }), response: nothing },
  /** Goes on where an interrupted, failed or cancelled job stopped. */
  'job.resume': { request: z.object({ jobId: id }), response: jobViewSchema },
  /** Forgets an interrupted, failed or cancelled job and its journal. */
  'job.discard': { request: z.object({ jobId: id }), response: nothing },
  /** Puts waiting jobs, in the order given, before another waiting one; null: at the end. */
  'queue.move': {
    request: z.object({ jobIds: z.array(id).min(1).max(1000), before: id.nullable() }),
    response: nothing,
  },
  /** Lets the running job be the last one for now, or lets the queue go on. */
  'queue.pause': { request: z.object({ isPaused: z.boolean() }), response: nothing },
  /** Cancels these jobs; null: everything that waits and runs. */
  'queue.cancel': { request: z.object({ jobIds: z.array(id).max(1000).nullable() }), response: nothing },
  /** Native save dialog, then the picture is written; null when the person closed it. */
  'result.save': {
    /** Not asking: into the folder of the last one, under a name that is free; the first time it is asked for. */
    request: z.object({ resultId: id, isAsking: z.boolean().default(true) }),
    response: z.object({ path: z.string() }).nullable(),
  },
  /** How results are saved. */
  'export.read': { request: nothing, response: exportSettingsSchema },
  'export.change': { request: exportChangeSchema, response: exportSettingsSchema },
  /** Puts a result on the clipboard: its file, or its pixels. */
  'result.copy': { request: z.object({ resultId: id, as: z.enum(['file', 'picture']) }), response: nothing },
  /** The person drags a result out of the window: from here on its file is what is dragged. */
  'result.drag': { request: z.object({ resultId: id }), response: nothing },
  /** Marks a result as a favourite, or not any more. */
  'result.star': {
    request: z.object({ resultId: id, isStarred: z.boolean() }),
    response: resultViewSchema,
  },
  /** Puts the pictures into the system's bin and forgets them; answers which ones went. */
  'result.delete': {
    request: z.object({ resultIds: z.array(id).min(1).max(1000) }),
    response: z.object({ resultIds: z.array(id) }),
  },
  /** A stretch of the results that a search finds, newest first. */
  'gallery.search': { request: gallerySearchSchema, response: z.array(resultViewSchema) },
  /** How many a search finds; `isReading`: so far, while a lost index is made again. */
  'gallery.count': {
    request: gallerySearchSchema,
    response: z.object({ total: z.number().int(), isReading: z.boolean() }),
  },
  /** Models of all results, most used first; null is the bundled one. */
  'gallery.models': { request: nothing, response: z.array(z.string().nullable()) },
  /** Shows the result's file in the platform's file manager. */
  'result.reveal': { request: z.object({ resultId: id }), response: nothing },
  /** Native folder dialog, then the engine reads the model; null when closed. */
  'model.open': { request: nothing, response: modelInfoSchema.nullable() },
  /** Names of the LoRA files in the app's folder for them, for the form's list. */
  'lora.list': { request: nothing, response: z.array(z.string()) },
  /** Does one of the main process's own commands. */
  'command.run': { request: z.object({ id: z.enum(SHELL_COMMAND_IDS) }), response: nothing },
  /** Which commands would do something now: the menu shows the others in grey. */
  'command.enable': { request: z.object({ ids: z.array(z.enum(COMMAND_IDS)) }), response: nothing },
  /** Styles of the person's own, and prompts that were painted, newest first. */
  'prompts.read': { request: nothing, response: promptLibrarySchema },
  /** Keeps a prompt that is about to be replaced. */
  'prompts.remember': { request: promptPairSchema, response: promptLibrarySchema },
  /** Forgets one prompt, or (null) all. */
  'prompts.forget': {
    request: z.object({ entry: promptPairSchema.nullable() }),
    response: promptLibrarySchema,
  },
  /** Adds a style, or puts it in the place of the one named `replaces`. */
  'style.save': {
    request: z.object({ style: styleSchema, replaces: z.string().nullable() }),
    response: promptLibrarySchema,
  },
  'style.remove': { request: z.object({ name: z.string() }), response: promptLibrarySchema },
  /** Puts versions, hardware and settings on the clipboard: no prompts, no folders, no tokens. */
  'diagnostics.copy': { request: nothing, response: nothing },
  /** Fills the form's prompt length display: CLIP tokens of a prompt for a model (without start and end). */
  'prompt.count-tokens': {
    request: z.object({ prompt: z.string().max(10_000), model: z.string().nullable() }),
    response: z.object({ tokens: z.number().int(), limit: z.number().int() }),
  },
} as const;

export type RequestName = keyof typeof REQUESTS;
export type RequestOf<N extends RequestName> = z.input<(typeof REQUESTS)[N]['request']>;
export type ResponseOf<N extends RequestName> = z.output<(typeof REQUESTS)[N]['response']>;

/** Event name → payload that main pushes to the page. */
export const EVENTS = {
  /** A job changed its state. */
  'job.changed': jobViewSchema,
  /** The order of what waits, or the pause, changed. */
  'queue.changed': queueViewSchema,
  /** A job went on. `previewUrl` is set with a `preview` progress. */
  'job.progress': z.object({ jobId: id, progress: jobProgressSchema, previewUrl: z.string().optional() }),
  /** A job ended well; these are its pictures. */
  'results.added': z.array(resultViewSchema),
  /** A job waits for the person's word before it begins; answered with `consent.answer`. */
  'consent.asked': consentQuestionSchema.extend({ id: z.number().int() }),
  /** The models are others than the first answer said: it came from memory. */
  'models.changed': z.array(modelInfoSchema),
  /** How the person likes the window, by page or menu; `language` is the one in use. */
  'preferences.changed': z.object({ preferences: preferencesSchema, language: z.string() }),
  /** The window was hidden or shown again. */
  'window.shown': z.object({ isShown: z.boolean() }),
  /** The window is about to close, and waits a moment for what is not kept yet; answered with `window.close`. */
  'window.closing': z.object({}),
  /** The menu asks the page to do one of its commands. */
  command: z.enum(PAGE_COMMAND_IDS),
} as const;

export type EventName = keyof typeof EVENTS;
export type EventOf<N extends EventName> = z.output<(typeof EVENTS)[N]>;
