/** Reads a LoRA file without loading its weights: pairs of matrices by layer, and their scale. Untrusted input, like every checkpoint. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../../../shared/errors';
import { readSafetensorsHeader, type SafetensorsHeader } from '../checkpoint/safetensors-file';
import type { Weight } from '../checkpoint/weights';
import { hashFiles } from '../model/model-folder-parts';
import { AlphaReader } from './alpha';
import { otherMethodOf, parseLoraName, type LoraNaming, type LoraPart, type TensorRole } from './lora-names';

export interface LoraLayer {
  readonly part: LoraPart;
  /** Name in the file, without what the tensor is to the layer. */
  readonly key: string;
  /** Name inside the part, with underscores. */
  readonly layer: string;
  readonly down: Weight;
  readonly mid: Weight | null;
  readonly up: Weight;
  readonly rank: number;
  /** alpha / rank. */
  readonly scale: number;
}

export interface LoraFile {
  readonly path: string;
  /** File name without its ending. */
  readonly name: string;
  readonly header: SafetensorsHeader;
  readonly naming: LoraNaming;
  readonly layers: readonly LoraLayer[];
  /** Names of tensors that belong to no layer. */
  readonly unknown: readonly string[];
  /** Changes with the file. */
  readonly revision: string;
}

/** Reads and checks a file; throws `AppError('model')` that says what it is instead. */
export async function readLora(path: string): Promise<LoraFile> {
  const label = basename(path);
  if (!/\.safetensors$/i.test(path)) {
    throw new AppError(
      'model',
      `${label} is not a .safetensors file; LoRAs in other formats can run programs and are not opened, so download that version.`,
    );
  }
  const header = await readSafetensorsHeader(path);
  const names = [...header.weights.keys(), ...header.others.keys()];
  for (const name of names) {
    const method = otherMethodOf(name);
    if (method !== null) throw otherMethod(label, method);
  }

  const groups = new Map<string, Group>();
  const unknown: string[] = [];
  for (const name of names) {
    const parsed = parseLoraName(name);
    if (parsed === null) {
      unknown.push(name);
      continue;
    }
    const id = `${parsed.part}:${parsed.layer}`;
    const group = groups.get(id) ?? { ...parsed, tensors: new Map<TensorRole, string>() };
    if (group.tensors.has(parsed.role)) throw broken(label, `it holds the layer "${parsed.key}" twice`);
    group.tensors.set(parsed.role, name);
    groups.set(id, group);
  }
  const naming = [...groups.values()].find(({ tensors }) => tensors.has('down'))?.naming;
  if (naming === undefined) throw notALora(label);

  const handle = await open(header.file, 'r');
  try {
    const alphas = new AlphaReader(header, handle, label);
    const layers: LoraLayer[] = [];
    for (const group of groups.values()) {
      if (group.tensors.size === 1 && group.tensors.has('alpha')) unknown.push(`${group.key}.alpha`);
      else layers.push(await readLayer(group, header, alphas, label));
    }
    return {
      path,
      name: label.replace(/\.safetensors$/i, ''),
      header,
      naming,
      layers,
      unknown,
      revision: await hashFiles([header.file], {}),
    };
  } finally {
    await handle.close();
  }
}

/** The tensors of one layer, by what they are to it. */
interface Group {
  readonly part: LoraPart;
  readonly key: string;
  readonly layer: string;
  readonly naming: LoraNaming;
  readonly tensors: Map<TensorRole, string>;
}

async function readLayer(
  group: Group,
  header: SafetensorsHeader,
  alphas: AlphaReader,
  label: string,
): Promise<LoraLayer> {
  const { key, layer, part, tensors } = group;
  const find = (role: TensorRole): Weight | null => {
    const name = tensors.get(role);
    const weight = name === undefined ? undefined : header.weights.get(name);
    if (name !== undefined && weight === undefined) {
      const dtype = header.others.get(name)?.dtype ?? 'unknown';
      throw broken(label, `"${name}" is ${dtype}, and only F32, F16 and BF16 are read`);
    }
    return weight ?? null;
  };
  const [down, up, mid] = [find('down'), find('up'), find('mid')];
  if (down === null || up === null) {
    throw broken(label, `the layer "${key}" has only one of its two matrices`);
  }
  const rank = down.shape[0] ?? 0;
  const isPair = down.shape.length >= 2 && up.shape.length >= 2 && up.shape[1] === rank;
  const isMiddle = mid === null || (mid.shape[0] === rank && mid.shape[1] === rank);
  if (!isPair || !isMiddle || [down, up, mid ?? up].some(({ shape }) => shape.includes(0))) {
    throw broken(label, `the matrices of "${key}" do not belong together`);
  }
  const scale = await alphas.scaleOf(tensors.get('alpha'), group, rank);
  return { part, key, layer, down, mid, up, rank, scale };
}

const otherMethod = (label: string, method: string): AppError =>
  new AppError(
    'model',
    `${label} is a ${method} file, which cannot be used here; use a plain LoRA (or LoCon) version of it.`,
  );

const notALora = (label: string): AppError =>
  new AppError(
    'model',
    `${label} holds no LoRA (no pairs of matrices such as lora_down and lora_up); a whole checkpoint goes to --model instead.`,
  );

const broken = (label: string, why: string): AppError =>
  new AppError('model', `The LoRA ${label} cannot be used, because ${why}; download it again.`);
