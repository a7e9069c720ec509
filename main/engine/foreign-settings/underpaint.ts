/** Settings of our own pictures, from the JSON beside the A1111 text. */
import { SCHEDULER_NAMES } from '../../../shared/generation';
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
  const prompt = asText(data['prompt']);
  const working = asObject(data['workingSize']);
  return {
    prompt: prompt === undefined ? undefined : [prompt, ...tags].filter((part) => part !== '').join(' '),
    negativePrompt: asText(data['negativePrompt']),
    seed: asNumber(data['seed']),
    steps: asNumber(data['steps']),
    guidance: asNumber(data['guidance']),
    strength: asNumber(data['strength']),
    scheduler: SCHEDULER_NAMES.find((name) => name === data['scheduler']),
    width: asNumber(working?.['width']),
    height: asNumber(working?.['height']),
  };
}
