/** Pictures of other programs give their settings back; a foreign reader finds ours. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import ExifReader from 'exifreader';
import { describe, expect, it } from 'vitest';
import { understandSettings } from '../../../main/engine/foreign-settings/understand';
import { readSettings } from '../../../main/engine/image/read-settings';
import { formatParameters } from '../../../main/engine/image/settings-text';
import { encodePicture } from '../../../main/engine/image/write';
import { IMAGE_FORMATS } from '../../../shared/generation';
import type { RestoredSettings } from '../../../shared/restored-settings';
import { jpegWith, pngWith, textTag, userComment, webpWith } from '../../support/foreign-pictures';
import { temporaryFolder } from '../../support/temporary-folder';

async function restore(bytes: Buffer): Promise<RestoredSettings | null> {
  const file = path.join(temporaryFolder(), 'dropped');
  writeFileSync(file, bytes);
  const found = await readSettings(file);
  return found === null ? null : understandSettings(found);
}

/** What every format below was told to hold. */
const SETTINGS = {
  prompt: 'a harbour in the fog, (warm light:1.2)',
  negativePrompt: 'blurry, text',
  seed: 123456789,
  steps: 28,
  guidance: 6.5,
  size: { width: 768, height: 512 },
};

const A1111 =
  `${SETTINGS.prompt}\nNegative prompt: ${SETTINGS.negativePrompt}\n` +
  'Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 123456789, Size: 768x512, ' +
  'Model hash: abc, Model: dream, Denoising strength: 0.55, Version: v1.10.1';

describe('Automatic1111', () => {
  const expected = {
    tool: 'a1111',
    settings: { ...SETTINGS, strength: 0.55, scheduler: 'dpmpp-2m-karras' },
  };
  it('PNG', async () => expect(await restore(await pngWith({ parameters: A1111 }))).toEqual(expected));
  it.each(['big', 'little'] as const)('JPEG and WebP, %s-endian comment', async (order) => {
    expect(await restore(await jpegWith([userComment(A1111, order)]))).toEqual(expected);
    expect(await restore(await webpWith([userComment(A1111, order)]))).toEqual(expected);
  });
});

/** The API form of a graph as ComfyUI saves it for its own image-to-image example. */
const graph = (denoise: number): Record<string, { class_type: string; inputs: Record<string, unknown> }> => ({
  '3': {
    class_type: 'KSampler',
    inputs: {
      seed: SETTINGS.seed,
      steps: 28,
      cfg: 6.5,
      sampler_name: 'euler_ancestral',
      scheduler: 'normal',
      denoise,
      model: ['14', 0],
      positive: ['20', 0],
      negative: ['7', 0],
      latent_image: ['12', 0],
    },
  },
  '6': { class_type: 'CLIPTextEncode', inputs: { text: SETTINGS.prompt, clip: ['14', 1] } },
  '7': { class_type: 'CLIPTextEncode', inputs: { text: SETTINGS.negativePrompt, clip: ['14', 1] } },
  '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['14', 2] } },
  '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'ComfyUI', images: ['8', 0] } },
  '11': {
    class_type: 'ImageScale',
    inputs: { image: ['15', 0], width: 768, height: 512, crop: 'center', upscale_method: 'area' },
  },
  '12': { class_type: 'VAEEncode', inputs: { pixels: ['11', 0], vae: ['14', 2] } },
  '14': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'dream.safetensors' } },
  '15': { class_type: 'LoadImage', inputs: { image: 'sketch.png', upload: 'image' } },
  '20': {
    class_type: 'ControlNetApply',
    inputs: { conditioning: ['6', 0], control_net: ['21', 0], image: ['15', 0], strength: 0.8 },
  },
});

