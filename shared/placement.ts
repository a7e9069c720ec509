/** Stages, the places where they can run, and what is reported about each. */
import { z } from 'zod';

export const STAGES = ['encode', 'generate', 'decode'] as const;
export const stageSchema = z.enum(STAGES);
export type Stage = z.infer<typeof stageSchema>;

/** What a person asks for, per stage. */
export const stageChoiceSchema = z.enum(['auto', 'local', 'remote']);
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
});
export type StageReport = z.infer<typeof stageReportSchema>;
