/** Where a checkpoint's tensors lie on disk, by the names that a graph asks for. Nothing is read here. */
import { AppError } from '../../../shared/errors';

export const WEIGHT_DTYPES = ['F32', 'F16', 'BF16'] as const;
export type WeightDtype = (typeof WEIGHT_DTYPES)[number];
export const BYTES_PER_WEIGHT: Readonly<Record<WeightDtype, number>> = { F32: 4, F16: 2, BF16: 2 };

/** One tensor, row-major, at `offset` of `file`. */
export interface Weight {
  /** Name in the file. */
  readonly name: string;
  readonly file: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
  /** The file holds the matrix with rows and columns exchanged; `shape` is what it becomes. */
  readonly isTransposed?: true;
}

/** What a LoRA adds to a layer: `strength · scale · up(mid(down(x)))`. */
export interface LowRank {
  /** Name of the graph input that holds the strength. */
  readonly strength: string;
  /** alpha / rank. */
  readonly scale: number;
  /** [rank, in], or [rank, in, k, k] for a convolution. */
  readonly down: Weight;
  /** [rank, rank, k, k] between two 1 × 1 convolutions; null: there is none. */
  readonly mid: Weight | null;
  /** [out, rank]. */
  readonly up: Weight;
  /** The file has the layer's second half of outputs first. */
  readonly hasSwappedHalves: boolean;
}

/** Finds tensors by diffusers' and transformers' names. */
export interface WeightSource {
  /** What the tensors belong to, for messages: `unet`, or a file's name. */
  readonly label: string;
  /** Undefined: there is no such tensor. */
  find(name: string): Weight | undefined;
  /** What LoRAs add to the layer with this name (without ".weight"). */
  lowRank?(layer: string): readonly LowRank[];
}

export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, n) => product * n, 1);

/** The tensor with this name; throws `AppError('model')` when it is missing. */
export function needWeight(source: WeightSource, name: string): Weight {
  const weight = source.find(name);
  if (weight === undefined) {
    throw new AppError(
      'model',
      `The weights of ${source.label} have no tensor "${name}"; the file is incomplete or of another architecture, so download the model again.`,
    );
  }
  return weight;
}

/**
 * The tensor with this name, seen with `shape`; the file may hold the same values with dimensions of 1 more or less (a 1 × 1 convolution
 * for a linear layer). Throws `AppError('model')` when missing or of another shape.
 */
export function needShape(source: WeightSource, name: string, shape: readonly number[]): Weight {
  const weight = needWeight(source, name);
  const squeeze = (dims: readonly number[]): string => dims.filter((n) => n !== 1).join(' × ');
  if (squeeze(weight.shape) !== squeeze(shape)) {
    throw new AppError(
      'model',
      `The tensor "${weight.name}" of ${source.label} has the shape ${weight.shape.join(' × ')} where ${shape.join(' × ')} is expected; config and weights do not belong together.`,
    );
  }
  return { ...weight, shape };
}

/** `count` rows from `start` on, along the first dimension: a view into the same file. */
export function rowRange(weight: Weight, start: number, count: number): Weight {
  const [rows = 0, ...rest] = weight.shape;
  if (start + count > rows) throw new Error(`${weight.name} has no rows ${start} to ${start + count}`);
  const rowBytes = weight.length / rows;
  return {
    ...weight,
    shape: [count, ...rest],
    offset: weight.offset + start * rowBytes,
    length: count * rowBytes,
  };
}

/** `count` of `parts` equal parts along the first dimension, from part `part` on: a view into the same file. */
export function rowsOf(weight: Weight, part: number, parts: number, count = 1): Weight {
  const [rows = 0, ...rest] = weight.shape;
  const length = weight.length / parts;
  if (rows % parts !== 0) {
    throw new AppError(
      'model',
      `The tensor "${weight.name}" has ${rows} rows, which are not ${parts} equal parts; the checkpoint is damaged.`,
    );
  }
  return {
    ...weight,
    shape: [(count * rows) / parts, ...rest],
    offset: weight.offset + part * length,
    length: count * length,
  };
}

/** A matrix that the file holds the other way round. */
export const transposed = (weight: Weight): Weight => ({
  ...weight,
  shape: weight.shape.toReversed(),
  isTransposed: true,
});
