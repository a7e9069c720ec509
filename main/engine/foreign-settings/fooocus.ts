/** Settings of Fooocus' pictures (from 2.2): `parameters` as JSON, told by `fooocus_scheme`; in its other scheme it writes A1111 text. */
import { asNumber, asObject, asText } from './loose-json';
import { schedulerOf } from './samplers';
import type { RawSettings } from './understand';

/** Reads the JSON; undefined for another kind. The prompt is the one that was typed, without what styles added. It keeps no strength. */
export function readFooocus(parameters: unknown): RawSettings | undefined {
  const data = asObject(parameters);
  if (data === undefined || !('guidance_scale' in data || 'metadata_scheme' in data)) return undefined;
  // A Python tuple as text: "(1152, 896)".
  const size = /^\(\s*'?(\d{1,5})'?\s*,\s*'?(\d{1,5})'?\s*\)$/u.exec(asText(data['resolution']) ?? '');
  return {
    prompt: asText(data['prompt']),
    negativePrompt: asText(data['negative_prompt']),
    seed: asNumber(data['seed']),
    steps: asNumber(data['steps']),
    guidance: asNumber(data['guidance_scale']),
    scheduler: schedulerOf(asText(data['sampler']), asText(data['scheduler'])),
    width: asNumber(size?.[1]),
    height: asNumber(size?.[2]),
  };
}
