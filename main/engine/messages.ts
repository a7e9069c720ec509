/** The messages on the pipe between the main process and the engine (a plain Node child). Paths, ids and numbers only. */
import { z } from 'zod';
import { errorBodySchema } from '../../shared/errors';
import { generationSettingsSchema, IMAGE_FORMATS, type GenerationSettings } from '../../shared/generation';
import { hardwareSchema } from '../../shared/hardware';
import { jobProgressSchema, jobReportSchema, type JobReport } from '../../shared/job';
import { modelInfoSchema, type ModelInfo } from '../../shared/models';
import {
  consentQuestionSchema,
  endpointTestSchema,
  ledgerViewSchema,
  networkChangeSchema,
  networkViewSchema,
  permissionSchema,
  type ConsentQuestion,
  type EndpointTest,
  type LedgerView,
  type NetworkView,
  type Permission,
} from '../../shared/network-view';
import { endpointUrlSchema } from '../../shared/network';
import { colourSchema, marksSchema } from '../../shared/painting';
import { planViewSchema, type PlanView } from '../../shared/placement';
import { restoredSettingsSchema, type RestoredSettings } from '../../shared/restored-settings';

/** What the engine says about a picture file; it also writes an upright sRGB PNG for display to `previewPath`. */
export const pictureInfoSchema = z.object({
  /** Upright size in pixels. */
  width: z.number().int(),
  height: z.number().int(),
  format: z.string(),
  orientation: z.number().int(),
  profile: z.string(),
  hasAlpha: z.boolean(),
});
export type PictureInfo = z.infer<typeof pictureInfoSchema>;

/** The machine for a person who helps from afar. */
export const machineViewSchema = z.object({
  engine: z.string(),
  node: z.string(),
  hardware: hardwareSchema,
  providers: z.array(z.string()),
});
export type MachineView = z.infer<typeof machineViewSchema>;
const sidePx = z.number().int().positive();
/** Marks, and where the pictures lie that some of them name, by id. */
const paintingSchema = z.object({ marks: marksSchema, pictures: z.record(z.string(), z.string()) });

/** What became of a painting. */
const renderedPaintingSchema = z.object({
  width: sidePx,
  height: sidePx,
  /** Pixels of it per pixel of the picture: 1, or less with `maxPixels`. */
  scale: z.number().positive(),
  /** False: the picture is its input, and no file was written for it. */
  isPainted: z.boolean(),
  /** False: there is no mask, and no file was written for it. */
  isMasked: z.boolean(),
});
export type RenderedPainting = z.infer<typeof renderedPaintingSchema>;

/** Method name → parameters of the engine. */
export const ENGINE_METHODS = {
  /** Reads a picture, checks that it is usable, writes an upright sRGB PNG of at most so many pixels per side for display. */
  inspect: z.object({
    inputPath: z.string(),
    previewPath: z.string(),
    maxSidePx: z.number().int().positive().optional(),
  }),
  /** Writes a small picture for lists (WebP) or the desktop (PNG): at most 320 px per side. */
  thumbnail: z.object({ inputPath: z.string(), thumbnailPath: z.string() }),
  /** Writes a result in another format, with the settings that it carries. */
  'picture.export': z.object({
    inputPath: z.string(),
    outputPath: z.string(),
    format: z.enum(IMAGE_FORMATS),
    /** Of JPEG and WebP. */
    quality: z.number().int().min(1).max(100),
  }),
  /** Size and settings of a picture, without decoding its pixels. */
  'picture.describe': z.object({ inputPath: z.string() }),
  /** Reads the settings that a picture carries; null when there are none. */
  'settings.read': z.object({ inputPath: z.string() }),
  /** Reads a model folder (`null`: the bundled starter model). */
  'model.info': z.object({ model: z.string().nullable() }),
  'prompt.count-tokens': z.object({ prompt: z.string(), model: z.string().nullable() }),
  /** Names of the LoRAs in the app's folder. */
  'lora.list': z.object({}),
  /** What the machine has, and which providers its runtime offers. */
  'machine.view': z.object({}),
  /** Where each stage of a request would run; the sizes are the picture's own. */
  plan: z.object({
    settings: generationSettingsSchema,
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    /** What its mask is made of; left out: it has none. */
    painting: paintingSchema.optional(),
  }),
  /** Draws a painting at its picture's size, or with `maxPixels` in small. */
  'painting.render': paintingSchema.extend({
    inputPath: z.string(),
    maxPixels: z.number().int().positive().nullable(),
    paintedPath: z.string(),
    maskPath: z.string(),
  }),
  /** Checks a picture that shall be a mask of a picture of that size, and writes it as one. */
  'mask.prepare': z.object({ inputPath: z.string(), width: sidePx, height: sidePx, outputPath: z.string() }),
  /** Writes a picture of one colour. */
  'picture.blank': z.object({
    width: sidePx,
    height: sidePx,
    colour: colourSchema,
    name: z.string(),
    outputPath: z.string(),
  }),
  /** Endpoints, permissions and the offline switch, as they are on disk now. */
  'network.view': z.object({}),
  /** Changes one of them; answers what there is then. */
  'network.change': z.object({ change: networkChangeSchema }),
  /** Asks an endpoint whether it is there; nothing of the person's work goes out. */
  'endpoint.test': z.object({ url: endpointUrlSchema }),
  /** What was sent. */
  'ledger.view': z.object({}),
  /** All of it, as a table or as JSON. */
  'ledger.text': z.object({ format: z.enum(['csv', 'json']) }),
  /** What the person has to be asked before a job with these settings may begin. */
  'consent.needed': z.object({ settings: generationSettingsSchema }),
  /** The main job. `jobFolder` holds the journal; a second call with the same folder goes on where the first one stopped. */
  img2img: z.object({
    inputPath: z.string(),
    /** The mask's file: white is painted anew. */
    maskPath: z.string().nullable().default(null),
    settings: generationSettingsSchema,
    /** Folder into which result files `<jobId>-<index>.<format>` are written atomically. */
    outputFolder: z.string(),
    outputName: z.string(),
    jobFolder: z.string(),
    /** False while the window is hidden: previews cost time. */
    previews: z.boolean(),
    /** What the person allowed for this job alone. */
    allowedOnce: z.array(permissionSchema).max(10).optional(),
  }),
} as const;

