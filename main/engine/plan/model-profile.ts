/** A model folder as the planner sees it: what its parts weigh in memory, and how wide they are. */
import type { Family } from '../../../shared/models';
import type { Stage } from '../../../shared/placement';
import { profileOf, type ModelProfile, type PartProfile } from '../../placement/model-profile';
import type { Component } from '../model/component';
import type { JsonObject } from '../model/component-source';
import type { ModelFolder } from '../model/model-folder-parts';

/** Channels at full resolution of an ordinary autoencoder, and of Stable Diffusion's UNet; width of Flux's transformer. */
const VAE_CHANNELS = 128;
const UNET_CHANNELS = 320;
const TRANSFORMER_WIDTH = 3072;

/** Below this many bytes per parameter a file holds half precision. */
const HALF_BELOW = 3;

/** The components that a stage runs. */
export function partsOfStage(stage: Stage, { denoiser }: Pick<ModelFolder, 'denoiser'>): Component[] {
  if (stage === 'generate') return [denoiser];
  return [stage === 'encode' ? 'vae_encoder' : 'vae_decoder'];
}

/** What is known of a model without opening a session. */
export function modelProfile(folder: ModelFolder, family: Family): ModelProfile {
  const full = profileOf(family);
  const vaeWidth = firstChannels(folder.configs.vae_decoder) / VAE_CHANNELS || 1;
  const denoiserWidth = denoiserShare(folder) || 1;
  const part = (parameters: number, ...components: Component[]): PartProfile =>
    add(components.map((component) => partProfile(folder, component, parameters)));
  return {
    family,
    key: folder.revision,
    text: part(full.textParameters, 'text_encoder', 'text_encoder_2'),
    denoiser: part(full.denoiserParameters * denoiserWidth ** 2, folder.denoiser),
    vaeEncoder: part(full.vaeEncoderParameters * vaeWidth ** 2, 'vae_encoder'),
    vaeDecoder: part(full.vaeDecoderParameters * vaeWidth ** 2, 'vae_decoder'),
    vaeWidth,
    denoiserWidth,
  };
}

/** @param parameters how many it should have, which tells half precision from float32 in a format that does not */
function partProfile(folder: ModelFolder, component: Component, parameters: number): PartProfile {
  const source = folder.parts.get(component);
  if (source === undefined) return NO_PART;
  if (source.parameters !== null) {
    // Checkpoints are computed in float32 everywhere, with fused attention.
    const bytes = 4 * Object.values(source.parameters).reduce((sum, count) => sum + count, 0);
    return { gpuBytes: bytes, cpuBytes: bytes, elementBytes: 4, hasFusedAttention: true };
  }
  const isHalf = source.sizeBytes < HALF_BELOW * parameters;
  return {
    gpuBytes: source.sizeBytes,
    cpuBytes: isHalf ? 2 * source.sizeBytes : source.sizeBytes,
    elementBytes: isHalf ? 2 : 4,
    hasFusedAttention: false,
  };
}

const NO_PART: PartProfile = { gpuBytes: 0, cpuBytes: 0, elementBytes: 2, hasFusedAttention: true };

function add(parts: readonly PartProfile[]): PartProfile {
  return parts.reduce(
    (sum, part): PartProfile => ({
      gpuBytes: sum.gpuBytes + part.gpuBytes,
      cpuBytes: sum.cpuBytes + part.cpuBytes,
      elementBytes: part.elementBytes === 4 ? 4 : sum.elementBytes,
      hasFusedAttention: sum.hasFusedAttention && part.hasFusedAttention,
    }),
    NO_PART,
  );
}

function firstChannels(config: JsonObject): number {
  const channels = config['block_out_channels'];
  const first: unknown = Array.isArray(channels) ? channels[0] : undefined;
  return typeof first === 'number' ? first : NaN;
}

function denoiserShare({ denoiser, configs }: ModelFolder): number {
  if (denoiser === 'unet') return firstChannels(configs.unet) / UNET_CHANNELS;
  const { num_attention_heads: heads, attention_head_dim: size } = configs.transformer;
  return typeof heads === 'number' && typeof size === 'number' ? (heads * size) / TRANSFORMER_WIDTH : NaN;
}
