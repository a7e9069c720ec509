/** The state of a denoising as a safetensors file: in the journal, and on the wire between two machines. */
import { z } from 'zod';
import type { DenoisingState } from '../denoising';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../latents/safetensors';
import { parseJson } from '../parse-json';

const numbersSchema = z.object({
  stepsDone: z.number().int().nonnegative(),
  scheduler: z.record(z.string(), z.number()),
  generator: z.record(z.string(), z.number()),
});

/** `metadata`: more words to keep beside the numbers. */
export function encodeStep(state: DenoisingState, metadata: Record<string, string> = {}): Buffer {
  const { words, ...generator } = state.generator;
  const tensors: Record<string, SafeTensor> = {
    latents: floats(state.latents),
    generator: { dtype: 'I32', shape: [words.length], data: new Int32Array(words.buffer.slice(0)) },
  };
  for (const [name, data] of Object.entries(state.scheduler.tensors)) {
    tensors[`scheduler.${name}`] = floats(data);
  }
  const numbers = {
    stepsDone: state.stepsDone,
    scheduler: state.scheduler.numbers,
    generator: generator.numbers,
  };
  return encodeSafetensors(tensors, { ...metadata, numbers: JSON.stringify(numbers) });
}

/** Null for a file that holds something else. Throws `AppError('input')` for one that is damaged. */
export function decodeStep(
  bytes: Uint8Array,
): { state: DenoisingState; metadata: Readonly<Record<string, string>> } | null {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const latents = tensors['latents']?.data;
  const words = tensors['generator']?.data;
  if (!(latents instanceof Float32Array) || !(words instanceof Int32Array)) return null;
  const numbers = numbersSchema.safeParse(parseJson(metadata['numbers'] ?? ''));
  if (!numbers.success) return null;
  const kept: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith('scheduler.') && tensor.data instanceof Float32Array) {
      kept[name.slice('scheduler.'.length)] = tensor.data;
    }
  }
  const state = {
    stepsDone: numbers.data.stepsDone,
    latents,
    scheduler: { numbers: numbers.data.scheduler, tensors: kept },
    generator: {
      numbers: numbers.data.generator,
      words: new Uint32Array(words.buffer, words.byteOffset, words.length),
    },
  };
  return { state, metadata };
}

const floats = (data: Float32Array): SafeTensor => ({ dtype: 'F32', shape: [data.length], data });
