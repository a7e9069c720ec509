/** Runs a VAE pass tile by tile with feathered overlaps (onnxruntime.md 4.4), a quarter overlapping. */
import { cutTile, scaleTile, TileBlender, TileGrid } from '../latents/tiling';

/** Share of a tile that overlaps its neighbour. */
const OVERLAP = 0.25;

export interface TiledPass {
  /** Channels and size of the source tensor [1, c, h, w]. */
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** Side of one tile in units of the source. */
  readonly tile: number;
  /** Output size = source size × scale (8 for decode, 1/8 for encode). */
  readonly scale: number;
}

/** [1, c, h, w] → [1, c', h·scale, w·scale], one run per tile. */
export async function runTiled(
  source: Float32Array,
  pass: TiledPass,
  run: (tile: Float32Array, width: number, height: number) => Promise<Float32Array>,
  onTile: (done: number, of: number) => void,
): Promise<Float32Array> {
  const { channels, width, height, scale } = pass;
  const multiple = Math.max(1, Math.round(1 / scale));
  const { tiles } = new TileGrid(width, height, pass.tile, OVERLAP, multiple);
  let blender: TileBlender | null = null;
  for (const [index, tile] of tiles.entries()) {
    const result = await run(cutTile(source, channels, height, width, tile), tile.width, tile.height);
    const target = scaleTile(tile, scale);
    // Only the first result tells how many channels there are: some exports leave that dimension open.
    blender ??= new TileBlender(
      result.length / (target.width * target.height),
      height * scale,
      width * scale,
    );
    blender.add(result, target, OVERLAP);
    onTile(index + 1, tiles.length);
  }
  if (blender === null) throw new RangeError('nothing to tile');
  return blender.finish();
}