export type EngineMethod = keyof typeof ENGINE_METHODS;
export type RenderPaintingParams = z.output<(typeof ENGINE_METHODS)['painting.render']>;

/** Method name → what it answers. */
export interface EngineAnswers {
  inspect: PictureInfo;
  thumbnail: null;
  'picture.export': null;
  'picture.describe': { width: number; height: number; restored: RestoredSettings | null };
  'settings.read': RestoredSettings | null;
  'model.info': ModelInfo;
  'prompt.count-tokens': { tokens: number; limit: number };
  'lora.list': string[];
  'machine.view': MachineView;
  plan: PlanView;
  'painting.render': RenderedPainting;
  'mask.prepare': null;
  'picture.blank': null;
  'network.view': NetworkView;
  'network.change': NetworkView;
  'endpoint.test': EndpointTest;
  'ledger.view': LedgerView;
  'ledger.text': string;
  'consent.needed': ConsentQuestion[];
  img2img: JobReport;
}

export interface Img2ImgParams {
  inputPath: string;
  /** Null or left out: the whole picture is painted anew. */
  maskPath?: string | null | undefined;
  settings: GenerationSettings;
  outputFolder: string;
  outputName: string;
  jobFolder: string;
  previews: boolean;
  allowedOnce?: Permission[] | undefined;
}

/** What the main process sends. */
export const toEngineSchema = z.discriminatedUnion('type', [
  /** The first message, and again after each change: the endpoints' tokens by server. They stay in memory. */
  z.object({ type: z.literal('tokens'), tokens: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('request'), id: z.number().int(), method: z.string(), params: z.unknown() }),
  /** Aborts the request before its next step. */
  z.object({ type: z.literal('cancel'), id: z.number().int() }),
  /** Ends the request's picture after its next step: what is there is decoded and saved. */
  z.object({ type: z.literal('finish'), id: z.number().int() }),
]);
export type ToEngine = z.infer<typeof toEngineSchema>;

/** What the engine sends: `ready` once, then progress and one answer per request. */
export const fromEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), version: z.string() }),
  z.object({ type: z.literal('progress'), id: z.number().int(), progress: jobProgressSchema }),
  z.discriminatedUnion('ok', [
    z.object({ type: z.literal('answer'), id: z.number().int(), ok: z.literal(true), value: z.unknown() }),
    z.object({
      type: z.literal('answer'),
      id: z.number().int(),
      ok: z.literal(false),
      error: errorBodySchema,
    }),
  ]),
]);
export type FromEngine = z.infer<typeof fromEngineSchema>;

/** Schemas of the answers, for the receiving side. */
export const ENGINE_ANSWER_SCHEMAS = {
  inspect: pictureInfoSchema,
  thumbnail: z.null(),
  'picture.export': z.null(),
  'picture.describe': z.object({
    width: z.number().int(),
    height: z.number().int(),
    restored: restoredSettingsSchema.nullable(),
  }),
  'settings.read': restoredSettingsSchema.nullable(),
  'model.info': modelInfoSchema,
  'prompt.count-tokens': z.object({ tokens: z.number().int(), limit: z.number().int() }),
  'lora.list': z.array(z.string()),
  'machine.view': machineViewSchema,
  plan: planViewSchema,
  'painting.render': renderedPaintingSchema,
  'mask.prepare': z.null(),
  'picture.blank': z.null(),
  'network.view': networkViewSchema,
  'network.change': networkViewSchema,
  'endpoint.test': endpointTestSchema,
  'ledger.view': ledgerViewSchema,
  'ledger.text': z.string(),
  'consent.needed': z.array(consentQuestionSchema),
  img2img: jobReportSchema,
} as const;
