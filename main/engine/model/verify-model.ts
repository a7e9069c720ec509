/** Looks a model over without running it: family, variant, how its weights are stored, what it needs, what is wrong with it. */
import { basename, resolve } from 'node:path';
import { toErrorBody } from '../../../shared/errors';
import type { Family } from '../../../shared/models';
import { detectFamily, isFewStep } from '../families/detect';
import { hasAestheticScore } from '../families/sdxl-prompts';
import type { Component } from './component';
import type { ComponentSource, JsonObject, ParameterCounts } from './component-source';
import { readModelFolder } from './model-folder';
import type { ModelFolder } from './model-folder-parts';

export interface ComponentReport {
  readonly component: Component;
  readonly format: ComponentSource['format'];
  readonly parameters: ParameterCounts | null;
  readonly sizeBytes: number;
  /** Bytes of the weights in memory, where they are computed in float32; null when the format does not tell. */
  readonly memoryBytes: number | null;
}

export interface VerifyReport {
  readonly path: string;
  readonly name: string;
  /** Null: unknown, because the model could not be read. */
  readonly family: Family | null;
  readonly variant: string | null;
  readonly prediction: string | null;
  readonly scheduler: string | null;
  readonly revision: string | null;
  readonly components: readonly ComponentReport[];
  readonly sizeBytes: number;
  /** Weights in memory with all parts open; null when a format does not tell. */
  readonly memoryBytes: number | null;
  /** Sentences; empty: the model can be used. */
  readonly problems: readonly string[];
}

/** Never throws for a bad model: that is a problem in the report. */
export async function verifyModel(model: string): Promise<VerifyReport> {
  const path = resolve(model);
  try {
    return reportOn(await readModelFolder(path));
  } catch (error) {
    return {
      path,
      name: basename(path),
      family: null,
      variant: null,
      prediction: null,
      scheduler: null,
      revision: null,
      components: [],
      sizeBytes: 0,
      memoryBytes: null,
      problems: [toErrorBody(error).message],
    };
  }
}

function reportOn(folder: ModelFolder): VerifyReport {
  const components = [...folder.parts].map(
    ([component, { format, parameters, sizeBytes }]): ComponentReport => ({
      component,
      format,
      parameters,
      sizeBytes,
      memoryBytes: floatBytes(parameters),
    }),
  );
  const memory = components.map(({ memoryBytes }) => memoryBytes);
  const { family, t5 } = detectFamily(folder);
  const { variant, problem } = t5 === undefined ? variantOf(folder) : fluxVariant(folder.configs.transformer);
  const setting = (name: string): string | null => {
    const value = folder.schedulerConfig[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    path: folder.path,
    name: folder.name,
    family,
    variant,
    prediction: setting('prediction_type') ?? (t5 === undefined ? 'epsilon' : 'flow velocity'),
    scheduler: setting('_class_name'),
    revision: folder.revision,
    components,
    sizeBytes: folder.sizeBytes,
    memoryBytes: memory.includes(null) ? null : memory.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0),
    problems: problem === null ? [] : [problem],
  };
}

const floatBytes = (parameters: ParameterCounts | null): number | null =>
  parameters === null ? null : 4 * Object.values(parameters).reduce((sum, count) => sum + count, 0);

/** What the transformer's inputs say it is for. */
function fluxVariant(transformer: JsonObject): { variant: string; problem: string | null } {
  const channels = Number(transformer['in_channels'] ?? 64);
  if (channels !== 64) {
    return {
      variant: `with ${channels} input channels`,
      problem:
        'This is a Flux model for masks, depth or outlines, which this version cannot run; choose FLUX.1 schnell or dev.',
    };
  }
  return {
    variant: transformer['guidance_embeds'] === true ? 'dev (with guidance)' : 'schnell',
    problem: null,
  };
}

/** What the UNet's inputs, the scheduler and the parts say the model is for. */
function variantOf(folder: ModelFolder): { variant: string; problem: string | null } {
  const { unet } = folder.configs;
  if (unet['in_channels'] === 9) {
    return { variant: 'inpainting (9 input channels)', problem: null };
  }
  if (unet['in_channels'] === 8) {
    return {
      variant: 'instruct-pix2pix (8 input channels)',
      problem: 'This is an instruct-pix2pix model, which this version cannot run; choose an ordinary model.',
    };
  }
  if (typeof unet['time_cond_proj_dim'] === 'number') {
    return { variant: 'distilled with a guidance input (LCM)', problem: null };
  }
  if (folder.parts.has('text_encoder_2') && hasAestheticScore(folder)) {
    return { variant: 'refiner (second text encoder alone, aesthetic score)', problem: null };
  }
  return {
    variant: isFewStep(folder.schedulerConfig) ? 'few steps without guidance' : 'standard',
    problem: null,
  };
}
