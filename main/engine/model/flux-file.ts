/**
 * A single file of FLUX.1 as a model: everything inside (ComfyUI's naming), or the transformer alone with its other parts in files or folders
 * beside it. No config is needed.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import {
  recogniseFluxClip,
  recogniseFluxTransformer,
  recogniseFluxVae,
  recogniseT5,
} from '../checkpoint/recognise-flux';
import type { RecognisedPart } from '../checkpoint/recognise-ldm';
import { readSafetensorsHeader, type SafetensorsHeader } from '../checkpoint/safetensors-file';
import { parseSchedulerConfig } from '../schedulers/scheduler-config';
import { T5_TOKENIZER_FILES } from '../text/t5-tokenizer-files';
import type { Component } from './component';
import { describeWeights, findComponent, type ComponentSource, type JsonObject } from './component-source';
import { builtGraph } from './graph-source';
import { collect, hashFiles, type ModelFolder } from './model-folder-parts';
import type { SingleFileHints } from './single-file';
import { starterModelPath } from './starter-path';

/** The schedule of every FLUX.1 model (pipelines.md 1.1). */
const SCHEDULE = {
  _class_name: 'FlowMatchEulerDiscreteScheduler',
  num_train_timesteps: 1000,
  base_shift: 0.5,
  max_shift: 1.15,
  base_image_seq_len: 256,
  max_image_seq_len: 4096,
} as const;
const SCHNELL: JsonObject = { ...SCHEDULE, shift: 1, use_dynamic_shifting: false };
const DEV: JsonObject = { ...SCHEDULE, shift: 3, use_dynamic_shifting: true };

/** A part that may lie in a file of its own. */
interface Companion {
  readonly components: readonly Component[];
  readonly recognise: (header: SafetensorsHeader, label: string) => RecognisedPart | undefined;
  /** Names that people give such a file. */
  readonly fileName: RegExp;
  /** What to call it, and the name of the published file. */
  readonly words: string;
}

const COMPANIONS: readonly Companion[] = [
  {
    components: ['text_encoder'],
    recognise: recogniseFluxClip,
    fileName: /^clip[-_]?l.*\.safetensors$/i,
    words: 'the CLIP text encoder (clip_l.safetensors)',
  },
  {
    components: ['text_encoder_2'],
    recognise: recogniseT5,
    fileName: /^t5.*\.safetensors$/i,
    words: 'the T5 text encoder (t5xxl_fp16.safetensors)',
  },
  {
    components: ['vae_encoder', 'vae_decoder'],
    recognise: recogniseFluxVae,
    fileName: /^(ae|vae|flux[-_.]?(ae|vae))([-_.].*)?\.safetensors$/i,
    words: 'the autoencoder (ae.safetensors)',
  },
];
const TOKENIZER_WORDS =
  "T5's tokenizer (FLUX.1's tokenizer_2 folder with its tokenizer.json or spiece.model)";

/** Throws `AppError('model')`, also with what is missing and where to put it. */
export async function readFluxFile(
  path: string,
  header: SafetensorsHeader,
  hints: SingleFileHints,
): Promise<ModelFolder> {
  const label = basename(path);
  const name = label.replace(/\.safetensors$/i, '');
  const sources = new Map<Component, ComponentSource>();
  const use = (component: Component, part: RecognisedPart, from: SafetensorsHeader): void => {
    const config = { ...part.config, ...hints.configs?.[component] };
    const beginning = part.root + (component.startsWith('vae_') ? `${component.slice(4)}.` : '');
    const own = [...from.weights.values()].filter((weight) => weight.name.startsWith(beginning));
    sources.set(component, {
      config,
      ...describeWeights(own),
      graph: builtGraph(component, config, part.weights, name),
    });
  };
  use('transformer', recogniseFluxTransformer(header, label), header);

  const missing: string[] = [];
  for (const companion of COMPANIONS) {
    const found = await findCompanion(path, header, companion);
    if (found !== null) {
      for (const component of companion.components) use(component, found.part, found.header);
      continue;
    }
    const parts = await findInFolder(dirname(path), companion.components);
    if (parts === null) missing.push(companion.words);
    else parts.forEach((source, component) => sources.set(component, source));
  }
  const tokenizer = places(path)
    .flatMap((folder) => [join(folder, 'tokenizer_2'), folder])
    .find((folder) => T5_TOKENIZER_FILES.some((file) => existsSync(join(folder, file))));
  if (tokenizer === undefined) missing.push(TOKENIZER_WORDS);
  if (missing.length > 0 || tokenizer === undefined) throw missingCompanions(label, dirname(path), missing);

  const collected = collect(sources);
  const isDev = collected.configs.transformer['guidance_embeds'] === true;
  const schedulerConfig = parseSchedulerConfig(
    JSON.stringify(hints.schedulerConfig ?? (isDev ? DEV : SCHNELL)),
  );
  return {
    path,
    id: name,
    name,
    ...collected,
    index: {},
    tokenizers: {
      text_encoder: { folder: hints.tokenizerFolder ?? join(starterModelPath(), 'tokenizer') },
      text_encoder_2: { folder: tokenizer },
    },
    schedulerConfig,
    revision: await hashFiles(
      [...sources.values()].flatMap(({ graph }) => graph.files),
      { configs: collected.configs, schedulerConfig },
    ),
    card: null,
  };
}

/** Folders that may hold the other parts: the file's own, and those that ComfyUI and diffusers put in and beside it. */
function places(path: string): string[] {
  const folder = dirname(path);
  const kinds = ['text_encoders', 'clip', 'vae'];
  return [folder, ...[folder, dirname(folder)].flatMap((parent) => kinds.map((kind) => join(parent, kind)))];
}

interface FoundCompanion {
  readonly part: RecognisedPart;
  readonly header: SafetensorsHeader;
}

/** In the file itself, else in a file with a known name; a name that promises something else than the content is passed over. */
async function findCompanion(
  path: string,
  header: SafetensorsHeader,
  { recognise, fileName }: Companion,
): Promise<FoundCompanion | null> {
  const inside = recognise(header, basename(path));
  if (inside !== undefined) return { part: inside, header };
  let refusal: unknown;
  for (const folder of places(path)) {
    const files = await readdir(folder).catch(() => []);
    for (const file of files.filter((candidate) => fileName.test(candidate)).toSorted()) {
      try {
        const other = await readSafetensorsHeader(join(folder, file));
        const part = recognise(other, file);
        if (part !== undefined) return { part, header: other };
      } catch (error) {
        // Another version of the same part may still be usable.
        refusal ??= error;
      }
    }
  }
  if (refusal !== undefined) throw refusal;
  return null;
}

/** The parts as folders in diffusers' layout; null when there are none. */
async function findInFolder(
  folder: string,
  components: readonly Component[],
): Promise<Map<Component, ComponentSource> | null> {
  const names = components.flatMap((component) => [component, component.replace(/_(en|de)coder$/, '')]);
  const isThere = names.some((name) => existsSync(join(folder, name, 'config.json')));
  if (!isThere) return null;
  const sources = new Map<Component, ComponentSource>();
  for (const component of components) sources.set(component, await findComponent(folder, component));
  return sources;
}

function missingCompanions(label: string, folder: string, missing: readonly string[]): AppError {
  const [last = '', ...others] = missing.toReversed();
  const list = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return new AppError(
    'model',
    `${label} holds the transformer of a FLUX.1 model but not all that belongs to it; put ${list} into ${folder}.`,
  );
}
