/** What the planner makes of wishes, of the network, and of what earlier jobs have shown. */
import { describe, expect, it } from 'vitest';
import { NO_HISTORY, remember, type History, type HistoryEntry } from '../../../main/placement/history';
import { deviceKey, planStages } from '../../../main/placement/planner';
import type { PlannerInput } from '../../../main/placement/planner-input';
import { chosenGpu, type AdapterKind, type Hardware } from '../../../shared/hardware';
import type { Stage, StagePlan } from '../../../shared/placement';
import { inputFor, machineWith, networkOf } from '../../support/plan-table';

const GIB = 2 ** 30;
const OFFLINE = networkOf(false, true);
const AUTO = { encode: 'auto', generate: 'auto', decode: 'auto' } as const;

const plan = (input: PlannerInput, stage: Stage): StagePlan =>
  planStages(input).stages.find((one) => one.stage === stage)!;

describe('a pin', () => {
  it('to remote wins where a card would take the whole picture', () => {
    const input = inputFor(24, 'sd1', 512, { pins: { ...AUTO, decode: 'remote' } });
    expect(plan(input, 'decode')).toMatchObject({
      where: 'remote',
      device: 'none',
      provider: null,
      memoryBytes: 0,
      problem: null,
      reason: 'the endpoint was asked for',
    });
    expect(plan(input, 'encode').where).toBe('local');
  });

  it('to local wins where an endpoint would be faster', () => {
    const input = inputFor(0, 'sd1', 512, { pins: { ...AUTO, decode: 'local' } });
    expect(plan(input, 'decode')).toMatchObject({ where: 'local', device: 'cpu', problem: null });
  });

  it.each([
    ['offline', networkOf(false, true), 'decode', /offline is switched on; switch it off/],
    ['without consent', networkOf(true, false), 'decode', /nothing may be sent to https:.* yet; allow it/],
    ['without an endpoint', networkOf(true, true), 'generate', /none is set for it; set one/],
  ] as const)('to remote that is impossible %s says why and what would work', (_, network, stage, why) => {
    const input = inputFor(10, 'sd1', 512, { network, pins: { ...AUTO, [stage]: 'remote' } });
    const { where, problem } = plan(input, stage);
    expect(where).toBe('remote');
    expect(problem).toMatch(why);
    expect(problem).toMatch(/Here it would run on the graphics card\.$/);
  });

  it('to the CPU or to tiles is obeyed', () => {
    const cpu = inputFor(24, 'sd1', 1024, { device: 'cpu', network: OFFLINE });
    expect(planStages(cpu).stages.map(({ device }) => device)).toEqual(['cpu', 'cpu', 'cpu']);
    expect(plan(cpu, 'decode').reason).toBe('the CPU was asked for');
    const tiled = inputFor(24, 'sd1', 1024, { tiling: 'on', network: OFFLINE });
    expect(plan(tiled, 'decode')).toMatchObject({ device: 'gpu', tiled: true, tilePx: 512 });
    expect(plan(tiled, 'decode').reason).toContain('in tiles of 512 px, as asked');
    expect(plan(tiled, 'generate').tiled).toBe(false);
    // A picture no larger than a tile is not cut.
    expect(plan(inputFor(24, 'sd1', 256, { tiling: 'on' }), 'decode').tiled).toBe(false);
  });

  it('against tiles takes the CPU before it cuts', () => {
    const input = inputFor(4, 'sd1', 1024, { tiling: 'off', network: OFFLINE });
    expect(plan(input, 'decode')).toMatchObject({ device: 'cpu', tiled: false, problem: null });
  });

  it('to the graphics card that is impossible says why and what would work', () => {
    const none = plan(inputFor(0, 'sd1', 512, { device: 'gpu' }), 'generate');
    expect(none).toMatchObject({ where: 'local', device: 'gpu' });
    expect(none.problem).toMatch(/none was found that can be used; choose auto or cpu\.$/);
    const small = plan(inputFor(4, 'sdxl', 1024, { device: 'gpu' }), 'generate');
    expect(small).toMatchObject({ where: 'local', device: 'gpu' });
    expect(small.problem).toMatch(/needs 6\.\d GB and 2\.2 GB are free; choose auto or a smaller size\.$/);
  });

  it('to this machine where nothing fits says what is missing', () => {
    const { problem, reason } = plan(inputFor(8, 'flux', 1024), 'generate');
    expect(problem).toMatch(
      /^Generate needs \d+\.\d GB of memory and \d+\.\d GB are free, so it may fail; choose/,
    );
    expect(reason).not.toBe('');
  });
});

