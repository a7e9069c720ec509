/** `underpaint plan`: one JSON object with the fields of the contract, words for people, and the rules that people rely on. */
import { rm, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { familySchema } from '../../shared/models';
import { stagePlanSchema, STAGES, type StagePlan } from '../../shared/placement';
import { runCli, type CliResult } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel } from '../support/golden';
import { NO_GPU } from '../support/programs';

const planSchema = z.object({
  hardware: z.object({
    cpu: z.object({ cores: z.number().min(1) }),
    gpu: z.object({ present: z.boolean(), totalVramBytes: z.number().nullable() }),
  }),
  model: z.object({ id: z.string(), family: familySchema }),
  width: z.number(),
  height: z.number(),
  stages: z.array(stagePlanSchema),
});

const { folder, home } = useCliFolder();

const run = (args: readonly string[], env: Record<string, string | undefined> = {}): Promise<CliResult> =>
  runCli(['plan', ...args], { home: home, cwd: folder, env: { ...NO_GPU, ...env } });

async function planned(...args: string[]): Promise<z.infer<typeof planSchema>> {
  const result = await run([...args, '--json']);
  expect(result.code, result.lines.join('\n')).toBe(0);
  const lines = result.stdout.split('\n');
  expect(lines).toHaveLength(2);
  return planSchema.parse(JSON.parse(lines[0] ?? ''));
}
const stageOf = (plan: { stages: StagePlan[] }, stage: StagePlan['stage']): StagePlan =>
  plan.stages.find((one) => one.stage === stage)!;

describe('plan --json', () => {
  it.each(['sd1', 'sd2', 'sdxl', 'flux'] as const)('takes the bare family %s', async (family) => {
    const plan = await planned('--model', family, '--size', '1024x768', '--vram-gb', '12');
    expect(plan.model).toEqual({ id: family, family });
    expect([plan.width, plan.height]).toEqual([1024, 768]);
    expect(plan.hardware.gpu).toEqual({ present: true, totalVramBytes: 12 * 2 ** 30 });
    expect(plan.stages.map(({ stage }) => stage)).toEqual(STAGES);
    for (const stage of plan.stages) {
      expect(stage.reason).not.toBe('');
      expect(stage.ms).toBeGreaterThan(0);
      expect(stage.memoryBytes).toBeGreaterThan(0);
    }
  });

  it('decodes SDXL 1024² in tiles with 10 GB, whole with 24, and on the CPU with none', async () => {
    const decode = async (gb: number): Promise<StagePlan> =>
      stageOf(await planned('--model', 'sdxl', '--size', '1024x1024', '--vram-gb', String(gb)), 'decode');
    expect(await decode(10)).toMatchObject({ where: 'local', device: 'gpu', tiled: true });
    expect(await decode(24)).toMatchObject({ where: 'local', device: 'gpu', tiled: false, tilePx: null });
    expect(await decode(0)).toMatchObject({ where: 'local', device: 'cpu', provider: 'cpu' });
  });

  it('plans for a model folder at the size that it was made for, and for the bundled model', async () => {
    const plan = await planned('--model', goldenModel('sd1-onnx'));
    expect(plan.model).toEqual({ id: 'sd1-onnx', family: 'sd1' });
    const bundled = await planned();
    expect(bundled.model.id).toBe('starter');
    expect([bundled.width, bundled.height]).toEqual([256, 256]);
    for (const { device, where } of bundled.stages) expect([where, device]).toEqual(['local', 'cpu']);
  });

  it('offline stays here whatever is allowed, and a pin to remote says why it cannot be', async () => {
    await mkdir(home, { recursive: true });
    const url = 'http://127.0.0.1:9';
    const network = {
      endpoints: { decode: [{ url }] },
      allowed: [{ url, kinds: ['latent'] }],
    };
    await writeFile(join(home, 'network.json'), JSON.stringify(network));
    const args = ['--model', 'sd1', '--size', '1024x1024', '--vram-gb', '0'];
    expect(stageOf(await planned(...args), 'decode').where).toBe('remote');
    expect(stageOf(await planned(...args, '--offline'), 'decode').where).toBe('local');
    expect(stageOf(await planned(...args, '--decode', 'local'), 'decode').where).toBe('local');
    const pinned = stageOf(await planned(...args, '--offline', '--decode', 'remote'), 'decode');
    expect(pinned).toMatchObject({ where: 'remote', device: 'none', provider: null });
    expect(pinned.problem).toContain('offline is switched on');
    await rm(join(home, 'network.json'));
  });
});

describe('plan', () => {
  it('prints the machine, a table and what stands against it', async () => {
    const { code, stdout } = await run(['--model', 'flux', '--vram-gb', '8']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GPU {5}graphics card with 8 GB/m);
    for (const stage of STAGES) expect(stdout).toMatch(new RegExp(`^${stage} `, 'm'));
    expect(stdout).toMatch(/^Generate needs .* GB of memory and .* GB are free, so it may fail; choose/m);
  });

  it.each([
    [['--vram-gb', 'much'], 2, '--vram-gb much is not usable'],
    [['--size', '10x'], 2, '--size 10x is not usable'],
    [['--decode', 'moon'], 2, '--decode moon is not known'],
    [['--model', '/no/such/model'], 4, 'There is no model at /no/such/model'],
  ] as const)('refuses %j with code %i', async (args, code, words) => {
    const result = await run(args);
    expect(result.code).toBe(code);
    expect(result.lines.at(-1)).toContain(words);
  });
});
