/** The deterministic latents and the stand-in for a denoiser that diffusers' own scheduler tests use (pipelines.md 6.1). */
import type { Randn, Scheduler } from '../../../main/engine/schedulers/scheduler';

export const NUMEL = 768;

/** arange(768) as [rest, 4], the batch being the fastest source axis, moved to the front; flattened, in 0 … 1. */
function batchFirst(value: (position: number) => number, numel: number): Float32Array {
  const rest = numel / 4;
  return Float32Array.from({ length: numel }, (_, i) => value((i % rest) * 4 + Math.floor(i / rest)) / numel);
}

export const sampleDeter = (numel = NUMEL): Float32Array => batchFirst((position) => position, numel);
export const noiseDeter = (numel = NUMEL): Float32Array =>
  batchFirst((position) => numel - 1 - position, numel);

/** x·t/(t+1), which stands for the denoiser. */
export const model = (sample: Float32Array, t: number): Float32Array =>
  sample.map((value) => (value * t) / (t + 1));

export const absoluteSum = (x: Float32Array): number => x.reduce((sum, value) => sum + Math.abs(value), 0);
export const signedSum = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0);

export const noRandn: Randn = () => {
  throw new Error('this scheduler must not draw random numbers');
};

type Loop = Omit<Scheduler, 'name'>;

/** All steps from `from` on as a pipeline takes them: only the denoiser sees the scaled sample. */
export function pipelineLoop(scheduler: Loop, start: Float32Array, randn: Randn = noRandn): Float32Array {
  let sample = start;
  scheduler.timesteps.forEach((t, i) => {
    const output = model(scheduler.scaleModelInput(sample, i), t);
    sample = scheduler.step(output, i, sample, randn).prevSample;
  });
  return sample;
}

/** As diffusers' Euler tests do it: the sample itself is overwritten by its scaled form in each step. */
export function overwritingLoop(scheduler: Loop, start: Float32Array, randn: Randn = noRandn): Float32Array {
  let sample = start;
  scheduler.timesteps.forEach((t, i) => {
    sample = scheduler.scaleModelInput(sample, i);
    sample = scheduler.step(model(sample, t), i, sample, randn).prevSample;
  });
  return sample;
}

/** A schedule of 10 steps that starts at step k: the strength that makes `Math.trunc(10·s)` equal 10 − k. */
export const strengthFrom = (firstStep: number): number => (10 - firstStep) / 10;
