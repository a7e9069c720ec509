/** `underpaint demo`: the main job on the bundled sketch with the bundled model, a before/after sheet and a strength strip. */
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { generationSettingsSchema } from '../../../../shared/generation';
import { makeBeforeAfterSheet, makeStrip } from '../../image/sheet';
import { describeModel, ModelCache } from '../../model/loaded-model';
import { starterModelPath } from '../../model/starter-path';
import { parseDevice } from '../parse-options';
import { makeOutputFolder } from '../output-target';
import { stageTable } from '../stage-table';
import { runJob } from './img2img';

const STRIP_STRENGTHS = [0.2, 0.4, 0.6, 0.8, 1] as const;

/** The same seed at every start, so that the demo's picture is the same everywhere. */
const DEMO_SEED = 7;

export function addDemo(program: Command, signal: AbortSignal): void {
  program
    .command('demo', { hidden: true })
    .option('-o, --output <folder>', 'where to write', 'demo-out')
    .option('--device <device>', 'auto, gpu or cpu', parseDevice)
    .action(async (options: { output: string; device?: 'auto' | 'gpu' | 'cpu' }) => {
      const folder = resolve(options.output);
      await makeOutputFolder(folder);
      const inputPath = join(starterModelPath(), 'sketch.png');
      const { demoPrompt = '' } = await describeModel(null);
      const settings = generationSettingsSchema.parse({
        prompt: demoPrompt,
        seed: DEMO_SEED,
        device: options.device ?? 'cpu',
      });
      const models = new ModelCache();
      try {
        const main = await runJob({
          inputPath,
          settings,
          target: { folder, name: 'result' },
          signal,
          models,
        });
        const result = main.outputs[0]?.path ?? '';
        const sheet = join(folder, 'before-after.png');
        await makeBeforeAfterSheet(inputPath, result, sheet, ['sketch', `strength ${main.strength}`]);

        const parts: string[] = [];
        for (const strength of STRIP_STRENGTHS) {
          const name = `strip-${Math.round(strength * 100)}`;
          const report = await runJob({
            inputPath,
            settings: { ...settings, strength },
            target: { folder, name },
            signal,
            models,
          });
          parts.push(...report.outputs.map((output) => output.path));
        }
        const strip = join(folder, 'strength-strip.png');
        await makeStrip(
          parts,
          STRIP_STRENGTHS.map((strength) => `${Math.round(strength * 100)} %`),
          strip,
        );
        for (const part of parts) await rm(part);

        const lines = [
          '',
          `"${demoPrompt}"`,
          stageTable(main),
          '',
          ...[result, sheet, strip].map((path) => relative(process.cwd(), path) || path),
        ];
        process.stdout.write(`${lines.join('\n')}\n`);
      } finally {
        await models.release();
      }
    });
}
