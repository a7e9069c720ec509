/** What a model is before any of its graphs is opened, and what every way of reading one needs. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { SchedulerConfig } from '../schedulers/scheduler-config';
import { COMPONENTS, type Component } from './component';
import type { ComponentSource, JsonObject } from './component-source';
import type { GraphSource } from './graph-source';
import type { StarterCard } from './starter-card';

export type ComponentContent = Pick<ComponentSource, 'format' | 'parameters' | 'sizeBytes'>;

/** What is known of a model before any of its graphs is opened. */
export interface ModelFolder {
  /** Folder, or single-file checkpoint. */
  readonly path: string;
  readonly id: string;
  readonly name: string;
  /** Component → where its ONNX graph comes from. */
  readonly graphs: Readonly<Record<Component, GraphSource>>;
  /** Component → its config.json; empty where a publisher left it out. */
  readonly configs: Readonly<Record<Component, JsonObject>>;
  /** Component → how its weights are stored. */
  readonly contents: Readonly<Record<Component, ComponentContent>>;
  readonly tokenizerFolder: string;
  /** Padding token where it is not the tokenizer folder's own. */
  readonly padToken?: string;
  readonly schedulerConfig: SchedulerConfig;
  /** Bytes of all components on the disk. */
  readonly sizeBytes: number;
  readonly revision: string;
  /** Recommendations that come with the bundled starter model. */
  readonly card: StarterCard | null;
}

/** The components' sources, turned around: what → component. */
export function collect(
  sources: Readonly<Record<Component, ComponentSource>>,
): Pick<ModelFolder, 'graphs' | 'configs' | 'contents' | 'sizeBytes'> {
  const { text_encoder, unet, vae_encoder, vae_decoder } = sources;
  const each = <T>(pick: (source: ComponentSource) => T): Record<Component, T> => ({
    text_encoder: pick(text_encoder),
    unet: pick(unet),
    vae_encoder: pick(vae_encoder),
    vae_decoder: pick(vae_decoder),
  });
  return {
    graphs: each((source) => source.graph),
    configs: each((source) => source.config),
    contents: each(({ format, parameters, sizeBytes }) => ({ format, parameters, sizeBytes })),
    sizeBytes: COMPONENTS.reduce((sum, component) => sum + sources[component].sizeBytes, 0),
  };
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