describe('ComfyUI', () => {
  const expected = {
    tool: 'comfyui',
    settings: { ...SETTINGS, strength: 0.55, scheduler: 'euler-ancestral' },
  };
  it('PNG, and WebP in the tag Model', async () => {
    const text = JSON.stringify(graph(0.55));
    expect(await restore(await pngWith({ prompt: text, workflow: '{"nodes":[]}' }))).toEqual(expected);
    const tags = [textTag(0x010f, 'workflow:{"nodes":[]}'), textTag(0x0110, `prompt:${text}`)];
    expect(await restore(await webpWith(tags))).toEqual(expected);
  });

  it('takes no strength from a picture that was made from words alone', async () => {
    const nodes = {
      ...graph(1),
      '12': { class_type: 'EmptyLatentImage', inputs: { width: 768, height: 512, batch_size: 1 } },
    };
    const restored = await restore(await pngWith({ prompt: JSON.stringify(nodes) }));
    expect(restored?.settings).toEqual({ ...SETTINGS, scheduler: 'euler-ancestral' });
  });

  it('follows the parts of a custom sampler, and words that come from another node', async () => {
    const nodes = {
      ...graph(1),
      '3': {
        class_type: 'SamplerCustomAdvanced',
        inputs: {
          noise: ['30', 0],
          guider: ['31', 0],
          sampler: ['32', 0],
          sigmas: ['33', 0],
          latent_image: ['12', 0],
        },
      },
      '6': { class_type: 'CLIPTextEncode', inputs: { text: ['34', 0], clip: ['14', 1] } },
      '30': { class_type: 'RandomNoise', inputs: { noise_seed: SETTINGS.seed } },
      '31': { class_type: 'CFGGuider', inputs: { cfg: 6.5, positive: ['6', 0], negative: ['7', 0] } },
      '32': { class_type: 'KSamplerSelect', inputs: { sampler_name: 'dpmpp_2m' } },
      '33': { class_type: 'BasicScheduler', inputs: { scheduler: 'karras', steps: 28, denoise: 0.55 } },
      '34': { class_type: 'PrimitiveString', inputs: { value: SETTINGS.prompt } },
    };
    expect(await restore(await pngWith({ prompt: JSON.stringify(nodes) }))).toEqual({
      tool: 'comfyui',
      settings: { ...SETTINGS, strength: 0.55, scheduler: 'dpmpp-2m-karras' },
    });
  });

  it('takes the last of several samplers, and ends with a graph that bites its own tail', async () => {
    const first = graph(1)['3']!;
    const nodes = {
      ...graph(0.4),
      '12': { class_type: 'LatentUpscale', inputs: { samples: ['40', 0], width: 768, height: 512 } },
      '40': {
        ...first,
        inputs: { ...first.inputs, seed: 1, steps: 9, latent_image: ['41', 0] },
      },
      '41': { class_type: 'Reroute', inputs: { '': ['12', 0] } },
    };
    const restored = await restore(await pngWith({ prompt: JSON.stringify(nodes) }));
    expect(restored?.settings).toMatchObject({ seed: SETTINGS.seed, steps: 28 });
  });
});

describe('InvokeAI', () => {
  it('the flat metadata of version 3 and later', async () => {
    const metadata = JSON.stringify({
      app_version: '5.6.0',
      generation_mode: 'img2img',
      positive_prompt: SETTINGS.prompt,
      negative_prompt: SETTINGS.negativePrompt,
      width: 768,
      height: 512,
      seed: SETTINGS.seed,
      rand_device: 'cpu',
      cfg_scale: 6.5,
      steps: 28,
      scheduler: 'dpmpp_2m_sde_k',
      strength: 0.55,
      model: { name: 'dream', base: 'sd-1', type: 'main' },
    });
    expect(await restore(await pngWith({ invokeai_metadata: metadata, invokeai_graph: '{}' }))).toEqual({
      tool: 'invokeai',
      settings: { ...SETTINGS, strength: 0.55, scheduler: 'dpmpp-2m-sde-karras' },
    });
  });

  it('the nested metadata of version 2', async () => {
    const metadata = JSON.stringify({
      model: 'stable diffusion',
      app_id: 'invoke-ai/InvokeAI',
      image: {
        type: 'img2img',
        prompt: [{ prompt: `${SETTINGS.prompt} [blurry, text]`, weight: 1 }],
        steps: 28,
        cfg_scale: 6.5,
        strength: 0.55,
        seed: SETTINGS.seed,
        width: 768,
        height: 512,
        sampler: 'k_euler_a',
      },
    });
    expect(await restore(await pngWith({ 'sd-metadata': metadata }))).toEqual({
      tool: 'invokeai',
      settings: { ...SETTINGS, strength: 0.55, scheduler: 'euler-ancestral' },
    });
  });

  it('the command line of version 1', async () => {
    const dream = `"${SETTINGS.prompt} [blurry, text]" -s 28 -S 123456789 -W 768 -H 512 -C 6.5 -A ddim -f 0.55`;
    expect(await restore(await pngWith({ Dream: dream }))).toEqual({
      tool: 'invokeai',
      settings: { ...SETTINGS, strength: 0.55, scheduler: 'ddim' },
    });
  });
});

