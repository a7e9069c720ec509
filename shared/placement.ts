/** Stages, the places where they can run, and what is reported about each. */
import { z } from 'zod';

export const STAGES = ['encode', 'generate', 'decode'] as const;
export const stageSchema = z.enum(STAGES);
export type Stage = z.infer<typeof stageSchema>;

/** What a person asks for, per stage. */
export const STAGE_CHOICES = ['auto', 'local', 'remote'] as const;
export const stageChoiceSchema = z.enum(STAGE_CHOICES);
export type StageChoice = z.infer<typeof stageChoiceSchema>;

/** What a person asks for, for local work. */
export const deviceChoiceSchema = z.enum(['auto', 'gpu', 'cpu']);
export type DeviceChoice = z.infer<typeof deviceChoiceSchema>;

/** ONNX Runtime execution providers that the engine uses. */
export const PROVIDERS = ['cpu', 'webgpu', 'dml', 'coreml', 'cuda'] as const;
export const providerSchema = z.enum(PROVIDERS);
export type Provider = z.infer<typeof providerSchema>;

/** Where one stage ran (contract.md: `img2img --json`, `stages`). */
export const stageReportSchema = z.object({
  stage: stageSchema,
  where: z.enum(['local', 'remote']),
  device: z.enum(['gpu', 'cpu', 'none']),
  provider: providerSchema.nullable(),
  tiled: z.boolean(),
  ms: z.number().nonnegative(),
  bytesSent: z.number().int().nonnegative(),
  reason: z.string(),
  /** What was predicted; null: the stage was not planned, or did not have to run. */
  predictedMs: z.number().nullable().default(null),
  predictedMemoryBytes: z.number().nullable().default(null),
  /** Most memory that the stage really took on its device, where that could be measured. */
  memoryBytes: z.number().nullable().default(null),
});
export type StageReport = z.infer<typeof stageReportSchema>;

/** Where one stage would run (contract.md: `plan --json`, `stages`). */
export const stagePlanSchema = z.object({
  stage: stageSchema,
  where: z.enum(['local', 'remote']),
  device: z.enum(['gpu', 'cpu', 'none']),
  /** The first provider to be tried; null for an endpoint. */
  provider: providerSchema.nullable(),
  tiled: z.boolean(),
  /** Side of one tile in pixels; null: the picture as a whole. */
  tilePx: z.number().int().positive().nullable(),
  /** Predicted memory on the stage's device (graphics memory for `gpu`, main memory for `cpu`, 0 for an endpoint). */
  memoryBytes: z.number().nonnegative(),
  /** Predicted time, with the transfer for an endpoint. */
  ms: z.number().nonnegative(),
  reason: z.string(),
  /** Why what was asked for cannot be had, and what would work; null when nothing stands against it. */
  problem: z.string().nullable(),
});
export type StagePlan = z.infer<typeof stagePlanSchema>;

const boxSchema = z.object({
  left: z.number().int(),
  top: z.number().int(),
  width: z.number().int(),
  height: z.number().int(),
});

/** How a picture comes to the working size. */
export const fitViewSchema = z.object({
  /** The picture's own size. */
  input: z.object({ width: z.number().int(), height: z.number().int() }),
  /** The part of it that is used, in its own pixels. */
  source: boxSchema,
  /** Where that part lies among the pixels that the encoder gets; beyond it the edge is repeated. */
  content: boxSchema,
});
export type FitView = z.infer<typeof fitViewSchema>;

/** Where the stages of a request would run, for the window. */
export const planViewSchema = z.object({
  /** Working size in pixels: what the encoder gets. */
  width: z.number().int(),
  height: z.number().int(),
  fit: fitViewSchema,
  stages: z.array(stagePlanSchema),
});
export type PlanView = z.infer<typeof planViewSchema>;

/** What the planner is told about the endpoint of one stage. */
export const endpointViewSchema = z.object({
  url: z.string(),
  /** True once the person has allowed this stage's kind of data to go there. */
  isAllowed: z.boolean(),
  /** Measured speed of the way there, in bytes per second; null: not measured yet. */
  uploadBytesPerSecond: z.number().positive().nullable(),
  downloadBytesPerSecond: z.number().positive().nullable(),
  roundTripMs: z.number().nonnegative().nullable(),
  /** Measured time that the endpoint itself takes for one megapixel; null: not measured yet. */
  msPerMegapixel: z.number().nonnegative().nullable(),
});
export type EndpointView = z.infer<typeof endpointViewSchema>;

/** What may leave this machine. A stage without an endpoint can only run here. */
export const networkPolicySchema = z.object({
  isOffline: z.boolean(),
  endpoints: z.partialRecord(stageSchema, endpointViewSchema),
});
export type NetworkPolicy = z.infer<typeof networkPolicySchema>;