describe('an endpoint', () => {
  const slow = (): PlannerInput['network'] => {
    const network = networkOf(true, true);
    const slower = { ...network.endpoints.decode!, uploadBytesPerSecond: 5e4, downloadBytesPerSecond: 1e5 };
    return { ...network, endpoints: { ...network.endpoints, decode: slower } };
  };

  it('behind a slow line is left alone', () => {
    const { where, reason } = plan(inputFor(0, 'sd1', 512, { network: slow() }), 'decode');
    expect(where).toBe('local');
    expect(reason).toContain('no graphics card');
  });

  it('counts the time of the transfer', () => {
    const pins = { ...AUTO, decode: 'remote' } as const;
    const fast = plan(inputFor(0, 'sd1', 512, { pins }), 'decode').ms;
    const slower = plan(inputFor(0, 'sd1', 512, { pins, network: slow() }), 'decode').ms;
    // 512 × 512 × 3 bytes at 0.1 and at 12.5 MB/s, 64 KiB of latents at 0.05 and at 5 MB/s.
    const transfer = (512 * 512 * 3) / 1e5 - (512 * 512 * 3) / 12.5e6 + 65_536 / 5e4 - 65_536 / 5e6;
    expect((slower - fast) / 1000).toBeCloseTo(transfer, 3);
  });

  it('generates by itself only after it has shown how fast it is', () => {
    const network = networkOf(true, true);
    const generate = { ...network.endpoints.decode!, msPerMegapixel: null };
    const unknown = inputFor(0, 'sdxl', 1024, {
      network: { ...network, endpoints: { ...network.endpoints, generate } },
    });
    expect(plan(unknown, 'generate').where).toBe('local');
    const known = { ...generate, msPerMegapixel: 500 };
    const measured = { ...network, endpoints: { ...network.endpoints, generate: known } };
    expect(plan({ ...unknown, network: measured }, 'generate').where).toBe('remote');
    // What does not fit here at all goes there as well.
    const flux = inputFor(0, 'flux', 1024, { network: unknown.network });
    expect(plan(flux, 'generate')).toMatchObject({
      where: 'remote',
      reason: 'this machine has too little memory for it',
    });
  });
});

const withKind = (hardware: Hardware, kind: AdapterKind): Hardware => ({
  ...hardware,
  adapters: hardware.adapters.map((adapter) => ({ ...adapter, kind })),
});

describe('the machine', () => {
  it('graphics inside the processor are left for a faster CPU', () => {
    const hardware = withKind(machineWith(8), 'integrated');
    const input = inputFor(8, 'sd1', 512, { hardware, network: OFFLINE });
    expect(plan(input, 'decode').device).toBe('cpu');
    expect(plan(input, 'decode').reason).toMatch(
      /the CPU is faster than this machine's graphics \(.* against .*\)/,
    );
    const twoCores = { ...hardware, cpu: { ...hardware.cpu, cores: 2 } };
    expect(plan({ ...input, hardware: twoCores }, 'decode').device).toBe('gpu');
    expect(plan({ ...input, device: 'gpu' }, 'decode').device).toBe('gpu');
  });

  it('other programs on the card leave less for this one', () => {
    const free = (bytes: number): Hardware => {
      const hardware = machineWith(10);
      return { ...hardware, adapters: hardware.adapters.map((one) => ({ ...one, freeBytes: bytes })) };
    };
    const input = inputFor(10, 'sd1', 1024, { network: OFFLINE });
    expect(plan({ ...input, hardware: free(9 * GIB) }, 'decode').tiled).toBe(false);
    expect(plan({ ...input, hardware: free(5 * GIB) }, 'decode')).toMatchObject({
      device: 'gpu',
      tiled: true,
    });
    expect(plan({ ...input, hardware: free(GIB) }, 'decode').device).toBe('cpu');
    // What this process holds itself it can give back.
    const own = { gpu: 8 * GIB, cpu: 0 };
    expect(plan({ ...input, hardware: free(GIB), own }, 'decode').tiled).toBe(false);
  });

  it('a reserve that the person has set counts', () => {
    const hardware = { ...machineWith(8), reserveBytes: 6 * GIB };
    expect(plan(inputFor(8, 'sd1', 512, { hardware, network: OFFLINE }), 'generate').device).toBe('cpu');
  });

  it('without a provider that works the CPU does it', () => {
    const { device, reason } = plan(
      inputFor(24, 'sd1', 512, { gpuProviders: [], network: OFFLINE }),
      'decode',
    );
    expect(device).toBe('cpu');
    expect(reason).toBe('no graphics provider works on this machine');
  });

  it('a text encoder that is too large for the card runs on the CPU', () => {
    const input = inputFor(8, 'sd1', 512);
    expect(planStages(input).textProvider).toBe('webgpu');
    const heavy = { ...input.model, text: { ...input.model.text, gpuBytes: 20 * GIB } };
    expect(planStages({ ...input, model: heavy })).toMatchObject({ textProvider: 'cpu' });
  });

  it('sessions stay open together only where all of them fit', () => {
    expect(planStages(inputFor(24, 'sd1', 512)).keepsTogether).toBe(true);
    expect(planStages(inputFor(4, 'sd1', 512)).keepsTogether).toBe(false);
  });

  it('graphs without fused attention need far more at large sizes', () => {
    const input = inputFor(24, 'sd1', 1024);
    const unfused = { ...input.model.denoiser, hasFusedAttention: false };
    const more = plan({ ...input, model: { ...input.model, denoiser: unfused } }, 'generate');
    expect(more.memoryBytes).toBeGreaterThan(2 * plan(input, 'generate').memoryBytes);
  });
});

