/** One job as the page follows it: its state and, per stage, where it runs and how far it is. A pure reducer. */
import type { JobProgress, JobState, JobView } from '../../shared/job';
import { STAGES, type Provider, type Stage } from '../../shared/placement';

export interface StagePlace {
  where: 'local' | 'remote';
  device: 'gpu' | 'cpu' | 'none';
  provider: Provider | null;
  tiled: boolean;
  reason: string;
  /** What was predicted; null where nothing was planned. */
  predicted: { memoryBytes: number; ms: number } | null;
}

export interface StageRun {
  state: 'waiting' | 'running' | 'done' | 'stopped';
  place: StagePlace | null;
  /** Finished and all parts (steps or tiles) of the running picture; null when the stage has no parts. */
  done: number | null;
  of: number | null;
  /** Time over all pictures of the job so far. */
  ms: number;
  /** Most memory that it took, where that could be measured. */
  memoryBytes: number | null;
}

export interface JobRun {
  view: JobView;
  stages: Readonly<Record<Stage, StageRun>>;
  /** Index of the picture in work, 0 … count−1. */
  image: number;
  previewUrl: string | null;
  leftMs: number | null;
  notices: readonly string[];
  /** True for a job of an earlier session that has not gone on yet. */
  isFromBefore: boolean;
}

const WAITING: StageRun = { state: 'waiting', place: null, done: null, of: null, ms: 0, memoryBytes: null };

const ACTIVE: ReadonlySet<JobState> = new Set(['queued', 'running', 'cancelling']);

/** True while a job is queued or works. */
export const isActive = (view: JobView): boolean => ACTIVE.has(view.state);

/** A job as it is known when it is first heard of; a finished one shows what its report says. */
export function newRun(view: JobView): JobRun {
  const stages = { encode: WAITING, generate: WAITING, decode: WAITING };
  return applyReport({
    view,
    stages,
    image: 0,
    previewUrl: null,
    leftMs: null,
    notices: [],
    isFromBefore: false,
  });
}

/** Takes a job's new state; a job that starts again forgets its old progress but keeps its notices' place empty. */
export function changeRun(run: JobRun, view: JobView): JobRun {
  if (view.state === 'queued' && run.view.state !== 'queued') {
    return { ...newRun(view), previewUrl: run.previewUrl };
  }
  if (isActive(view)) return { ...run, view };
  return applyReport({ ...run, view, leftMs: null, stages: mapStages(run.stages, stopStage) });
}

/** Takes one progress event of the running job. */
export function progressRun(run: JobRun, progress: JobProgress, previewUrl: string | undefined): JobRun {
  switch (progress.kind) {
    case 'stage-start': {
      const { where, device, provider, tiled, reason, stage, image, predicted = null } = progress;
      const started: StageRun = {
        state: 'running',
        place: { where, device, provider, tiled, reason, predicted },
        done: null,
        of: null,
        ms: run.stages[stage].ms,
        memoryBytes: run.stages[stage].memoryBytes,
      };
      return { ...run, image, stages: { ...restartLater(run.stages, stage), [stage]: started } };
    }
    case 'stage-done': {
      const before = run.stages[progress.stage];
      return withStage(run, progress.stage, {
        ...before,
        state: 'done',
        done: before.of,
        ms: before.ms + progress.ms,
        memoryBytes: progress.memoryBytes ?? before.memoryBytes,
      });
    }
    case 'step':
      return {
        ...withStage(run, 'generate', { ...run.stages.generate, done: progress.step, of: progress.of }),
        image: progress.image,
        leftMs: progress.leftMs,
      };
    case 'tile':
      return withStage(run, progress.stage, {
        ...run.stages[progress.stage],
        done: progress.tile,
        of: progress.of,
      });
    case 'preview':
      return previewUrl === undefined ? run : { ...run, previewUrl };
    case 'picture':
      return run;
    case 'notice':
      return run.notices.includes(progress.message)
        ? run
        : { ...run, notices: [...run.notices, progress.message] };
  }
}

/** Share of a stage that is done, 0 … 1; null while it runs without saying how far it is. */
export function stageShare(stage: StageRun): number | null {
  if (stage.state === 'done') return 1;
  if (stage.state === 'waiting') return 0;
  if (stage.done === null || stage.of === null || stage.of === 0) return stage.state === 'running' ? null : 0;
  return stage.done / stage.of;
}

/** The stage that runs now, or that ran last before the job stopped; null before the first one. */
export function stageInWork(run: JobRun): Stage | null {
  return (
    STAGES.find((stage) => run.stages[stage].state === 'running' || run.stages[stage].state === 'stopped') ??
    null
  );
}

function withStage(run: JobRun, stage: Stage, value: StageRun): JobRun {
  return { ...run, stages: { ...run.stages, [stage]: value } };
}

function mapStages(stages: JobRun['stages'], change: (stage: StageRun) => StageRun): JobRun['stages'] {
  return {
    encode: change(stages.encode),
    generate: change(stages.generate),
    decode: change(stages.decode),
  };
}

function stopStage(stage: StageRun): StageRun {
  return stage.state === 'running' ? { ...stage, state: 'stopped' } : stage;
}

/** The stages behind `stage` wait again: the next picture of the job goes through them once more. */
function restartLater(stages: JobRun['stages'], stage: Stage): JobRun['stages'] {
  const index = STAGES.indexOf(stage);
  const later = (name: Stage): StageRun =>
    STAGES.indexOf(name) > index ? { ...stages[name], state: 'waiting', done: null, of: null } : stages[name];
  return { encode: later('encode'), generate: later('generate'), decode: later('decode') };
}

function applyReport(run: JobRun): JobRun {
  const report = run.view.report;
  if (report === null) return run;
  const stages = { ...run.stages };
  for (const part of report.stages) {
    const { where, device, provider, tiled, reason, ms, memoryBytes, predictedMs, predictedMemoryBytes } =
      part;
    const predicted =
      predictedMs === null || predictedMemoryBytes === null
        ? null
        : { ms: predictedMs, memoryBytes: predictedMemoryBytes };
    stages[part.stage] = {
      ...stages[part.stage],
      state: 'done',
      place: { where, device, provider, tiled, reason, predicted },
      ms,
      memoryBytes,
    };
  }
  return { ...run, stages, notices: report.notices.length > 0 ? report.notices : run.notices };
}
