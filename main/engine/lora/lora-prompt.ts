/** LoRAs named in a prompt, in the form of AUTOMATIC1111's web UI: `<lora:name:0.8>`. */
import { AppError } from '../../../shared/errors';
import { LORA_STRENGTH } from '../../../shared/generation';

export interface NamedLora {
  readonly name: string;
  readonly strength: number;
}

const TAG = /<lora:([^<>:]*)((?::[^<>:]*)*)>/gi;

/** The prompt without its tags, and what they name; throws `AppError('usage')` for a tag that cannot be understood. */
export function takeLoras(prompt: string): { prompt: string; loras: readonly NamedLora[] } {
  const loras: NamedLora[] = [];
  for (const [tag, name = '', rest = ''] of prompt.matchAll(TAG)) {
    const numbers = rest === '' ? ['1'] : rest.slice(1).split(':');
    const strength = parseLoraStrength(numbers[0] ?? '');
    if (name.trim() === '' || numbers.length > 1 || strength === null) {
      throw new AppError(
        'usage',
        `"${tag.slice(0, 200)}" in the prompt is not understood; write <lora:name:strength> with one number from ${LORA_STRENGTH.min} to ${LORA_STRENGTH.max}, such as <lora:watercolour:0.8>.`,
      );
    }
    loras.push({ name: name.trim(), strength });
  }
  return { prompt: loras.length === 0 ? prompt : withoutTags(prompt), loras };
}

/** As in "a, <lora:x:1>, b": no empty place between commas stays behind. */
export const withoutTags = (prompt: string): string =>
  prompt
    .replace(TAG, '')
    .replace(/,(\s*,)+/g, ',')
    .replace(/ {2,}/g, ' ')
    .replace(/^[\s,]+|[\s,]+$/g, '');

/** Null: not a number, or one out of bounds. */
export function parseLoraStrength(text: string): number | null {
  const value = text.trim() === '' ? NaN : Number(text);
  return value >= LORA_STRENGTH.min && value <= LORA_STRENGTH.max ? value : null;
}

/** The tag that means a LoRA. */
export const loraTag = ({ name, strength }: NamedLora): string => `<lora:${name}:${strength}>`;
