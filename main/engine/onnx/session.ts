/** One ONNX session on one provider: opened by path, described by its own metadata, run with float32 numbers. */
import type { InferenceSession } from 'onnxruntime-node';
import { basename } from 'node:path';
import type { Provider } from '../../../shared/placement';
import { sessionOptions, type OptimizationLevel } from './options';
import { explainSessionError } from './session-errors';
import { ort } from './runtime';
import { fromTensor, toTensor, type Feed, type FloatTensor, type IoSpec } from './tensors';

/** What the stages need of a session; `openSession` makes the real one. */
export interface Session {
  readonly path: string;
  readonly provider: Provider;
  readonly inputs: readonly IoSpec[];
  readonly outputs: readonly IoSpec[];
  /**
   * Runs once; blocks the event loop while it runs (onnxruntime.md, fact 1). Feeds that the graph has no input for are an error.
   * @param only names of the outputs that are wanted; default: all
   */
  run(feeds: Readonly<Record<string, Feed>>, only?: readonly string[]): Promise<Record<string, FloatTensor>>;
  release(): Promise<void>;
}

export interface OpenOptions {
  readonly provider: Provider;
  readonly optimization?: OptimizationLevel;
  /** Default true: the memory of one run is kept for the next. */
  readonly keepsMemory?: boolean;
}

let runMs = 0;

/** Milliseconds that this process has spent inside ONNX Runtime's `run` so far. */
export const sessionRunMsSoFar = (): number => runMs;

/** Opens a session, or throws `AppError('model' | 'out-of-memory')` with a plain reason. */
export async function openSession(path: string, options: OpenOptions): Promise<Session> {
  let native: InferenceSession;
  try {
    native = await ort.InferenceSession.create(
      path,
      sessionOptions(options.provider, options.optimization ?? 'all', options.keepsMemory),
    );
  } catch (error) {
    throw explainSessionError(error, path, options.provider);
  }
  const inputs = native.inputMetadata.map(toSpec);
  const outputs = native.outputMetadata.map(toSpec);
  const byName = new Map(inputs.map((spec) => [spec.name, spec]));

  return {
    path,
    provider: options.provider,
    inputs,
    outputs,
    async run(feeds, only = outputs.map(({ name }) => name)) {
      const tensors: Record<string, InstanceType<typeof ort.Tensor>> = {};
      for (const [name, feed] of Object.entries(feeds)) {
        const spec = byName.get(name);
        if (spec === undefined) throw new Error(`${basename(path)} has no input "${name}"`);
        tensors[name] = toTensor(spec, feed);
      }
      let results: InferenceSession.OnnxValueMapType;
      const startedAt = performance.now();
      try {
        results = await native.run(tensors, only);
      } catch (error) {
        throw explainSessionError(error, path, options.provider);
      } finally {
        runMs += performance.now() - startedAt;
      }
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, fromTensor(name, tensor)]),
      );
    },
    async release() {
      await native.release();
    },
  };
}

function toSpec(meta: InferenceSession.ValueMetadata): IoSpec {
  return meta.isTensor
    ? { name: meta.name, type: meta.type, shape: [...meta.shape] }
    : { name: meta.name, type: 'non-tensor', shape: [] };
}
