/** What a model is before any of its graphs is opened, and what every way of reading one needs. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { SchedulerConfig } from '../schedulers/scheduler-config';
import { COMPONENTS, type Component, type Denoiser, type TextEncoder } from './component';
import type { ComponentSource, JsonObject } from './component-source';
import type { StarterCard } from './starter-card';

/** Where a text encoder's tokenizer comes from. */
export interface TokenizerSource {
  readonly folder: string;
  /** Padding token where it is not the folder's own. */
  readonly padToken?: string;
}

export type TokenizerSources = Readonly<Partial<Record<TextEncoder, TokenizerSource>>>;

/** What is known of a model before any of its graphs is opened. */
export interface ModelFolder {
  /** Folder, or single-file checkpoint. */
  readonly path: string;
  readonly id: string;
  readonly name: string;
  /** The parts that this model has, in the order of COMPONENTS. */
  readonly parts: ReadonlyMap<Component, ComponentSource>;
  readonly denoiser: Denoiser;
  /** Component → its config.json; empty where a publisher left it out, and for parts that the model does not have. */
  readonly configs: Readonly<Record<Component, JsonObject>>;
  /** model_index.json, the settings of the whole pipeline; empty where a publisher left it out. */
  readonly index: JsonObject;
  /** One for each text encoder that the model has. */
  readonly tokenizers: TokenizerSources;
  readonly schedulerConfig: SchedulerConfig;
  /** Bytes of all components on the disk. */
  readonly sizeBytes: number;
  readonly revision: string;
  /** Recommendations that come with the bundled starter model. */
  readonly card: StarterCard | null;
  /** Name of the autoencoder that stands in for the model's own. */
  readonly vae?: string;
}

/** What follows from the components' sources. */
export function collect(
  sources: ReadonlyMap<Component, ComponentSource>,
): Pick<ModelFolder, 'parts' | 'denoiser' | 'configs' | 'sizeBytes'> {
  const parts = new Map<Component, ComponentSource>();
  const configs = {} as Record<Component, JsonObject>;
  let sizeBytes = 0;
  for (const component of COMPONENTS) {
    const source = sources.get(component);
    configs[component] = source?.config ?? {};
    if (source === undefined) continue;
    parts.set(component, source);
    sizeBytes += source.sizeBytes;
  }
  return { parts, configs, sizeBytes, denoiser: parts.has('transformer') ? 'transformer' : 'unet' };
}

/** A part that the model is known to have: whoever read it has made sure of that. */
export function partOf(folder: Pick<ModelFolder, 'name' | 'parts'>, component: Component): ComponentSource {
  const part = folder.parts.get(component);
  if (part === undefined) throw new Error(`${folder.name} has no ${component}`);
  return part;
}

const HASHED_BYTES = 65_536;

/** First 12 hex digits of SHA-256 over the settings, and each file's size and its first and last 64 KiB: cheap, and different for every version. */
export async function hashFiles(paths: readonly string[], settings: object): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const path of new Set(paths)) {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      hash.update(`${size};`);
      const head = Buffer.alloc(Math.min(HASHED_BYTES, size));
      await handle.read(head, 0, head.length, 0);
      hash.update(head);
      await handle.read(head, 0, head.length, size - head.length);
      hash.update(head);
    } finally {
      await handle.close();
    }
  }
  return hash.digest('hex').slice(0, 12);
}
