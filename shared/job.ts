/** Job states, the events a job sends while it runs, what it ends with, and the transition table. */
import { z } from 'zod';
import { errorBodySchema } from './errors';
import { generationSettingsSchema, maskSettingsSchema, schedulerNameSchema } from './generation';
import { familySchema } from './models';
import { providerSchema, stageReportSchema, stageSchema } from './placement';
import { groupSchema } from './variations';

export const JOB_STATES = [
  'queued',
  'running',
  'cancelling',
  'interrupted',
  'done',
  'failed',
  'cancelled',
] as const;
export const jobStateSchema = z.enum(JOB_STATES);
export type JobState = z.infer<typeof jobStateSchema>;

/** Which state may follow which. `interrupted` = the engine died; the journal lets it resume. */
export const JOB_TRANSITIONS: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'cancelled'],
  running: ['cancelling', 'interrupted', 'done', 'failed', 'cancelled'],
  cancelling: ['cancelled', 'done', 'failed'],
  interrupted: ['queued', 'cancelled'],
  failed: ['queued'],
  done: [],
  cancelled: ['queued'],
};

export const jobOutputSchema = z.object({
  path: z.string(),
  seed: z.number().int(),
  width: z.number().int(),
  height: z.number().int(),
  sha256: z.string(),
  /** The step after which the person stopped it, to keep what was there; left out for a finished picture. */
  stoppedAfter: z.number().int().optional(),
});
export type JobOutput = z.infer<typeof jobOutputSchema>;

/** What the engine tells while an img2img job runs. */
export const jobProgressSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('stage-start'),
    stage: stageSchema,
    /** Index of the picture within the request (0 … count−1). */
    image: z.number().int(),
    where: z.enum(['local', 'remote']),
    device: z.enum(['gpu', 'cpu', 'none']),
    provider: providerSchema.nullable(),
    tiled: z.boolean(),
    reason: z.string(),
    /** What it will take; left out where nothing was planned. Sent again with the new place when a stage moves while it runs. */
    predicted: z.object({ memoryBytes: z.number(), ms: z.number() }).optional(),
  }),
  z.object({
    kind: z.literal('stage-done'),
    stage: stageSchema,
    image: z.number().int(),
    ms: z.number(),
    /** Most memory that it took, where that could be measured. */
    memoryBytes: z.number().optional(),
  }),
  z.object({
    kind: z.literal('step'),
    image: z.number().int(),
    /** Steps done so far, 1 … of. */
    step: z.number().int(),
    of: z.number().int(),
    ms: z.number(),
    /** Estimated time until the whole job is done; null until it is known. */
    leftMs: z.number().nullable(),
  }),
  /** A tile of a tiled VAE pass is done. */
  z.object({
    kind: z.literal('tile'),
    stage: stageSchema,
    image: z.number().int(),
    tile: z.number().int(),
    of: z.number().int(),
  }),
  /** A cheap preview was written into the job folder as `preview.png` (replaced each time). */
  z.object({
    kind: z.literal('preview'),
    image: z.number().int(),
    sequence: z.number().int(),
    width: z.number().int(),
    height: z.number().int(),
  }),
  /** A picture of a job with several is finished and lies in the output folder; the rest goes on. */
  z.object({ kind: z.literal('picture'), image: z.number().int(), output: jobOutputSchema }),
  /** A plain sentence for the person: a fallback that was taken, a step that was retried, a resume. */
  z.object({ kind: z.literal('notice'), message: z.string() }),
]);
export type JobProgress = z.infer<typeof jobProgressSchema>;

/** A LoRA that a picture was made with; the revision changes with the file. */
export const usedLoraSchema = z.object({ name: z.string(), strength: z.number(), revision: z.string() });
export type UsedLora = z.infer<typeof usedLoraSchema>;

const maskReportSchema = maskSettingsSchema.extend({
  /** SHA-256 of the mask's grey values at the picture's size. */
  sha256: z.string(),
  /** The part of the picture that was worked on, in its own pixels. */
  box: z.object({
    left: z.number().int(),
    top: z.number().int(),
    width: z.number().int(),
    height: z.number().int(),
  }),
});
export type MaskReport = z.infer<typeof maskReportSchema>;

/** What `img2img --json` prints and what the window records (contract.md). */
export const jobReportSchema = z.object({
  outputs: z.array(jobOutputSchema),
  model: z.object({ id: z.string(), family: familySchema, revision: z.string() }),
  /** As it was given, with the LoRAs that it names. */
  prompt: z.string(),
  negativePrompt: z.string(),
  /** From the prompt and from the list. */
  loras: z.array(usedLoraSchema).default([]),
  strength: z.number(),
  steps: z.number().int(),
  stepsRun: z.number().int(),
  guidance: z.number(),
  scheduler: schedulerNameSchema,
  /** Size at which the stages worked; outputs have the input's own size. */
  workingWidth: z.number().int(),
  workingHeight: z.number().int(),
  /** Null: without a mask. */
  mask: maskReportSchema.nullable().optional(),
  input: z.object({
    width: z.number().int(),
    height: z.number().int(),
    format: z.string(),
    /** EXIF orientation that was applied, 1 … 8. */
    orientation: z.number().int(),
    /** Colour profile of the input before conversion to sRGB. */
    profile: z.string(),
    hasAlpha: z.boolean(),
  }),
  stages: z.array(stageReportSchema),
  notices: z.array(z.string()),
  totalMs: z.number(),
  /** Of `totalMs`, spent inside ONNX Runtime: what is left is the engine's own work and opening models. */
  sessionRunMs: z.number().default(0),
  peakRssBytes: z.number().int(),
});
export type JobReport = z.infer<typeof jobReportSchema>;

/** A job as the window sees it. */
export const jobViewSchema = z.object({
  id: z.string(),
  state: jobStateSchema,
  sourceId: z.string(),
  maskId: z.string().nullable().optional(),
  settings: generationSettingsSchema,
  /** The group that it was started with. */
  group: groupSchema.nullable().optional(),
  createdAt: z.number(),
  report: jobReportSchema.nullable(),
  error: errorBodySchema.nullable(),
  /** True when the journal holds enough to go on where it stopped. */
  canResume: z.boolean(),
});
export type JobView = z.infer<typeof jobViewSchema>;

/** The jobs that wait, as the window sees them. */
export const queueViewSchema = z.object({
  /** Ids in the order in which they will begin. */
  waiting: z.array(z.string()),
  /** True: what runs is finished, and nothing else begins until the person lets it. */
  isPaused: z.boolean(),
});
export type QueueView = z.infer<typeof queueViewSchema>;
