/** Which architecture file builds which part of a model. */
import type { WeightSource } from '../checkpoint/weights';
import type { Component } from '../model/component';
import { buildVaeDecoder, buildVaeEncoder } from './autoencoder-kl';
import { buildTinyDecoder, buildTinyEncoder, isTinyAutoencoder } from './autoencoder-tiny';
import { buildClipText } from './clip-text';
import { buildFluxTransformer } from './flux-transformer';
import type { BuiltGraph, GraphTarget } from './graph-builder';
import { buildT5Encoder } from './t5-encoder';
import { buildUnet } from './unet-2d-condition';

type Builder = (config: unknown, weights: WeightSource, target: GraphTarget) => BuiltGraph;

const BUILDERS: Readonly<Record<Component, Builder>> = {
  text_encoder: buildClipText,
  text_encoder_2: (config, weights, target) =>
    isT5(config) ? buildT5Encoder(config, weights, target) : buildClipText(config, weights, target),
  unet: buildUnet,
  transformer: buildFluxTransformer,
  vae_encoder: (config, weights, target) =>
    (isTinyAutoencoder(config) ? buildTinyEncoder : buildVaeEncoder)(config, weights, target),
  vae_decoder: (config, weights, target) =>
    (isTinyAutoencoder(config) ? buildTinyDecoder : buildVaeDecoder)(config, weights, target),
};

/** SDXL's second text encoder is CLIP, Flux's is T5. */
const isT5 = (config: unknown): boolean =>
  typeof config === 'object' && config !== null && 'd_model' in config;

/** Builds the graph of a component from its config.json and weights; throws `AppError('model')` for what cannot be built. */
export const buildComponent = (
  component: Component,
  config: unknown,
  weights: WeightSource,
  target: GraphTarget,
): BuiltGraph => BUILDERS[component](config, weights, target);
