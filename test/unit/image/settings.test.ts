/** Settings inside result files, and the text form that other tools read. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../main/engine/image/read';
import { readSettings } from '../../../main/engine/image/read-settings';
import {
  formatParameters,
  parseParameters,
  type ParametersInput,
} from '../../../main/engine/image/settings-text';
import { encodePicture } from '../../../main/engine/image/write';
import { IMAGE_FORMATS, SCHEDULER_NAMES } from '../../../shared/generation';
import { expectRefusal, fixture, makePicture, seeded, temporaryFolder } from './helpers';

const folder = await temporaryFolder();
const INPUT: ParametersInput = {
  prompt: 'a quiet harbour, oil on canvas, (warm light:1.2)',
  negativePrompt: 'blurry, text',
  steps: 20,
  scheduler: 'euler-ancestral',
  guidance: 7.5,
  seed: 1234567890123,
  width: 512,
  height: 768,
  modelHash: 'abcdef0123',
  modelName: 'starter',
  strength: 0.6,
  version: '0.1.0',
};

describe('round trip through files', () => {
  const texts: [string, string][] = [
    ['plain', 'a cat'],
    ['Latin-1', 'Café au lait, 50 % größer'],
    ['any script', '猫の絵, кошка, قطة, γάτα'],
    ['emoji and joined emoji', '🐈‍⬛ in a 🚀 with 👩🏽‍🎨'],
    ['lines', 'first\nsecond\n\nfourth'],
    ['markup', `<lora:x:1> & "quoted" 'single' ]]> </underpaint:settings>`],
    ['odd characters', 'tab\there, del\u007f, c1\u0085, bom\ufeff, \ufffe end'],
    ['empty', ''],
  ];
  for (const format of IMAGE_FORMATS) {
    for (const alpha of [null, Buffer.alloc(20 * 10, 200)]) {
      for (const [label, prompt] of texts) {
        it(`${format}${alpha ? ' with alpha' : ''}: ${label}`, async () => {
          const parameters = formatParameters({ ...INPUT, prompt });
          const json = JSON.stringify({ prompt, seed: 1, nested: { list: [1, 2] } }, null, 2);
          const path = join(folder, `settings.${format}`);
          const picture = { ...makePicture(20, 10), alpha };
          await writeFile(path, await encodePicture(picture, format, { parameters, json }));
          const found = await readSettings(path);
          expect(found?.parameters).toBe(parameters);
          expect(JSON.parse(found?.json ?? 'null')).toEqual(JSON.parse(json));
          expect(parseParameters(found?.parameters ?? '').prompt).toBe(prompt.trim());
          // The picture is still one, here and for another decoder that sees the same metadata.
          const back = await readPicture(path);
          expect([back.width, back.height, back.alpha !== null]).toEqual([
            20,
            10,
            alpha !== null && format !== 'jpg',
          ]);
          const metadata = await sharp(path).metadata();
          expect([metadata.exif !== undefined, metadata.xmp !== undefined]).toEqual(
            Array(2).fill(format !== 'png'),
          );
        });
      }
    }

    it(`${format}: the longest prompts fit`, async () => {
      const next = seeded(3);
      const long = (): string =>
        String.fromCharCode(...Array.from({ length: 10_000 }, () => 0x4e00 + Math.floor(next() * 20_000)));
      const [prompt, negativePrompt] = [long(), long()];
      const parameters = formatParameters({ ...INPUT, prompt, negativePrompt });
      const json = JSON.stringify({ prompt, negativePrompt });
      const path = join(folder, `long.${format}`);
      await writeFile(path, await encodePicture(makePicture(8, 8), format, { parameters, json }));
      expect(await readSettings(path)).toEqual({ parameters, json });
      expect((await readPicture(path)).width).toBe(8);
    });
  }

  it('uses tEXt for Latin-1 and iTXt for everything else, with keyword "parameters"', async () => {
    const png = (parameters: string): Promise<Buffer> =>
      encodePicture(makePicture(8, 8), 'png', { parameters, json: '{}' });
    const type = (bytes: Buffer): string => {
      const at = bytes.indexOf('parameters\0');
      return bytes.toString('latin1', at - 4, at);
    };
    expect(type(await png('Café\nSteps: 1'))).toBe('tEXt');
    expect(type(await png('猫'))).toBe('iTXt');
    const { comments } = await sharp(await png('Café')).metadata();
    expect(comments?.find(({ keyword }) => keyword === 'parameters')).toBeTruthy();
  });
});

describe('files of other tools', () => {
  /** Puts a chunk behind the header of a PNG; readers of settings do not check its checksum. */
  async function withChunk(name: string, type: string, data: Buffer): Promise<string> {
    const png = await sharp(fixture('one-pixel.png')).png().toBuffer();
    const head = Buffer.alloc(8);
    head.writeUInt32BE(data.length, 0);
    head.write(type, 4, 'latin1');
    const path = join(folder, name);
    await writeFile(
      path,
      Buffer.concat([png.subarray(0, 33), head, data, Buffer.alloc(4), png.subarray(33)]),
    );
    return path;
  }

  it('reads compressed text', async () => {
    const zipped = Buffer.concat([
      Buffer.from('parameters\0\0', 'latin1'),
      deflateSync(Buffer.from('old tool')),
    ]);
    expect(await readSettings(await withChunk('z.png', 'zTXt', zipped))).toEqual({ parameters: 'old tool' });
    const international = Buffer.concat([
      Buffer.from('parameters\0\x01\0de\0Parameter\0', 'latin1'),
      deflateSync(Buffer.from('新')),
    ]);
    expect(await readSettings(await withChunk('i.png', 'iTXt', international))).toEqual({ parameters: '新' });
  });

  it('does not unpack a bomb', async () => {
    const bomb = Buffer.concat([Buffer.from('parameters\0\0', 'latin1'), deflateSync(Buffer.alloc(50e6))]);
    expect(await readSettings(await withChunk('bomb.png', 'zTXt', bomb))).toBeNull();
  });

  it('reads a little-endian user comment', async () => {
    const text = Buffer.concat([
      Buffer.from('UNICODE\0', 'latin1'),
      Buffer.from('hello, Steps: 3', 'utf16le'),
    ]);
    const tiff = Buffer.alloc(8 + 18 + 18);
    tiff.write('II*\0', 0, 'latin1');
    tiff.writeUInt32LE(8, 4);
    const entry = (at: number, tag: number, type: number, count: number, value: number): void => {
      tiff.writeUInt16LE(1, at);
      tiff.writeUInt16LE(tag, at + 2);
      tiff.writeUInt16LE(type, at + 4);
      tiff.writeUInt32LE(count, at + 6);
      tiff.writeUInt32LE(value, at + 10);
    };
    entry(8, 0x8769, 4, 1, 26);
    entry(26, 0x9286, 7, text.length, 44);
    const data = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, text]);
    const head = Buffer.from([0xff, 0xe1, 0, 0]);
    head.writeUInt16BE(2 + data.length, 2);
    const jpeg = await sharp(fixture('one-pixel.png')).jpeg().toBuffer();
    const path = join(folder, 'le.jpg');
    await writeFile(path, Buffer.concat([jpeg.subarray(0, 2), head, data, jpeg.subarray(2)]));
    expect(await readSettings(path)).toEqual({ parameters: 'hello, Steps: 3' });
  });

  it('finds nothing where there is nothing, and refuses what cannot be read', async () => {
    for (const name of ['upright.png', 'orientation-6.jpg', 'alpha.webp', 'photo.gif', 'orientation-1.tif']) {
      expect(await readSettings(fixture(name))).toBeNull();
    }
    await expectRefusal(readSettings(join(folder, 'gone.png')), 'input', /does not exist/);
  });
});

