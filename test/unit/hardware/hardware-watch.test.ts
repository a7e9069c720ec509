/** What is remembered of the machine between jobs, and what is asked again. */
import { describe, expect, it } from 'vitest';
import { detectHardware } from '../../../main/hardware/detect-hardware';
import { HardwareWatch } from '../../../main/hardware/hardware-watch';
import { chosenGpu, type Hardware } from '../../../shared/hardware';
import { buildMachine, readMachine, type Machine } from '../../support/machine';
import { withFolder } from '../../support/golden';

/** A watch over machines that answer one after the other. */
function watchOver(...machines: Machine[]): { watch: HardwareWatch; asked: () => number } {
  let asked = 0;
  const detect = (): Promise<Hardware> => {
    const machine = machines[Math.min(asked, machines.length - 1)]!;
    asked += 1;
    return withFolder(async (folder) => detectHardware(await buildMachine(machine, folder)));
  };
  return { watch: new HardwareWatch(detect), asked: () => asked };
}

const withSmi = (machine: Machine, stdout: string): Machine => ({
  ...machine,
  tools: { 'nvidia-smi': { stdout, stderr: '', code: 0, hang: false } },
});

describe('the hardware watch', () => {
  it('asks once for many questions', async () => {
    const { watch, asked } = watchOver(await readMachine('linux-nvidia-one'));
    const answers = await Promise.all([watch.current(), watch.current()]);
    expect(answers[0]).toBe(answers[1]);
    expect(await watch.current()).toBe(answers[0]);
    expect(asked()).toBe(1);
  });

  it('tells what is free now after a refresh', async () => {
    const machine = await readMachine('linux-nvidia-one');
    const later = withSmi(
      machine,
      '0, NVIDIA GeForce RTX 3080, 00000000:01:00.0, 550.120, 10240, 9000, 999\n',
    );
    const { watch } = watchOver(machine, later);
    expect(chosenGpu(await watch.current())?.freeBytes).toBe(9418 * 2 ** 20);
    expect(chosenGpu(await watch.refresh())?.freeBytes).toBe(999 * 2 ** 20);
    expect(chosenGpu(await watch.current())?.freeBytes).toBe(999 * 2 ** 20);
  });

  it('keeps the size of a card whose tool has begun to hang, and says that nothing is known of its free memory', async () => {
    const machine = await readMachine('linux-nvidia-one');
    const hanging: Machine = {
      ...machine,
      tools: { 'nvidia-smi': { stdout: '', stderr: '', code: 0, hang: true } },
    };
    const { watch } = watchOver(machine, hanging);
    await watch.current();
    expect(chosenGpu(await watch.refresh())).toMatchObject({
      name: 'NVIDIA GeForce RTX 3080',
      totalBytes: 10240 * 2 ** 20,
      freeBytes: null,
    });
  });

  it('keeps everything when no tool answers any more', async () => {
    const { watch } = watchOver(
      await readMachine('windows-amd-rx6800'),
      await readMachine('windows-all-hang'),
    );
    const before = await watch.current();
    const after = await watch.refresh();
    expect(chosenGpu(after)).toEqual({ ...chosenGpu(before), freeBytes: null });
  });
});
