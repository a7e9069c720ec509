/** Every recorded machine is told right, within three seconds, also when its tools hang or talk nonsense. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { choose, detectHardware } from '../../../main/hardware/detect-hardware';
import { chosenGpu, hardwareSchema, type Hardware } from '../../../shared/hardware';
import { buildMachine, machineNames, readMachine } from '../../support/machine';
import { withFolder } from '../../support/golden';

const LIMIT_MS = 3000;
const names = await machineNames();

/** False also for a process that has ended and only waits to be counted. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

describe('recorded machines', () => {
  it('are at least 20', () => {
    expect(names.length).toBeGreaterThanOrEqual(20);
  });

  it.each(names)('%s', async (name) => {
    const machine = await readMachine(name);
    await withFolder(async (folder) => {
      const options = await buildMachine(machine, folder);
      const startedAt = performance.now();
      const hardware = await detectHardware(options);
      expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS);
      expect(hardwareSchema.parse(hardware)).toEqual(hardware);

      const told = hardware.adapters.map(({ name: adapter, kind, totalBytes, freeBytes }) => ({
        name: adapter,
        kind,
        totalBytes,
        freeBytes,
      }));
      expect(told).toEqual(machine.expect.adapters);
      expect(chosenGpu(hardware)?.name ?? null).toBe(machine.expect.gpu);
      expect(hardware.notes, hardware.notes.join('\n')).toHaveLength(machine.expect.notes);
      for (const note of hardware.notes) expect(note).toMatch(/^[A-Za-z].*\.$/);

      for (const [tool, { hang }] of Object.entries(machine.tools)) {
        const pidFile = join(folder, `${tool}.pid`);
        if (hang && existsSync(pidFile)) {
          const pid = Number(readFileSync(pidFile, 'utf8'));
          await vi.waitFor(() => expect(isAlive(pid), `what ${tool} started`).toBe(false));
        }
      }
    });
  });
});

describe('what the person sets', () => {
  const machine = async (name: string): Promise<Hardware> =>
    withFolder(async (folder) => detectHardware(await buildMachine(await readMachine(name), folder)));

  it('a size of 0 means that no graphics card is used', async () => {
    const hardware = await machine('linux-nvidia-one');
    const without = choose(hardware, { adapter: null, vramGb: 0, reserveGb: null });
    expect(chosenGpu(without)).toBeNull();
    expect(without.adapters).toEqual(hardware.adapters);
  });

  it('a size makes a card where none was found', async () => {
    const hardware = choose(await machine('linux-nothing'), { adapter: null, vramGb: 12, reserveGb: 2 });
    expect(chosenGpu(hardware)).toMatchObject({
      kind: 'discrete',
      totalBytes: 12 * 2 ** 30,
      freeBytes: null,
      source: 'person',
    });
    expect(hardware.reserveBytes).toBe(2 * 2 ** 30);
  });

  it('a smaller size than the card has limits what is free', async () => {
    const hardware = choose(await machine('linux-nvidia-one'), { adapter: null, vramGb: 4, reserveGb: null });
    expect(chosenGpu(hardware)).toMatchObject({ totalBytes: 4 * 2 ** 30, freeBytes: 4 * 2 ** 30 });
  });

  it('an adapter that is not there is said and ignored', async () => {
    const hardware = choose(await machine('linux-nvidia-one'), {
      adapter: 'Voodoo 2',
      vramGb: null,
      reserveGb: null,
    });
    expect(chosenGpu(hardware)?.name).toBe('NVIDIA GeForce RTX 3080');
    expect(hardware.notes.at(-1)).toContain('"Voodoo 2"');
  });
});
