/** ONNX folders in every publisher's layout and types (pipelines.md 4.1 to 4.3): they run and give diffusers' picture, or are refused in the right sentence. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { detectFamily, isInpainting } from '../../main/engine/families/detect';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { readModelFolder } from '../../main/engine/model/model-folder';
import { partOf } from '../../main/engine/model/model-folder-parts';
import { ModelRuntime } from '../../main/engine/model/model-runtime';
import { openSession } from '../../main/engine/onnx/session';
import { fluxFolder } from '../support/flux';
import { goldenModel, maxDifference, readCase, readRecord, type GoldenCase } from '../support/golden';
import { runGolden, type Seen } from '../support/golden-run';
import { meanDifference } from '../support/pictures';
import { publish, without, type Published } from '../support/publishers';
import { wholeVariant } from '../support/sd1-variants';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();
const shared = new ModelCache();
afterAll(() => shared.release());

const SD = ['text_encoder', 'unet', 'vae_encoder', 'vae_decoder'] as const;
const XL = ['text_encoder', 'text_encoder_2', 'unet', 'vae_encoder', 'vae_decoder'] as const;
const FLUX = ['text_encoder', 'text_encoder_2', 'transformer', 'vae_encoder', 'vae_decoder'] as const;

/** Half precision outside, float32 inside. */
const half = { dtype: 'float16' } as const;

/** The legacy converter's, also RanaLLC's: int32 ids, float timestep [B], weights.pb, no configs of the parts; the encoder samples inside. */
const legacy = (source: string, type: 'float32' | 'float16'): Published => ({
  source,
  components: SD,
  data: ['weights.pb'],
  hasConfigs: false,
  edit: (component, graph) => {
    if (component === 'text_encoder') return graph.input('input_ids', { dtype: 'int32' });
    if (component === 'unet') {
      return graph
        .input('timestep', { dtype: type, dims: ['batch'] })
        .input('sample', { dtype: type })
        .input('encoder_hidden_states', { dtype: type })
        .output('out_sample', { dtype: type });
    }
    return component === 'vae_encoder' ? graph.sampleInside('latent_parameters', 'latent_sample') : graph;
  },
});

async function run(golden: GoldenCase, model: string): Promise<{ seen: Seen; image: ArrayLike<number> }> {
  const seen = await runGolden(golden, { settings: { model }, context: { models: shared } });
  return { seen, image: (await readRecord(golden.name))['image'] ?? [] };
}

async function expectWithin(golden: GoldenCase, model: string, bound: number): Promise<void> {
  const { seen, image } = await run(golden, model);
  expect(maxDifference(seen.get('image') ?? [], image)).toBeLessThanOrEqual(bound);
}

describe('run', () => {
  it('the legacy converter: rank-1 float timestep, weights.pb, a sampling encoder, a safety checker, no configs', async () => {
    const folder = await publish(temporaryFolder(), legacy(goldenModel('sd1'), 'float32'));
    await mkdir(join(folder, 'safety_checker'));
    await writeFile(join(folder, 'safety_checker', 'model.onnx'), 'never opened');
    const { seen, image } = await run(readCase('sd1-ddim'), folder);
    // The encoder's draw is its own (RandomNormalLike), so only the rest can be equal.
    expect(meanDifference(seen.get('image') ?? [], image)).toBeLessThan(4);
    expect(detectFamily(await readModelFolder(folder)).family).toBe('sd1');
  });

  it('Olive and AMD "_io16": float16 inputs and outputs of UNet and autoencoder, named axes', async () => {
    const folder = await publish(temporaryFolder(), {
      source: goldenModel('sd1'),
      components: SD,
      edit: (component, graph) => {
        if (component === 'text_encoder') {
          return graph
            .input('input_ids', { dtype: 'int32', dims: ['batch', 'sequence'] })
            .output('last_hidden_state', half);
        }
        if (component === 'unet') {
          return graph
            .input('sample', {
              ...half,
              dims: ['unet_sample_batch', 'unet_sample_channels', 'unet_sample_height', 'unet_sample_width'],
            })
            .input('timestep', { ...half, dims: ['unet_time_batch'] })
            .input('encoder_hidden_states', half)
            .output('out_sample', half);
        }
        return component === 'vae_encoder'
          ? graph.input('sample', half).output('latent_parameters', half)
          : graph.input('latent_sample', half).output('sample', half);
      },
    });
    await expectWithin(readCase('sd1-euler'), folder, 8);
  });

  it("Microsoft's web demo: int64 timestep [1], int32 ids, a float16 encoder beside a float32 decoder", async () => {
    const folder = await publish(temporaryFolder(), {
      source: goldenModel('sd1'),
      components: SD,
      edit: (component, graph) => {
        if (component === 'text_encoder') return graph.input('input_ids', { dtype: 'int32' });
        if (component === 'unet') return graph.input('timestep', { dtype: 'int64', dims: [1] });
        return component === 'vae_encoder'
          ? graph.input('sample', half).output('latent_parameters', half)
          : graph;
      },
    });
    await expectWithin(readCase('sd1-ddim'), folder, 4);
  });

  it('web exports: one graph of another name, weights spread over two files', async () => {
    const folder = await publish(temporaryFolder(), {
      source: goldenModel('sd1'),
      components: SD,
      graphName: 'model_q4f16.onnx',
      data: ['model_q4f16.onnx_data', 'model_q4f16.onnx_data_1'],
      edit: (_, graph) => graph,
    });
    await expectWithin(readCase('sd1-pndm'), folder, 2);
    await without(folder, 'vae_encoder');
    await expect(readModelFolder(folder)).rejects.toMatchObject({
      code: 'model',
      message: expect.stringMatching(/no vae_encoder.*cannot change one/),
    });
  });

  it("Olive's SDXL: int32 ids beside int64 ids, timestep [1], weights.pb", async () => {
    const folder = await publish(temporaryFolder(), {
      source: goldenModel('sdxl'),
      components: XL,
      data: ['weights.pb'],
      edit: (component, graph) => {
        if (component === 'text_encoder') return graph.input('input_ids', { dtype: 'int32' });
        return component === 'unet'
          ? graph
              .input('timestep', { dtype: 'float32', dims: [1] })
              .input('time_ids', half)
              .input('text_embeds', half)
          : graph;
      },
    });
    await expectWithin(readCase('sdxl-euler'), folder, 4);
  });

  it('OnnxStack and Amuse, Flux: a folder "unet", batch 1, "sample" out, int64 positions with a leading axis, model.onnx.data', async () => {
    const source = await fluxFolder('flux-dev');
    const folder = await publish(temporaryFolder(), {
      source,
      components: FLUX,
      denoiserFolder: 'unet',
      data: ['model.onnx.data'],
      edit: (component, graph) => {
        if (component === 'text_encoder') return graph.input('input_ids', { dtype: 'int32' });
        return component === 'transformer'
          ? graph
              .input('hidden_states', { dims: [1, 'tokens', 64] })
              .input('img_ids', { dtype: 'int64', dims: [1, 'tokens', 3] })
              .input('txt_ids', { dtype: 'int64', dims: [1, 'sequence', 3] })
              .output('out_hidden_states', { name: 'sample' })
          : graph;
      },
    });
    await writeFile(join(folder, 'amuse_template.json'), '{"PipelineType":"Flux"}');
    await expectWithin(readCase('flux-dev'), folder, 2);
  });
});

