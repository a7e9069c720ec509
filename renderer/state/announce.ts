/** What a screen reader is told while a job runs: few sentences, changing only at stages and quarters. */
import type { Stage } from '../../shared/placement';
import { stageInWork, stageShare, type JobRun } from './job-run';

export type Announcement =
  | { key: 'queued' | 'cancelling' | 'cancelled' | 'interrupted' | 'failed' }
  | { key: 'started' }
  | { key: 'stage'; stage: Stage; percent: number }
  | { key: 'done'; count: number };

/** The sentence for a job's present state; equal values mean: say nothing new. */
export function announcement(run: JobRun | null): Announcement | null {
  if (run === null) return null;
  const { state, report, settings } = run.view;
  if (state === 'running') {
    const stage = stageInWork(run);
    if (stage === null) return { key: 'started' };
    const share = stageShare(run.stages[stage]) ?? 0;
    return { key: 'stage', stage, percent: Math.floor(share * 4) * 25 };
  }
  if (state === 'done') return { key: 'done', count: report?.outputs.length ?? settings.count };
  return { key: state };
}