describe('the text form', () => {
  it('is the one of A1111', () => {
    expect(formatParameters(INPUT)).toBe(
      'a quiet harbour, oil on canvas, (warm light:1.2)\n' +
        'Negative prompt: blurry, text\n' +
        'Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 1234567890123, Size: 512x768, ' +
        'Model hash: abcdef0123, Model: starter, Denoising strength: 0.6, Version: Underpaint 0.1.0',
    );
    expect(formatParameters({ ...INPUT, negativePrompt: '' })).not.toContain('Negative');
  });

  for (const scheduler of SCHEDULER_NAMES) {
    it(`comes back the same with ${scheduler}`, () => {
      const { version: _, ...rest } = INPUT;
      expect(parseParameters(formatParameters({ ...INPUT, scheduler }))).toMatchObject({
        ...rest,
        scheduler,
      });
    });
  }

  it('comes back with several lines and a model name full of separators', () => {
    const input = {
      ...INPUT,
      prompt: 'one\ntwo: three',
      negativePrompt: 'no\nnever',
      modelName: 'My "best", v1: final',
    };
    expect(parseParameters(formatParameters(input))).toMatchObject({
      prompt: input.prompt,
      negativePrompt: input.negativePrompt,
      modelName: input.modelName,
    });
  });

  it('understands newer A1111 text', () => {
    const parsed = parseParameters(
      'cat\nSteps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5, Seed: 9, Size: 640x512, Lora hashes: "a: 1, b: 2", Version: v1.10.0',
    );
    expect(parsed).toMatchObject({
      prompt: 'cat',
      steps: 30,
      scheduler: 'dpmpp-2m-karras',
      guidance: 5,
      seed: 9,
      width: 640,
      height: 512,
    });
    expect(parsed.fields['Lora hashes']).toBe('a: 1, b: 2');
    expect(parsed.strength).toBeUndefined();
  });

  it('takes a text without fields as a prompt, and ignores nonsense', () => {
    expect(parseParameters('just: a prompt')).toEqual({
      prompt: 'just: a prompt',
      negativePrompt: '',
      fields: {},
    });
    const parsed = parseParameters(
      'x\nSteps: many, Sampler: Nobody knows, CFG scale: , Seed: 1e400, Size: axb',
    );
    expect(parsed.prompt).toBe('x');
    for (const key of ['steps', 'scheduler', 'guidance', 'seed', 'width'])
      expect(parsed).not.toHaveProperty(key);
    expect(parseParameters('')).toEqual({ prompt: '', negativePrompt: '', fields: {} });
  });

  it('reads a hostile text quickly', () => {
    const started = performance.now();
    for (const text of [
      'a: '.repeat(100_000),
      `Steps: ${'"\\'.repeat(100_000)}`,
      'x, '.repeat(200_000),
      ' '.repeat(300_000) + ':',
    ]) {
      parseParameters(text);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
