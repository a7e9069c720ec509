/** Settings of our own pictures, from the JSON beside the A1111 text. */
import { SCHEDULER_NAMES } from '../../../shared/generation';
import { appliedStyleSchema } from '../../../shared/prompt-style';
import { withoutTags } from '../lora/lora-prompt';
import { asNumber, asObject, asText } from './loose-json';
import type { RawSettings } from './understand';

/** Reads our JSON; undefined when another program wrote it. LoRAs go back into the prompt, where they work on any machine. */
export function readOwn(json: unknown): RawSettings | undefined {
  const data = asObject(json);
  if (data?.['app'] !== 'underpaint') return undefined;
  const loras: unknown[] = Array.isArray(data['loras']) ? data['loras'] : [];
  const tags = loras.flatMap((entry) => {
    const [name, strength] = [asText(asObject(entry)?.['name']), asNumber(asObject(entry)?.['strength'])];
    return name === undefined || strength === undefined ? [] : [`<lora:${name}:${strength}>`];
  });
  const style = appliedStyleSchema.safeParse(data['style']).data ?? null;
  const typed = style?.typed ?? null;
  // What was written, with its choices: the seed picks the same words from it again.
  const written = typed?.prompt ?? asText(data['promptTemplate']);
  const prompt = written === undefined ? asText(data['prompt']) : withoutTags(written);
  const working = asObject(data['workingSize']);
  return {
    prompt: prompt === undefined ? undefined : [prompt, ...tags].filter((part) => part !== '').join(' '),
    negativePrompt: typed?.negativePrompt ?? asText(data['negativePrompt']),
    style: style === null || typed === null ? undefined : { ...style, typed: null },
    seed: asNumber(data['seed']),
    steps: asNumber(data['steps']),
    guidance: asNumber(data['guidance']),
    strength: asNumber(data['strength']),
    scheduler: SCHEDULER_NAMES.find((name) => name === data['scheduler']),
    width: asNumber(working?.['width']),
    height: asNumber(working?.['height']),
  };
}
