/** The text encoders inside a single-file checkpoint: which ones there are tells the family. */
import type { TextEncoder } from '../model/component';
import {
  LDM_CLIP,
  LDM_OPEN_CLIP,
  LDM_REFINER_OPEN_CLIP,
  LDM_UNET,
  LDM_XL_CLIP,
  LDM_XL_OPEN_CLIP,
  ldmClipNames,
  ldmOpenClipNames,
  type LdmName,
} from './ldm-keys';
import { countWhile, incomplete, type Shapes } from './tensor-shapes';

export interface RecognisedText {
  readonly component: TextEncoder;
  readonly root: string;
  readonly names: (name: string) => LdmName;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Throws `AppError('model')` when one is not whole. */
export function recogniseTextEncoders(
  shapeOf: Shapes,
  label: string,
): { family: 'sd1' | 'sd2' | 'sdxl'; encoders: readonly RecognisedText[] } {
  const hasOpenClip = (root: string): boolean => shapeOf(`${root}token_embedding.weight`) !== undefined;
  if (hasOpenClip(LDM_REFINER_OPEN_CLIP)) {
    const only = openClip('text_encoder_2', LDM_REFINER_OPEN_CLIP, shapeOf, label);
    return { family: 'sdxl', encoders: [xl(only)] };
  }
  if (shapeOf(`${LDM_UNET}label_emb.0.0.weight`) !== undefined) {
    const first = clip('text_encoder', LDM_XL_CLIP, shapeOf, label);
    const second = openClip('text_encoder_2', LDM_XL_OPEN_CLIP, shapeOf, label);
    return { family: 'sdxl', encoders: [xl(first), xl(second)] };
  }
  return hasOpenClip(LDM_OPEN_CLIP)
    ? { family: 'sd2', encoders: [openClip('text_encoder', LDM_OPEN_CLIP, shapeOf, label)] }
    : { family: 'sd1', encoders: [clip('text_encoder', LDM_CLIP, shapeOf, label)] };
}

/** SDXL wants the states before the last layer. */
const xl = (part: RecognisedText): RecognisedText => ({
  ...part,
  config: { ...part.config, output_hidden_states: true },
});

/** Head size of every published CLIP text model. */
const CLIP_HEAD_SIZE = 64;

/** CLIP as transformers names it. */
export function clip(component: TextEncoder, root: string, shapeOf: Shapes, label: string): RecognisedText {
  const hasTextModel = shapeOf(`${root}text_model.final_layer_norm.weight`) !== undefined;
  const inner = hasTextModel ? `${root}text_model.` : root;
  const tokens = shapeOf(`${inner}embeddings.token_embedding.weight`);
  const layer = (i: number): readonly number[] | undefined =>
    shapeOf(`${inner}encoder.layers.${i}.mlp.fc1.weight`);
  const layers = countWhile((i) => layer(i) !== undefined);
  if (tokens === undefined || layers === 0) throw incomplete(label, 'text encoder');
  const positions = shapeOf(`${inner}embeddings.position_embedding.weight`)?.[0];
  return {
    component,
    root,
    names: ldmClipNames(root, hasTextModel),
    config: textConfig(tokens, layer(0), layers, { positions, activation: 'quick_gelu' }),
  };
}

/** OpenCLIP. SD2 was trained on the states before the last layer, so that layer is left out, as in diffusers' folders; SDXL's encoder is whole. */
function openClip(component: TextEncoder, root: string, shapeOf: Shapes, label: string): RecognisedText {
  const tokens = shapeOf(`${root}token_embedding.weight`);
  const layer = (i: number): readonly number[] | undefined =>
    shapeOf(`${root}transformer.resblocks.${i}.mlp.c_fc.weight`);
  const isXl = component === 'text_encoder_2';
  const layers = countWhile((i) => layer(i) !== undefined) - (isXl ? 0 : 1);
  const projection = shapeOf(`${root}text_projection`);
  if (tokens === undefined || layers < 1 || (isXl && projection === undefined)) {
    throw incomplete(label, isXl ? 'second text encoder' : 'text encoder');
  }
  const positions = shapeOf(`${root}positional_embedding`)?.[0];
  return {
    component,
    root,
    names: ldmOpenClipNames(root, layers),
    config: {
      ...textConfig(tokens, layer(0), layers, { positions, activation: 'gelu' }),
      ...(isXl ? { projection_dim: projection?.[1] } : {}),
    },
  };
}

function textConfig(
  tokens: readonly number[],
  mlp: readonly number[] | undefined,
  layers: number,
  { positions, activation }: { positions: number | undefined; activation: string },
) {
  const [vocabulary = 0, width = 0] = tokens;
  return {
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: mlp?.[0],
    num_hidden_layers: layers,
    num_attention_heads: Math.max(1, width / CLIP_HEAD_SIZE),
    max_position_embeddings: positions,
    hidden_act: activation,
    eos_token_id: vocabulary - 1,
  };
}
