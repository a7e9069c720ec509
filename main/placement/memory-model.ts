/** How much memory a stage needs and how much there is, as pure arithmetic (onnxruntime.md 2.1, 4). */
import { chosenGpu, type Hardware } from '../../shared/hardware';
import type { Provider, Stage } from '../../shared/placement';
import { profileOf, type ModelProfile, type PartProfile } from './model-profile';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/**
 * Numbers per pixel that an autoencoder pass holds at full width. On a graphics card InvokeAI's constants; on the CPU safe bounds of what was
 * measured with `enableMemPattern: false` (onnxruntime.md 4.2, 2.1).
 */
const VAE_NUMBERS_PER_PX = {
  gpu: { encode: 1100, decode: 2200 },
  cpu: { encode: 1100, decode: 1600 },
} as const;

/** Channels of the largest single tensor of an autoencoder pass, at full resolution. */
const LARGEST_TENSOR_CHANNELS = 256;
/** Largest buffer that WebGPU and DirectML adapters commonly take. */
const MAX_BUFFER_BYTES = 2 ** 31;

/** These providers fuse less and allocate in buckets, until measured (onnxruntime.md 4.3). */
const BUCKETED: readonly Provider[] = ['webgpu', 'dml'];
const BUCKET_FACTOR = 1.5;

/** Weights take a little more than their bytes. */
const WEIGHT_FACTOR = 1.1;

/** Share of the free main memory that one job may plan to use. */
const USABLE_SHARE = 0.7;
/** Share of a card that is assumed to be free where nobody tells. */
const ASSUMED_FREE = 0.85;
/** Size that is assumed where nobody tells it. */
const ASSUMED_TOTAL_BYTES = 4 * GIB;

/** What is computed in one go: the whole picture, or one tile of it. */
export interface Pass {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Bytes that a stage needs on a device: weights and activations of one pass. */
export function stageBytes(
  stage: Stage,
  model: ModelProfile,
  pass: Pass,
  provider: Provider,
  isGuided: boolean,
): number {
  return weightBytes(stage, model, provider) + activationBytes(stage, model, pass, provider, isGuided);
}

/** Weights of the part that a stage runs, with what they take beside their bytes. */
export function weightBytes(stage: Stage, model: ModelProfile, provider: Provider): number {
  return WEIGHT_FACTOR * bytesOf(partOfStage(stage, model), provider);
}

/** The same for the text encoders, which run before everything else and are gone when the denoiser needs the room. */
export const textBytes = (model: ModelProfile, provider: Provider): number =>
  WEIGHT_FACTOR * bytesOf(model.text, provider);

const bytesOf = (part: PartProfile, provider: Provider): number =>
  provider === 'cpu' ? part.cpuBytes : part.gpuBytes;

function partOfStage(stage: Stage, model: ModelProfile): PartProfile {
  if (stage === 'generate') return model.denoiser;
  return stage === 'encode' ? model.vaeEncoder : model.vaeDecoder;
}

function activationBytes(
  stage: Stage,
  model: ModelProfile,
  { widthPx, heightPx }: Pass,
  provider: Provider,
  isGuided: boolean,
): number {
  const part = partOfStage(stage, model);
  const elementBytes = provider === 'cpu' ? 4 : part.elementBytes;
  const positions = (widthPx / 8) * (heightPx / 8);
  const bucket = BUCKETED.includes(provider) ? BUCKET_FACTOR : 1;
  if (stage === 'generate') {
    const { stepMemoryFactor, guidedRows } = profileOf(model.family);
    const rows = isGuided ? guidedRows : 1;
    // ComfyUI's constants: 0.01 MiB per position and byte when attention is fused, else 0.15 MiB per position in half precision.
    const perPosition = part.hasFusedAttention ? 0.01 * elementBytes : 0.15 * (elementBytes / 2);
    return bucket * rows * positions * perPosition * stepMemoryFactor * model.denoiserWidth * MIB;
  }
  const numbers = VAE_NUMBERS_PER_PX[provider === 'cpu' ? 'cpu' : 'gpu'][stage];
  const attention = part.hasFusedAttention ? 0 : 2 * positions ** 2;
  return bucket * (numbers * widthPx * heightPx * model.vaeWidth + attention) * elementBytes;
}

/** True when a single tensor of the pass is larger than the buffers that the provider takes. */
export function exceedsBuffer(stage: Stage, model: ModelProfile, pass: Pass, provider: Provider): boolean {
  if (stage === 'generate' || !BUCKETED.includes(provider)) return false;
  const { elementBytes } = partOfStage(stage, model);
  return (
    LARGEST_TENSOR_CHANNELS * model.vaeWidth * pass.widthPx * pass.heightPx * elementBytes > MAX_BUFFER_BYTES
  );
}

/** What this process holds already on each side, and gives back when a stage needs it. */
export interface OwnBytes {
  readonly gpu: number;
  readonly cpu: number;
}

/** Bytes that a stage may plan with on the graphics card; for one that nobody knows of, what a small card has (onnxruntime.md 4.3). */
export function gpuBudgetBytes(hardware: Hardware, own: OwnBytes): number {
  const gpu = chosenGpu(hardware);
  const total = gpu?.totalBytes ?? ASSUMED_TOTAL_BYTES;
  const told = gpu?.freeBytes ?? null;
  const free = told === null ? ASSUMED_FREE * total : Math.min(total, told + own.gpu);
  return Math.max(0, free - reserveBytes(hardware, total));
}

/** What is left to the desktop and other programs (ComfyUI's values). */
function reserveBytes({ platform, reserveBytes: set }: Hardware, totalBytes: number): number {
  if (set !== null) return set;
  const system = platform === 'win32' ? (totalBytes > 15 * GIB ? 0.7 : 0.6) : 0.4;
  return (0.8 + system) * GIB;
}

/** Bytes that a stage may plan with in the main memory. */
export const cpuBudgetBytes = ({ memory }: Hardware, own: OwnBytes): number =>
  USABLE_SHARE * Math.min(memory.totalBytes, memory.availableBytes + own.cpu);
