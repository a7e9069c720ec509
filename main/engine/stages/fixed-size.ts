/** Exports whose picture size is fixed refuse other sizes in ONNX Runtime's words; here they are refused in ours. */
import { AppError } from '../../../shared/errors';
import { fixedDim } from '../onnx/find-io';
import type { IoSpec } from '../onnx/tensors';

/**
 * Throws `AppError('usage')` with the size that works, when `spec` ([batch, channels, h, w]) is fixed to another height or width.
 * @param factor pixels per element of the tensor: 1 for pictures, the VAE factor for latents
 */
export function assertSizeAccepted(spec: IoSpec, width: number, height: number, factor: number): void {
  const fixedHeight = fixedDim(spec, 2) ?? height;
  const fixedWidth = fixedDim(spec, 3) ?? width;
  if (fixedHeight === height && fixedWidth === width) return;
  const works = `${fixedWidth * factor}x${fixedHeight * factor}`;
  throw new AppError(
    'usage',
    `This model was exported for one size and works only at ${works}, not at ${width * factor}x${height * factor}; choose the working size ${works} (--size ${works}).`,
  );
}
