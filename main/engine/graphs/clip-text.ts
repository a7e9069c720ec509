/**
 * CLIP's text model: CLIPTextModel of transformers (ViT-L with quick GELU in SD1, OpenCLIP-H with GELU in SD2, both kinds and a projection in SDXL).
 * tokens + positions → N × (self-attention, MLP) → layer norm → hidden states, and the end token's state as the pooled output.
 */
import { z } from 'zod';
import type { WeightSource } from '../checkpoint/weights';
import { parseConfig } from './config';
import { GraphBuilder, type BuiltGraph, type GraphTarget, type Value } from './graph-builder';
import { attention } from './attention';
import { add, batchOf, gelu, layerNorm, linear, sigmoidLinear, toRows } from './layers';

const schema = z.object({
  vocab_size: z.number().int().positive(),
  hidden_size: z.number().int().positive(),
  intermediate_size: z.number().int().positive(),
  num_hidden_layers: z.number().int().positive().max(100),
  num_attention_heads: z.number().int().positive(),
  max_position_embeddings: z.number().int().positive().default(77),
  hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
  eos_token_id: z.number().int().default(49407),
  projection_dim: z.number().int().positive().optional(),
  output_hidden_states: z.boolean().default(false),
});
type Config = z.infer<typeof schema>;

/** TensorProto.INT32 */
const INT32 = 6;

/**
 * input_ids [B, S] int64 → last_hidden_state [B, S, D] and pooler_output [B, D]; with a projection (SDXL's second encoder)
 * text_embeds [B, P] in place of pooler_output. The setting `output_hidden_states` (SDXL) adds hidden_states.0 (the embeddings) to
 * hidden_states.N-1 (what goes into the last layer), [B, S, D].
 */
export function buildClipText(json: unknown, weights: WeightSource, target: GraphTarget): BuiltGraph {
  const config = parseConfig(schema, json, weights.label);
  const g = new GraphBuilder('text_encoder', weights, target);
  const D = config.hidden_size;
  // Up to transformers 4 the names begin with "text_model.", later only beside a projection.
  const root = g.has('text_model.final_layer_norm.weight') ? 'text_model.' : '';

  const ids = g.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
  const batch = batchOf(g, ids);
  const shape = g.op('Concat', [batch, g.ints([-1, D])], { attributes: { axis: 0 } });
  const unflatten = (rows: Value): Value => g.op('Reshape', [rows, shape]); // [B, S, D]
  const sequence = ['batch_size', 'sequence_length', D];

  let x = toRows(g, embeddings(g, ids, root, config), D); // [B·S, D]
  for (let i = 0; i < config.num_hidden_layers; i += 1) {
    if (config.output_hidden_states) g.output(`hidden_states.${i}`, unflatten(x), sequence);
    x = encoderLayer(g, x, `${root}encoder.layers.${i}`, batch, config);
  }
  const states = unflatten(layerNorm(g, x, `${root}final_layer_norm`, D, config.layer_norm_eps));
  const end = pooled(g, states, ids, config);

  if (g.has('text_projection.weight')) {
    const P = config.projection_dim ?? D;
    const options = { inFeatures: D, outFeatures: P, bias: false };
    g.output('text_embeds', linear(g, end, 'text_projection', options), ['batch_size', P]);
  } else {
    g.output('pooler_output', end, ['batch_size', D]);
  }
  g.output('last_hidden_state', states, sequence);
  return g.build();
}

/** [B, S] → [B, S, D] */
function embeddings(g: GraphBuilder, ids: Value, root: string, config: Config): Value {
  const { hidden_size: D, vocab_size, max_position_embeddings: P } = config;
  const tokens = g.op('Gather', [g.weight(`${root}embeddings.token_embedding.weight`, [vocab_size, D]), ids]);
  const length = g.op('Gather', [g.op('Shape', [ids]), g.ints([1])]);
  const positions = g.op('Slice', [
    g.weight(`${root}embeddings.position_embedding.weight`, [P, D]),
    g.ints([0]),
    length,
    g.ints([0]),
  ]); // [S, D]
  return add(g, tokens, positions);
}

/** x + attention(norm(x)), then x + mlp(norm(x)): [B·S, D] → [B·S, D] */
function encoderLayer(g: GraphBuilder, x: Value, name: string, batch: Value, config: Config): Value {
  const { hidden_size: D, intermediate_size: M, num_attention_heads: heads, layer_norm_eps: eps } = config;
  const square = { inFeatures: D, outFeatures: D };

  const h = layerNorm(g, x, `${name}.layer_norm1`, D, eps);
  const mixed = attention(
    g,
    linear(g, h, `${name}.self_attn.q_proj`, square),
    linear(g, h, `${name}.self_attn.k_proj`, square),
    linear(g, h, `${name}.self_attn.v_proj`, square),
    { heads, features: D, batch, causalUpTo: config.max_position_embeddings },
  );
  const attended = add(g, x, linear(g, mixed, `${name}.self_attn.out_proj`, square));

  const wide = linear(g, layerNorm(g, attended, `${name}.layer_norm2`, D, eps), `${name}.mlp.fc1`, {
    inFeatures: D,
    outFeatures: M,
  });
  const active = config.hidden_act === 'quick_gelu' ? sigmoidLinear(g, wide, 1.702) : gelu(g, wide);
  return add(g, attended, linear(g, active, `${name}.mlp.fc2`, { inFeatures: M, outFeatures: D }));
}

/**
 * The state at the first end token: [B, S, D] → [B, D]. Configs of old models say `eos_token_id: 2`, which is not in the text;
 * for them it is the token with the highest id, as in transformers.
 */
function pooled(g: GraphBuilder, states: Value, ids: Value, config: Config): Value {
  const marks = config.eos_token_id === 2 ? ids : g.op('Equal', [ids, g.ints([config.eos_token_id])]);
  const numbers = g.op('Cast', [marks], { attributes: { to: INT32 } });
  const position = g.op('ArgMax', [numbers], { attributes: { axis: 1, keepdims: 1 } }); // [B, 1]
  return g.op('GatherND', [states, position], { attributes: { batch_dims: 1 } });
}
