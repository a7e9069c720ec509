/** Cheap previews while the loop runs: predicted clean latents through a linear map to colours (pipelines.md 5.2, 5.3). */
import { join } from 'node:path';
import type { JobProgress } from '../../shared/job';
import { writePreview } from './image/preview';
import { fitPreviewFactors, previewRgb, type PreviewFactors } from './latents/preview';
import type { WorkingPicture } from './stages/pixels';

/** A preview is offered at the first step, and after that at most this often. */
const MIN_INTERVAL_MS = 200;

interface LatentShape {
  readonly height: number;
  readonly width: number;
}

/**
 * Colours for a model's latents, fitted to this picture and its own encoding; right for every VAE, also for one whose latents mean
 * something else than Stable Diffusion's.
 * @param clean [1, 4, h, w] scaled latents of `picture`
 */
export function fitToPicture(
  clean: Float32Array,
  shape: LatentShape,
  picture: WorkingPicture,
): PreviewFactors {
  return fitPreviewFactors(clean, shrink(picture, shape));
}

/** Writes `preview.png` into the job's folder and announces it. */
export class PreviewWriter {
  private lastAt = -Infinity;
  private sequence = 0;

  constructor(
    private readonly jobFolder: string,
    private readonly image: number,
    private readonly factors: PreviewFactors,
    private readonly scale: number,
    private readonly onProgress: (progress: JobProgress) => void,
  ) {}

  /** Shows predicted clean latents [1, 4, h, w], unless the last preview is too recent. */
  async offer(predicted: Float32Array, shape: LatentShape): Promise<void> {
    const now = performance.now();
    if (now - this.lastAt < MIN_INTERVAL_MS) return;
    this.lastAt = now;
    const rgb = previewRgb(predicted, shape.height, shape.width, this.factors);
    await writePreview(rgb, shape.width, shape.height, this.scale, join(this.jobFolder, 'preview.png'));
    this.sequence += 1;
    this.onProgress({
      kind: 'preview',
      image: this.image,
      sequence: this.sequence,
      width: shape.width * this.scale,
      height: shape.height * this.scale,
    });
  }
}

/** Averages the picture's pixels over each latent cell: [h, w, 3] bytes. */
function shrink(picture: WorkingPicture, shape: LatentShape): Uint8Array {
  const factorX = picture.width / shape.width;
  const factorY = picture.height / shape.height;
  const sums = new Float64Array(3 * shape.width * shape.height);
  for (let y = 0; y < picture.height; y += 1) {
    const row = Math.floor(y / factorY) * shape.width;
    for (let x = 0; x < picture.width; x += 1) {
      const to = 3 * (row + Math.floor(x / factorX));
      const from = 3 * (y * picture.width + x);
      for (let c = 0; c < 3; c += 1) sums[to + c] = (sums[to + c] ?? 0) + (picture.rgb[from + c] ?? 0);
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / (factorX * factorY)));
}
