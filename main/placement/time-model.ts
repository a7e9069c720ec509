/** Roughly how long a stage takes where nothing has been measured yet: operations divided by a device's usual speed; transfer times. */
import type { Adapter } from '../../shared/hardware';
import type { EndpointView, Provider, Stage } from '../../shared/placement';
import { profileOf, type ModelProfile } from './model-profile';

const GIB = 2 ** 30;

/** Operations per pixel of Stable Diffusion's autoencoder (2.48e12 and 1.1e12 for 512 × 512). */
const VAE_FLOPS_PER_PX = { encode: 4.2e6, decode: 9.46e6 } as const;

/** Speed of one core: half of what two AVX-512 cores did each (onnxruntime.md 2.1: decode 512 in 7.7 s), since most are slower. */
const CPU_FLOPS_PER_CORE = 80e9;
const USEFUL_CORES = 16;
/** A card's speed grows with its size, roughly: measured decode times (hybrid-inference.md 9.1), of which WebGPU reaches a quarter. */
const CARD_FLOPS_PER_GIB = 0.6e12;
const CARD_FLOPS = { min: 1e12, max: 16e12 } as const;
const CUDA_FACTOR = 2.5;
const INTEGRATED_FLOPS = 0.4e12;
/** Apple silicon: small chips, and those with much memory. */
const UNIFIED_FLOPS = { small: 2e12, large: 6e12 } as const;
/** Reading weights from the disk and bringing them to the device. */
const LOAD_BYTES_PER_S = 1.5e9;

/** Share of a denoising step at the native size that grows with the square of the picture. */
const ATTENTION_SHARE = 0.15;

export interface Work {
  readonly stage: Stage;
  readonly model: ModelProfile;
  /** Pixels that are computed: more than the picture has where tiles overlap. */
  readonly pixels: number;
  readonly steps: number;
  readonly isGuided: boolean;
}

/** Milliseconds on a device at `flops` operations a second, with the time to load `weightBytes`. */
export function computeMs(work: Work, flops: number, weightBytes: number): number {
  return (workFlops(work) / flops + weightBytes / LOAD_BYTES_PER_S) * 1000;
}

function workFlops({ stage, model, pixels, steps, isGuided }: Work): number {
  const profile = profileOf(model.family);
  if (stage !== 'generate') return VAE_FLOPS_PER_PX[stage] * model.vaeWidth ** 2 * pixels;
  const rows = isGuided ? profile.guidedRows : 1;
  const growth = 1 - ATTENTION_SHARE + (ATTENTION_SHARE * pixels) / profile.nativeSidePx ** 2;
  const step = profile.stepFlopsPerPx * model.denoiserWidth ** 2 * pixels * growth;
  return steps * rows * step + rows * profile.textFlops * model.denoiserWidth ** 2;
}

export const cpuFlops = (cores: number): number => CPU_FLOPS_PER_CORE * Math.min(cores, USEFUL_CORES);

export function gpuFlops({ kind, totalBytes }: Adapter, provider: Provider): number {
  const gib = (totalBytes ?? 4 * GIB) / GIB;
  if (kind === 'integrated') return INTEGRATED_FLOPS;
  if (kind === 'unified') return gib > 36 ? UNIFIED_FLOPS.large : UNIFIED_FLOPS.small;
  const card = Math.min(CARD_FLOPS.max, Math.max(CARD_FLOPS.min, CARD_FLOPS_PER_GIB * gib));
  return provider === 'cuda' ? CUDA_FACTOR * card : card;
}

/** A usual line where nothing was measured: 20 Mbit/s down, 5 Mbit/s up. */
const USUAL_LINK = { uploadBytesPerSecond: 0.625e6, downloadBytesPerSecond: 2.5e6, roundTripMs: 80 } as const;
/** A usual endpoint's time for encode or decode of a megapixel. */
const USUAL_ENDPOINT_MS = 800;
/** A card that somebody would use as an endpoint for generating. */
const ENDPOINT_FLOPS = 14e12;

/** Milliseconds for a stage on an endpoint: sending, computing there, receiving. */
export function remoteMs(work: Work, endpoint: EndpointView): number {
  const { sent, received } = wireBytes(work);
  // Where only the whole was measured, the time to send is in it.
  const isSendingMeasured = endpoint.uploadBytesPerSecond === null && endpoint.msPerMegapixel !== null;
  const transfer =
    ((isSendingMeasured ? 0 : sent / (endpoint.uploadBytesPerSecond ?? USUAL_LINK.uploadBytesPerSecond)) +
      received / (endpoint.downloadBytesPerSecond ?? USUAL_LINK.downloadBytesPerSecond)) *
    1000;
  const megapixels = work.pixels / 1e6;
  const there =
    endpoint.msPerMegapixel === null
      ? work.stage === 'generate'
        ? computeMs(work, ENDPOINT_FLOPS, 0)
        : USUAL_ENDPOINT_MS * megapixels
      : endpoint.msPerMegapixel * megapixels * (work.stage === 'generate' ? work.steps : 1);
  return (endpoint.roundTripMs ?? USUAL_LINK.roundTripMs) + transfer + there;
}

/** Bytes on the wire: pictures as PNG up and as bytes down, latents as float32 (hybrid-inference.md 3 to 5). */
function wireBytes({ stage, model, pixels }: Work): { sent: number; received: number } {
  const latent = profileOf(model.family).latentChannels * (pixels / 64) * 4;
  const picture = pixels * 3;
  if (stage === 'encode') return { sent: 0.6 * picture, received: latent };
  return stage === 'decode' ? { sent: latent, received: picture } : { sent: latent, received: latent };
}