describe('what earlier jobs have shown', () => {
  const input = inputFor(10, 'sd1', 1024, { network: OFFLINE, nowMs: 1e12 });
  const device = deviceKey('gpu', chosenGpu(input.hardware));
  const entry = (changes: Partial<HistoryEntry>): HistoryEntry => ({
    outcome: 'done',
    at: 1e12 - 1000,
    device,
    provider: 'webgpu',
    stage: 'decode',
    family: 'sd1',
    model: 'sd1',
    passPx: 1024 ** 2,
    tiled: false,
    work: 1024 ** 2,
    ms: 4321,
    memoryBytes: null,
    freeBytes: null,
    ...changes,
  });
  const after = (...entries: Partial<HistoryEntry>[]): PlannerInput => ({
    ...input,
    history: entries.map(entry).reduce<History>(remember, NO_HISTORY),
  });
  const failed = { outcome: 'out-of-memory', work: 0, ms: 0 } as const;

  it('an out-of-memory means smaller tiles next time, and is told as the reason', () => {
    expect(plan(input, 'decode').tiled).toBe(false);
    expect(plan(after(failed), 'decode')).toMatchObject({ device: 'gpu', tilePx: 768 });
    expect(plan(after(failed), 'decode').reason).toContain(
      'decoding the whole picture ran out of memory before',
    );
    const all = after({ ...failed, passPx: 100 });
    expect(plan(all, 'decode').device).toBe('cpu');
    expect(plan(all, 'decode').reason).toBe('the graphics card ran out of memory with it before');
    expect(plan(after({ ...failed, stage: 'generate' }), 'generate').device).toBe('cpu');
  });

  it('another device, stage, family or a smaller size is not touched by it', () => {
    for (const other of [
      { device: 'another card' },
      { stage: 'encode' },
      { family: 'sdxl' },
      { provider: 'dml' },
      { passPx: 2048 ** 2 },
    ] as const) {
      expect(plan(after({ ...failed, ...other }), 'decode').tiled, JSON.stringify(other)).toBe(false);
    }
  });

  it('is forgiven after a success, with more free memory, and after two weeks', () => {
    expect(plan(after(failed, {}), 'decode').tiled).toBe(false);
    expect(plan(after(failed, { passPx: 64 }), 'decode').tiled).toBe(true);
    expect(plan(after({ ...failed, at: 1e12 - 15 * 86_400_000 }), 'decode').tiled).toBe(false);
    const roomy = {
      ...after({ ...failed, freeBytes: 4 * GIB }),
      hardware: {
        ...input.hardware,
        adapters: input.hardware.adapters.map((one) => ({ ...one, freeBytes: 9 * GIB })),
      },
    };
    expect(plan(roomy, 'decode').tiled).toBe(false);
  });

  it('measured times and memory replace the estimates', () => {
    const half = inputFor(10, 'sd1', 1024, { widthPx: 512 });
    expect(plan(after({}), 'decode').ms).toBe(4321);
    expect(plan({ ...half, history: after({}).history }, 'decode').ms).toBe(Math.round(4321 / 2));
    expect(plan(after({ memoryBytes: 5 * GIB }), 'decode').memoryBytes).toBe(5 * GIB);
    expect(plan(after({ memoryBytes: 9 * GIB }), 'decode').tiled).toBe(true);
    // The median of the last measurements, so that one slow run does not count.
    expect(plan(after({ ms: 100 }, { ms: 90_000 }, { ms: 110 }), 'decode').ms).toBe(110);
  });

  it('keeps no more than 300 entries', () => {
    let history: History = NO_HISTORY;
    for (let i = 0; i < 320; i += 1) history = remember(history, entry({ at: i }));
    expect(history.entries).toHaveLength(300);
    expect(history.entries[0]?.at).toBe(20);
  });
});
