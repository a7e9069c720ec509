/** Stopping early and keeping what is there: a picture of the steps so far, which says so, and nothing after it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INPUT_64 } from '../support/pictures';
import { runJob } from '../support/run-job';
import { smallJob } from '../support/settings';
import { temporaryFolder } from '../support/temporary-folder';
import { useTemporaryHome } from '../support/temporary-home';

useTemporaryHome();

describe('a person who stops early', () => {
  it('keeps the picture as it was after the step, and gets none of those that were still to come', async () => {
    const folder = temporaryFolder();
    const finish = new AbortController();
    const inspected: string[] = [];
    const { report, progress } = await runJob({
      folder,
      inputPath: INPUT_64,
      settings: smallJob({ steps: 4, strength: 1, count: 3 }),
      context: {
        finish: finish.signal,
        inspect: (name) => {
          inspected.push(name);
          if (name === 'latents_step_1') finish.abort();
        },
      },
    });
    expect(inspected.filter((name) => name.startsWith('latents_step'))).toEqual([
      'latents_step_0',
      'latents_step_1',
    ]);
    expect(report.outputs.map(({ seed, stoppedAfter }) => [seed, stoppedAfter])).toEqual([[7, 2]]);
    expect(report.notices).toContain('Stopped after step 2; what was there is kept.');
    expect(progress.filter(({ kind }) => kind === 'picture')).toHaveLength(1);
    const file = readFileSync(report.outputs[0]?.path ?? '', 'latin1');
    expect(file).toContain('"stepsRun":2,"stoppedAfter":2');
  });

  it('changes nothing when it comes with the last step', async () => {
    const settings = smallJob({ steps: 2, strength: 1 });
    const whole = await runJob({ folder: temporaryFolder(), inputPath: INPUT_64, settings });
    const finish = new AbortController();
    const late = await runJob({
      folder: temporaryFolder(),
      inputPath: INPUT_64,
      settings,
      context: {
        finish: finish.signal,
        inspect: (name) => {
          if (name === 'latents_step_1') finish.abort();
        },
      },
    });
    expect(late.report.outputs[0]?.stoppedAfter).toBeUndefined();
    expect(late.report.outputs[0]?.sha256).toBe(whole.report.outputs[0]?.sha256);
  });
});
