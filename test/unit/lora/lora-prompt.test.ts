/** LoRAs named in prompts. */
import { describe, expect, it } from 'vitest';
import { takeLoras } from '../../../main/engine/lora/lora-prompt';

describe('LoRA tags in a prompt', () => {
  it.each([
    ['a cat', 'a cat', []],
    ['a cat <lora:ink:0.8>', 'a cat', [{ name: 'ink', strength: 0.8 }]],
    ['<lora:ink> a cat', 'a cat', [{ name: 'ink', strength: 1 }]],
    ['a cat, <lora:ink v2:-0.5>, (blue:1.2)', 'a cat, (blue:1.2)', [{ name: 'ink v2', strength: -0.5 }]],
    [
      'a <LORA:x:1>cat<lora:y:.25>',
      'a cat',
      [
        { name: 'x', strength: 1 },
        { name: 'y', strength: 0.25 },
      ],
    ],
    ['1 < 2 and <b>bold</b>', '1 < 2 and <b>bold</b>', []],
    ['  kept  as it is ', '  kept  as it is ', []],
  ])('%s', (text, prompt, loras) => {
    expect(takeLoras(text)).toEqual({ prompt, loras });
  });

  it.each(['<lora:x:much>', '<lora::1>', '<lora:x:0.8:0.5>', '<lora:x:>', '<lora:x:11>', '<lora:x:NaN>'])(
    '%s is refused in a sentence',
    (tag) => {
      expect(() => takeLoras(`a cat ${tag}`)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: expect.stringMatching(
            /^"<lora:.*" in the prompt is not understood; write <lora:name:strength>/,
          ),
        }),
      );
    },
  );
});
