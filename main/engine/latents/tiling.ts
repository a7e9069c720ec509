/** Cutting pictures and latents into overlapping tiles, and blending the results back without seams (onnxruntime.md 4.4). */

/** Where one tile lies on one axis, in the axis' own unit. */
export interface TileSpan {
  start: number;
  length: number;
}

/**
 * Tiles of one axis: one if the length fits, else 1 + ⌈(L−t)/stride⌉ tiles of equal length, the last one moved back to
 * end at the edge. `multiple` keeps every start a multiple of it (the VAE factor, for pixels), for which `length` and
 * `tile` must be multiples themselves. Throws RangeError for sizes that cannot be cut.
 */
export function planTiles(length: number, tile: number, overlap = 0.25, multiple = 1): TileSpan[] {
  if (![length, tile].every((size) => size > 0 && Number.isInteger(size / multiple))) {
    throw new RangeError(`sizes ${length} and ${tile} must be positive multiples of ${multiple}`);
  }
  if (!(overlap >= 0 && overlap < 1)) throw new RangeError(`overlap ${overlap} is not in 0 … 1`);
  if (length <= tile) return [{ start: 0, length }];
  const stride = Math.max(multiple, Math.floor((tile * (1 - overlap)) / multiple) * multiple);
  const count = 1 + Math.ceil((length - tile) / stride);
  return Array.from({ length: count }, (_, i) => ({
    start: Math.min(i * stride, length - tile),
    length: tile,
  }));
}

/** One tile of a picture; rows are y, columns x. */
export interface Tile {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** All tiles of a width × height area, in reading order. */
export class TileGrid {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly Tile[];

  constructor(width: number, height: number, tile: number, overlap = 0.25, multiple = 1) {
    this.width = width;
    this.height = height;
    const columns = planTiles(width, tile, overlap, multiple);
    this.tiles = planTiles(height, tile, overlap, multiple).flatMap((row) =>
      columns.map((column) => ({
        x: column.start,
        y: row.start,
        width: column.length,
        height: row.length,
      })),
    );
  }
}

/** The same tile in another unit: ×8 from latents to pixels, ×1/8 back. */
export function scaleTile(tile: Tile, factor: number): Tile {
  const { x, y, width, height } = tile;
  return { x: x * factor, y: y * factor, width: width * factor, height: height * factor };
}

/** Copies a tile out of source [channels, height, width]; [channels, tile.height, tile.width]. */
export function cutTile(
  source: Float32Array,
  channels: number,
  height: number,
  width: number,
  tile: Tile,
): Float32Array {
  const result = new Float32Array(channels * tile.height * tile.width);
  for (let c = 0; c < channels; c += 1) {
    for (let row = 0; row < tile.height; row += 1) {
      const from = (c * height + tile.y + row) * width + tile.x;
      result.set(source.subarray(from, from + tile.width), (c * tile.height + row) * tile.width);
    }
  }
  return result;
}

/**
 * Puts tiles of one grid together into [channels, height, width]. Where tiles overlap, each counts in proportion to a
 * linear ramp from its edge (edges of the whole picture do not ramp), and the weights are divided by their sum.
 */
export class TileBlender {
  readonly #channels: number;
  readonly #height: number;
  readonly #width: number;
  readonly #sums: Float32Array;
  /** Sum of the tiles' weights per position, [height, width]. */
  readonly #weights: Float32Array;

  constructor(channels: number, height: number, width: number) {
    this.#channels = channels;
    this.#height = height;
    this.#width = width;
    this.#sums = new Float32Array(channels * height * width);
    this.#weights = new Float32Array(height * width);
  }

  /**
   * Adds values [channels, tile.height, tile.width]. `overlap` is the share of the tile that ramps on each inner side,
   * as the plan was made with.
   */
  add(values: Float32Array, tile: Tile, overlap = 0.25): void {
    if (values.length !== this.#channels * tile.height * tile.width) {
      throw new RangeError(`${values.length} values do not fill a tile of ${tile.width} × ${tile.height}`);
    }
    const across = rampOf(tile.x, tile.width, this.#width, overlap);
    const down = rampOf(tile.y, tile.height, this.#height, overlap);
    for (let row = 0; row < tile.height; row += 1) {
      const rowWeight = down[row] ?? 0;
      const target = (tile.y + row) * this.#width + tile.x;
      for (let column = 0; column < tile.width; column += 1) {
        const weight = rowWeight * (across[column] ?? 0);
        this.#weights[target + column] = (this.#weights[target + column] ?? 0) + weight;
        for (let c = 0; c < this.#channels; c += 1) {
          const to = c * this.#height * this.#width + target + column;
          const from = (c * tile.height + row) * tile.width + column;
          this.#sums[to] = (this.#sums[to] ?? 0) + weight * (values[from] ?? NaN);
        }
      }
    }
  }

  /** The blended whole, [channels, height, width]. Throws RangeError if a position was never covered. */
  finish(): Float32Array {
    const area = this.#height * this.#width;
    return this.#sums.map((sum, i) => {
      const weight = this.#weights[i % area] ?? 0;
      if (weight <= 0) throw new RangeError(`no tile covers position ${i % area}`);
      return sum / weight;
    });
  }
}

/** Weights of one axis: rises over the overlap from an inner edge, 1 elsewhere; never 0. [length] */
function rampOf(start: number, length: number, total: number, overlap: number): Float64Array {
  const ramp = Math.max(1, Math.round(length * overlap));
  return Float64Array.from({ length }, (_, i) => {
    const fromStart = start === 0 ? 1 : (i + 0.5) / ramp;
    const fromEnd = start + length === total ? 1 : (length - i - 0.5) / ramp;
    return Math.min(1, fromStart, fromEnd);
  });
}
