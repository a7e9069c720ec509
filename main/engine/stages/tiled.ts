/** Runs a VAE pass tile by tile with feathered overlaps (onnxruntime.md 4.4): 512 px tiles, a quarter overlapping. */
import { planTiles, TileBlender } from '../latents/tiling';

export const TILE_PX = 512;

/** One rectangle in units of the source tensor. */
interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TiledPass {
  /** Channels and size of the source tensor [1, c, h, w]. */
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** Side of one tile in units of the source. */
  readonly tile: number;
  /** Output size = source size × scale (8 for decode, 1/8 for encode). */
  readonly scale: number;
  /** Share of a tile that overlaps its neighbour. */
  readonly overlap: number;
}

/** [1, c, h, w] → [1, c', h·scale, w·scale], one run per tile. */
export async function runTiled(
  source: Float32Array,
  pass: TiledPass,
  run: (tile: Float32Array, width: number, height: number) => Promise<Float32Array>,
  onTile: (done: number, of: number) => void,
): Promise<Float32Array> {
  const tiles = listTiles(pass);
  let blender: TileBlender | null = null;
  for (const [index, tile] of tiles.entries()) {
    const result = await run(cut(source, pass, tile), tile.width, tile.height);
    const box = {
      x: Math.round(tile.x * pass.scale),
      y: Math.round(tile.y * pass.scale),
      width: Math.round(tile.width * pass.scale),
      height: Math.round(tile.height * pass.scale),
    };
    // Only the first result tells how many channels there are: some exports leave that dimension open.
    blender ??= new TileBlender({
      channels: result.length / (box.width * box.height),
      width: Math.round(pass.width * pass.scale),
      height: Math.round(pass.height * pass.scale),
      overlap: Math.round(pass.tile * pass.overlap * pass.scale),
    });
    blender.add(result, box);
    onTile(index + 1, tiles.length);
  }
  if (blender === null) throw new RangeError('nothing to tile');
  return blender.finish();
}

function listTiles(pass: TiledPass): Tile[] {
  const columns = planTiles(pass.width, pass.tile, pass.overlap);
  const rows = planTiles(pass.height, pass.tile, pass.overlap);
  return rows.flatMap((row) =>
    columns.map((column) => ({ x: column.start, y: row.start, width: column.length, height: row.length })),
  );
}

function cut(source: Float32Array, pass: TiledPass, tile: Tile): Float32Array {
  const out = new Float32Array(pass.channels * tile.width * tile.height);
  let at = 0;
  for (let c = 0; c < pass.channels; c += 1) {
    for (let y = 0; y < tile.height; y += 1) {
      const start = (c * pass.height + tile.y + y) * pass.width + tile.x;
      out.set(source.subarray(start, start + tile.width), at);
      at += tile.width;
    }
  }
  return out;
}
