/** Settings of InvokeAI's pictures in its three forms: `invokeai_metadata` (from 3.0), `sd-metadata` (2.x), and `Dream` (the command line before). */
import { asNumber, asObject, asText } from './loose-json';
import { schedulerOf } from './samplers';
import type { RawSettings } from './understand';

/** `invokeai_metadata`: one flat object. */
export function readInvokeAi(metadata: unknown): RawSettings | undefined {
  const data = asObject(metadata);
  if (data === undefined) return undefined;
  return {
    prompt: asText(data['positive_prompt']),
    negativePrompt: asText(data['negative_prompt']),
    ...numbersOf(data),
    scheduler: schedulerOf(asText(data['scheduler']), undefined),
  };
}

/** `sd-metadata`: the settings under `image`, the prompt as text or as weighted parts, what is unwanted in square brackets inside it. */
export function readOldInvokeAi(metadata: unknown): RawSettings | undefined {
  const image = asObject(asObject(metadata)?.['image']);
  if (image === undefined) return undefined;
  const parts: unknown[] = Array.isArray(image['prompt']) ? image['prompt'] : [image['prompt']];
  const words = parts.flatMap((part) => asText(part) ?? asText(asObject(part)?.['prompt']) ?? []).join(' ');
  return {
    ...splitPrompt(words),
    ...numbersOf(image),
    scheduler: schedulerOf(asText(image['sampler']), undefined),
  };
}

/** What both JSON forms call by the same names. */
const numbersOf = (data: Readonly<Record<string, unknown>>): RawSettings => ({
  seed: asNumber(data['seed']),
  steps: asNumber(data['steps']),
  guidance: asNumber(data['cfg_scale']),
  strength: asNumber(data['strength']),
  width: asNumber(data['width']),
  height: asNumber(data['height']),
});

/** `Dream`: the quoted prompt, then options such as `-s 50 -S 42 -W 512 -H 512 -C 7.5 -A k_lms -f 0.6`. */
export function readDream(text: string): RawSettings | undefined {
  const match = /^\s*"((?:[^"\\]|\\.)*)"(.*)$/su.exec(text);
  if (match === null) return undefined;
  const [, words = '', options = ''] = match;
  const option = (letter: string): string | undefined =>
    new RegExp(`(?:^|\\s)-${letter}\\s*([^\\s-][^\\s]*)`, 'u').exec(options)?.[1];
  return {
    ...splitPrompt(words.replace(/\\(.)/gsu, '$1')),
    seed: asNumber(option('S')),
    steps: asNumber(option('s')),
    guidance: asNumber(option('C')),
    strength: asNumber(option('f')),
    scheduler: schedulerOf(option('A'), undefined),
    width: asNumber(option('W')),
    height: asNumber(option('H')),
  };
}

function splitPrompt(words: string): { prompt: string; negativePrompt: string } {
  const unwanted = [...words.matchAll(/\[([^[\]]*)\]/gu)].map(([, inside = '']) => inside.trim());
  return {
    prompt: words.replace(/\s*\[[^[\]]*\]/gu, '').trim(),
    negativePrompt: unwanted.join(', '),
  };
}
