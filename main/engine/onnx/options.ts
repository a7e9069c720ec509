/** Session options per provider, with the measured reasons (onnxruntime.md 1.4). */
import type { InferenceSession } from 'onnxruntime-node';
import { cpus } from 'node:os';
import type { Provider } from '../../../shared/placement';

/** `basic` is the way out when a graph breaks at `all` (pipelines.md 4.6). */
export type OptimizationLevel = 'all' | 'basic';

/**
 * - `enableMemPattern: false` halves the peak at the same speed, and DirectML needs it.
 * - sequential execution: parallel was 1.8 times slower.
 * - no spinning: no speed lost, and the rest of the desktop stays responsive.
 * @param keepsMemory false: what a run took goes back to the system when it has ended, at the price of fetching it anew (a tenth of an autoencoder's time)
 */
export function sessionOptions(
  provider: Provider,
  optimization: OptimizationLevel,
  keepsMemory = true,
): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    graphOptimizationLevel: optimization,
    enableMemPattern: false,
    enableCpuMemArena: keepsMemory,
    executionMode: 'sequential',
    intraOpNumThreads: Math.max(1, cpus().length),
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
