/** Which architecture file builds which part of a model. */
import { AppError } from '../../../shared/errors';
import type { WeightSource } from '../checkpoint/weights';
import type { Component } from '../model/component';
import { buildVaeDecoder, buildVaeEncoder } from './autoencoder-kl';
import { buildClipText } from './clip-text';
import type { BuiltGraph, GraphTarget } from './graph-builder';
import { buildUnet } from './unet-2d-condition';

type Builder = (config: unknown, weights: WeightSource, target: GraphTarget) => BuiltGraph;

const BUILDERS: Readonly<Record<Component, Builder>> = {
  text_encoder: buildClipText,
  text_encoder_2: buildClipText,
  unet: buildUnet,
  transformer: (_config, { label }) => {
    throw new AppError(
      'model',
      `${label} is a transformer model such as Flux, which this version cannot run; choose a Stable Diffusion model.`,
    );
  },
  vae_encoder: buildVaeEncoder,
  vae_decoder: buildVaeDecoder,
};

/** Builds the graph of a component from its config.json and weights; throws `AppError('model')` for what cannot be built. */
export const buildComponent = (
  component: Component,
  config: unknown,
  weights: WeightSource,
  target: GraphTarget,
): BuiltGraph => BUILDERS[component](config, weights, target);
