/** Finds out what graphs for a provider may use: WebGPU's fused attention is wrong on some adapters (those with small subgroups), so it is tried once. */
import type { Provider } from '../../../shared/placement';
import { CPU_TARGET, type GraphTarget } from '../graphs/graph-builder';
import { encodeOnnxModel } from '../graphs/onnx-proto';
import { sessionOptions } from './options';
import { ort } from './runtime';

const targets = new Map<Provider, Promise<GraphTarget>>();

/** What to build for a provider on this machine; asked once per process. A provider that does not start says so when its session is opened. */
export function targetFor(provider: Provider): Promise<GraphTarget> {
  if (provider === 'cpu') return Promise.resolve(CPU_TARGET);
  const known = targets.get(provider);
  if (known !== undefined) return known;
  const target = attentionIsRight(provider).then((hasFusedAttention): GraphTarget => ({
    kernels: 'gpu',
    hasFusedAttention,
  }));
  targets.set(provider, target);
  return target;
}

/** Positions and head size of a try that reaches the tiled kernel. */
const LENGTH = 96;
const SIZE = 40;
const DIMS = [1, LENGTH, SIZE];
const BIAS_DIMS = [1, 1, LENGTH, LENGTH];
const TOLERANCE = 2e-3;

/** Tries all kinds: every position sees all others, with a bias on the scores (T5), and only earlier ones. */
async function attentionIsRight(provider: Provider): Promise<boolean> {
  try {
    return (
      (await agrees(provider, 'plain')) &&
      (await agrees(provider, 'biased')) &&
      (await agrees(provider, 'causal'))
    );
  } catch {
    return false;
  }
}

type Kind = 'plain' | 'biased' | 'causal';

async function agrees(provider: Provider, kind: Kind): Promise<boolean> {
  const wave = (n: number): Float32Array =>
    Float32Array.from({ length: LENGTH * SIZE }, (_, i) => Math.sin(i * n) * 2);
  const [q, k, v] = [wave(1.3), wave(2.3), wave(3.3)];
  const session = await ort.InferenceSession.create(attentionGraph(kind), sessionOptions(provider, 'all'));
  const tensor = (data: Float32Array, dims = DIMS): InstanceType<typeof ort.Tensor> =>
    new ort.Tensor('float32', data, dims);
  const bias = Float32Array.from({ length: LENGTH ** 2 }, (_, i) =>
    kind === 'biased' ? Math.sin(i * 0.7) : 0,
  );
  const { y } = await session.run({
    q: tensor(q),
    k: tensor(k),
    v: tensor(v),
    ...(kind === 'biased' ? { bias: tensor(bias, BIAS_DIMS) } : {}),
  });
  await session.release();
  const actual = y?.data;
  if (!(actual instanceof Float32Array)) return false;
  return attentionOf({ q, k, v, bias }, kind === 'causal').every(
    (value, i) => Math.abs(value - (actual[i] ?? NaN)) < TOLERANCE,
  );
}

function attentionGraph(kind: Kind): Buffer {
  const inputs = ['q', 'k', 'v', ...(kind === 'biased' ? ['bias'] : [])];
  return encodeOnnxModel({
    name: 'attention',
    inputs: inputs.map((name) => ({ name, dtype: 'float32', dims: name === 'bias' ? BIAS_DIMS : DIMS })),
    outputs: [{ name: 'y', dtype: 'float32', dims: DIMS }],
    initializers: [],
    nodes: [
      {
        op: 'MultiHeadAttention',
        domain: 'com.microsoft',
        name: 'attention',
        inputs: kind === 'biased' ? ['q', 'k', 'v', '', '', 'bias'] : inputs,
        outputs: ['y'],
        attributes: { num_heads: 1, unidirectional: kind === 'causal' ? 1 : 0 },
      },
    ],
  });
}

interface Attended {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly bias: Float32Array;
}

/** softmax(q·kᵀ/√d + bias)·v for one head. */
function attentionOf({ q, k, v, bias }: Attended, isCausal: boolean): Float32Array {
  const out = new Float32Array(q.length);
  for (let row = 0; row < LENGTH; row += 1) {
    const scores = Array.from({ length: LENGTH }, (_, column) => {
      if (isCausal && column > row) return -Infinity;
      let sum = 0;
      for (let i = 0; i < SIZE; i += 1) sum += (q[row * SIZE + i] ?? 0) * (k[column * SIZE + i] ?? 0);
      return sum / Math.sqrt(SIZE) + (bias[row * LENGTH + column] ?? 0);
    });
    const largest = Math.max(...scores);
    const shares = scores.map((score) => Math.exp(score - largest));
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (let i = 0; i < SIZE; i += 1) {
      let sum = 0;
      shares.forEach((share, column) => (sum += share * (v[column * SIZE + i] ?? 0)));
      out[row * SIZE + i] = sum / total;
    }
  }
  return out;
}