describe('Fooocus', () => {
  const json = JSON.stringify({
    adm_guidance: '(1.5, 0.8, 0.3)',
    base_model: 'juggernaut',
    full_prompt: ['cinematic still', SETTINGS.prompt],
    guidance_scale: 6.5,
    metadata_scheme: 'fooocus',
    negative_prompt: SETTINGS.negativePrompt,
    performance: 'Speed',
    prompt: SETTINGS.prompt,
    resolution: '(768, 512)',
    sampler: 'dpmpp_2m_sde_gpu',
    scheduler: 'karras',
    seed: '123456789',
    sharpness: 2,
    steps: 28,
    version: 'Fooocus v2.5.5',
  });
  const expected = { tool: 'fooocus', settings: { ...SETTINGS, scheduler: 'dpmpp-2m-sde-karras' } };

  it('its own scheme in PNG, JPEG and WebP', async () => {
    expect(await restore(await pngWith({ parameters: json, fooocus_scheme: 'fooocus' }))).toEqual(expected);
    // Pillow writes these three tags into the first directory, as plain text.
    const tags = [textTag(0x0131, 'Fooocus v2.5.5'), textTag(0x927c, 'fooocus'), textTag(0x9286, json)];
    expect(await restore(await jpegWith(tags))).toEqual(expected);
    expect(await restore(await webpWith(tags))).toEqual(expected);
  });

  it('its A1111 scheme, with what was typed and not what styles added', async () => {
    const text =
      `cinematic still, ${SETTINGS.prompt}\nNegative prompt: ugly\n` +
      'Steps: 28, Sampler: DPM++ 2M SDE Karras, Seed: 123456789, Size: 768x512, CFG scale: 6.5, Sharpness: 2, ' +
      `Raw prompt: ${JSON.stringify(SETTINGS.prompt)}, Raw negative prompt: "blurry, text", Version: Fooocus v2.5.5`;
    expect(await restore(await pngWith({ parameters: text, fooocus_scheme: 'a1111' }))).toEqual(expected);
  });
});

describe('what cannot be used', () => {
  it('leaves out values beyond our limits and keeps the rest', async () => {
    const text = A1111.replace('Steps: 28', 'Steps: 100000')
      .replace('768x512', '99999x4')
      .replace('0.55', '7');
    const { steps: _, size: __, ...kept } = SETTINGS;
    expect((await restore(await pngWith({ parameters: text })))?.settings).toEqual({
      ...kept,
      scheduler: 'dpmpp-2m-karras',
    });
  });

  it('finds nothing in a picture without settings, in broken JSON, and in a graph that samples nothing', async () => {
    expect(await restore(await pngWith({}))).toBeNull();
    expect(await restore(await pngWith({ prompt: '{"3": ' }))).toBeNull();
    expect(
      await restore(await pngWith({ prompt: '[]', invokeai_metadata: '7', 'sd-metadata': '{}' })),
    ).toBeNull();
    expect(await restore(await pngWith({ Dream: 'no quotes' }))).toBeNull();
  });

  it('prefers what is exact: our own JSON over the text beside it', async () => {
    const json = JSON.stringify({
      app: 'underpaint',
      prompt: 'exact',
      negativePrompt: '',
      strength: 0.5,
      loras: [{ name: 'ink', strength: 0.8, revision: 'r' }],
      workingSize: { width: 64, height: 48 },
      scheduler: 'ddim',
    });
    expect(await restore(await pngWith({ parameters: A1111, underpaint: json }))).toEqual({
      tool: 'underpaint',
      settings: {
        prompt: 'exact <lora:ink:0.8>',
        negativePrompt: '',
        strength: 0.5,
        size: { width: 64, height: 48 },
        scheduler: 'ddim',
      },
    });
  });
});

describe('a foreign reader', () => {
  it.each(IMAGE_FORMATS)('finds our settings in %s', async (format) => {
    const parameters = formatParameters({
      ...SETTINGS,
      ...SETTINGS.size,
      scheduler: 'ddim',
      modelHash: 'abc',
      modelName: 'starter',
      strength: 0.6,
      version: '0.1.0',
    });
    const image = { width: 8, height: 8, rgb: Buffer.alloc(8 * 8 * 3, 90) };
    const tags = ExifReader.load(await encodePicture(image, format, { parameters, json: '{}' }));
    const found = format === 'png' ? String(tags['parameters']?.description) : decoded(tags['UserComment']);
    expect(found).toBe(parameters);
  });
});

/** As the readers of A1111's pictures take it from ExifReader: eight bytes of encoding, then UTF-16 with the high byte first. */
function decoded(tag: unknown): string {
  const value = typeof tag === 'object' && tag !== null && 'value' in tag ? tag.value : null;
  const bytes = Buffer.from(Array.isArray(value) ? value.map(Number) : []);
  expect(bytes.toString('latin1', 0, 8)).toBe('UNICODE\0');
  return Buffer.from(bytes.subarray(8)).swap16().toString('utf16le');
}
