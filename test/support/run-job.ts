/** Runs the real pipeline in this process, as the command line does. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobContext } from '../../main/engine/context';
import { img2img } from '../../main/engine/img2img';
import { ModelCache } from '../../main/engine/model/loaded-model';
import { testMachine } from './test-machine';
import type { GenerationSettings } from '../../shared/generation';
import type { JobProgress, JobReport } from '../../shared/job';

export interface RunOptions {
  readonly folder: string;
  readonly inputPath: string;
  readonly maskPath?: string | null;
  readonly settings: GenerationSettings;
  readonly name?: string;
  readonly previews?: boolean;
  readonly context?: Partial<JobContext>;
}

export interface RunResult {
  readonly report: JobReport;
  readonly progress: readonly JobProgress[];
}

/** Results land in `<folder>/out`, the journal in `<folder>/job`. */
export async function runJob(options: RunOptions): Promise<RunResult> {
  const outputFolder = join(options.folder, 'out');
  const jobFolder = join(options.folder, 'job');
  await mkdir(outputFolder, { recursive: true });
  await mkdir(jobFolder, { recursive: true });
  const progress: JobProgress[] = [];
  const models = options.context?.models ?? new ModelCache();
  try {
    const report = await img2img(
      {
        inputPath: options.inputPath,
        maskPath: options.maskPath ?? null,
        settings: options.settings,
        outputFolder,
        outputName: options.name ?? 'result',
        jobFolder,
        previews: options.previews ?? false,
      },
      {
        signal: new AbortController().signal,
        machine: testMachine(),
        onProgress: (event) => progress.push(event),
        ...options.context,
        models,
      },
    );
    return { report, progress };
  } finally {
    if (options.context?.models === undefined) await models.release();
  }
}