describe('an inpainting UNet as a finished graph', () => {
  it('without its config is known by its 9 channels, and runs with a mask', async () => {
    const source = await wholeVariant('inpaint', temporaryFolder());
    const folder = await publish(temporaryFolder(), legacy(source, 'float16'));
    expect(isInpainting(await readModelFolder(folder))).toBe(true);
    const { seen, image } = await run(readCase('masked-inpaint-ddim-max'), folder);
    expect(meanDifference(seen.get('image') ?? [], image)).toBeLessThan(4);
  });

  it('goes to the CPU and never to WebGPU, whose convolution is wrong for it; the other parts may stay', async () => {
    const source = await wholeVariant('inpaint', temporaryFolder());
    const folder = await readModelFolder(await publish(temporaryFolder(), legacy(source, 'float16')));
    await expect(partOf(folder, 'unet').graph.pathFor('webgpu')).rejects.toMatchObject({
      code: 'model',
      message: expect.stringContaining('a convolution over 9 channels, which WebGPU computes wrongly'),
    });
    expect(await partOf(folder, 'vae_decoder').graph.pathFor('webgpu')).toMatch(/vae_decoder/);
    const opened: string[] = [];
    const runtime = new ModelRuntime(folder, {
      providers: ['webgpu', 'cpu'],
      open: (path, options) => {
        opened.push(options.provider);
        return openSession(path, options);
      },
    });
    const notices: string[] = [];
    runtime.listen((message) => notices.push(message));
    const session = await runtime.acquire('unet');
    expect([session.provider, ...opened]).toEqual(['cpu', 'cpu']);
    expect(notices).toEqual([
      expect.stringMatching(/^The UNet goes on with "cpu": .*9 channels.*checkpoint/),
    ]);
    await runtime.releaseAll();
  });

  it.each(['sd1-onnx', 'sd1-fp16-onnx', 'sd1-mixed-onnx', 'sd2-onnx'])(
    '%s has none of that',
    async (model) => {
      const folder = await readModelFolder(goldenModel(model));
      for (const component of SD) {
        expect(await partOf(folder, component).graph.pathFor('webgpu')).toMatch(/model\.onnx$/);
      }
    },
  );
});

describe('are refused', () => {
  it("Black Forest Labs' graphs for TensorRT", async () => {
    const folder = temporaryFolder();
    for (const part of ['clip.opt', 't5.opt', 'transformer.opt/bf16', 'vae.opt']) {
      await mkdir(join(folder, part), { recursive: true });
      await writeFile(join(folder, part, 'model.onnx'), 'bf16');
    }
    await expect(readModelFolder(folder)).rejects.toMatchObject({
      code: 'model',
      message: expect.stringMatching(/made for NVIDIA's TensorRT.*FLUX\.1 folder/),
    });
  });

  it('a graph whose data file was not downloaded', async () => {
    const folder = await publish(temporaryFolder(), {
      source: goldenModel('sd1'),
      components: SD,
      data: ['model.onnx_data', 'model.onnx_data_1'],
      edit: (_, graph) => graph,
    });
    await without(folder, 'unet/model.onnx_data_1');
    const opening = shared.load(folder, 'cpu').then(({ runtime }) => runtime.acquire('unet'));
    await expect(opening).rejects.toMatchObject({
      code: 'model',
      message: expect.stringMatching(/weights that belong to unet\/model\.onnx are missing or incomplete/),
    });
  });
});
