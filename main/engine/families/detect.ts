/** Tells which family a model folder belongs to and what it recommends (pipelines.md 8.1). */
import { AppError } from '../../../shared/errors';
import type { ModelDefaults } from '../../../shared/models';
import { isTinyAutoencoder } from '../graphs/autoencoder-tiny';
import type { Session } from '../onnx/session';
import type { ModelFolder } from '../model/model-folder-parts';
import { defaultSchedulerName, type SchedulerConfig } from '../schedulers/scheduler-config';
import type { LatentScale } from '../latents/latent-scale';
import { VAE_FACTOR, type FamilyTraits } from './family-traits';
import { distilled } from './distilled';
import { fluxDev, fluxSchnell } from './flux';
import { sd1 } from './sd1';
import { sd2, turboDefaults } from './sd2';
import { sdxl } from './sdxl';

/**
 * Family from the configs alone, and from what a graph without one tells: added conditioning is Stable Diffusion XL; else the text width decides; for
 * unusual widths, SD 2's linear projections; without configs, the second text encoder and v-prediction.
 */
export function detectFamily(folder: ModelFolder): FamilyTraits {
  const family = plainFamily(folder);
  return typeof folder.configs.unet['time_cond_proj_dim'] === 'number' ? distilled(family) : family;
}

function plainFamily(folder: ModelFolder): FamilyTraits {
  if (folder.denoiser === 'transformer') return isDev(folder) ? fluxDev : fluxSchnell;
  if (folder.configs.unet['addition_embed_type'] === 'text_time') return sdxl;
  if (folder.denoiser === 'unet' && folder.parts.has('text_encoder_2')) return sdxl;
  const width = folder.configs.unet['cross_attention_dim'] ?? folder.configs.text_encoder['hidden_size'];
  if (width === 768) return sd1;
  if (width === 1024) return sd2;
  const isLinear = folder.configs.unet['use_linear_projection'];
  if (isLinear !== undefined) return isLinear === true ? sd2 : sd1;
  return folder.schedulerConfig.prediction_type === 'v_prediction' ? sd2 : sd1;
}

/** Flux is told its guidance only in the dev version; an export without a config shows it by the schedule. */
const isDev = ({ configs, schedulerConfig }: ModelFolder): boolean =>
  (configs.transformer['guidance_embeds'] ?? schedulerConfig.use_dynamic_shifting) === true;

/** Whether the UNet sees a mask and what it leaves: 9 input channels (pipelines.md 1.11). */
export const isInpainting = ({ configs }: ModelFolder): boolean => configs.unet['in_channels'] === 9;

/** Refuses denoisers that this version has no pipeline for, from the session's own inputs. */
export function assertSupportedDenoiser(session: Session, { family }: FamilyTraits, hasMask: boolean): void {
  if (family === 'flux') return;
  const names = new Set(session.inputs.map((spec) => spec.name));
  const refuse = (what: string): never => {
    throw new AppError(
      'model',
      `This model is ${what}, which this version cannot run; choose a Stable Diffusion model.`,
    );
  };
  if (names.has('img_ids') || names.has('pooled_projections'))
    refuse('a Flux model in a folder that does not say so');
  const channels = session.inputs.find((spec) => spec.name === 'sample' || spec.shape.length === 4)?.shape[1];
  if (channels === 9 && !hasMask) refuse('an inpainting model without its unet/config.json');
  if (channels === 8) refuse('an instruct-pix2pix model (8 input channels)');
}

/** Strength, steps, guidance, scheduler and native side for what a person leaves open. */
export function recommendedDefaults(folder: ModelFolder, traits: FamilyTraits): ModelDefaults {
  const sampleSize = folder.configs.unet['sample_size'];
  const own = typeof sampleSize === 'number' ? sampleSize * VAE_FACTOR : traits.nativeSidePx;
  if (folder.card !== null) {
    const { strength, steps, guidance, scheduler, width } = folder.card;
    return { strength, steps, guidance, scheduler, sidePx: width };
  }
  if (traits.stepRule === 'all') return { ...traits.defaults, scheduler: 'lcm', sidePx: own };
  const scheduler = defaultSchedulerName(folder.schedulerConfig);
  const base = isFewStep(folder.schedulerConfig)
    ? turboDefaults
    : scheduler === 'lcm'
      ? { strength: 0.6, steps: 8, guidance: 1.5 }
      : traits.defaults;
  return { ...base, scheduler, sidePx: own };
}

/** SD-Turbo, SDXL-Turbo, Lightning: Euler with trailing timesteps (pipelines.md 8.1). */
export function isFewStep(config: SchedulerConfig): boolean {
  const { _class_name: name } = config;
  const isEuler = name === 'EulerDiscreteScheduler' || name === 'EulerAncestralDiscreteScheduler';
  return isEuler && config.timestep_spacing === 'trailing';
}

/** Pixels must be a multiple of this: VAE factor times the halvings inside the UNet (exports break on odd latents). */
export function sizeMultiplePx(folder: ModelFolder): number {
  if (folder.denoiser === 'transformer') return 2 * VAE_FACTOR; // tokens of 2 × 2 latent cells
  const blocks = folder.configs.unet['block_out_channels'];
  const halvings = Array.isArray(blocks) ? Math.max(0, blocks.length - 1) : 3;
  return VAE_FACTOR * 2 ** halvings;
}

/**
 * The VAE's scaling and shift: its own config, else the family's (never optimum's fallback of 8, pipelines.md 4.2). A tiny autoencoder works in
 * the loop's scale whatever the family is (pipelines.md 5.1).
 */
export function latentScale({ configs }: ModelFolder, traits: FamilyTraits): LatentScale {
  const own = (name: string): unknown => configs.vae_decoder[name] ?? configs.vae_encoder[name];
  const factor = own('scaling_factor');
  const shift = own('shift_factor');
  const isTiny = isTinyAutoencoder(configs.vae_decoder);
  return {
    factor: typeof factor === 'number' && factor > 0 ? factor : isTiny ? 1 : traits.scalingFactor,
    shift: typeof shift === 'number' ? shift : isTiny ? 0 : traits.shiftFactor,
  };
}

/** Which working sizes a model takes, and which it likes. */
export function fitLimits(
  folder: ModelFolder,
  { sidePx }: Pick<ModelDefaults, 'sidePx'>,
): { multiple: number; minSidePx: number; maxPixels: number; nativeSidePx: number } {
  return {
    multiple: sizeMultiplePx(folder),
    minSidePx: sidePx / 2,
    maxPixels: (1.5 * sidePx) ** 2,
    nativeSidePx: sidePx,
  };
}
