/** What the page does with the queue, and the groups of pictures that one press starts. */
import type { RequestOf } from '../../shared/contract';
import type { Result } from '../../shared/result';
import { stripStrengths, type Variation } from '../../shared/variations';
import type { PageBridge } from '../bridge';
import { chosenModel, effectiveSettings } from './draft';
import type { PageState, ProblemOrigin } from './page-state';
import { readiness } from './readiness';
import type { PageEvent } from './reduce';
import { activeRun, canKeep, shownResult } from './selectors';

export interface QueueActions {
  /** One seed at five strengths. */
  paintStrip: () => Promise<void>;
  /** The seeds behind the kept one, or behind that of the result in view. */
  paintSeeds: (count: number) => Promise<void>;
  /** Every combination of the prompt's choices. */
  paintChoices: () => Promise<void>;
  /** Stops the job that works after its next step and keeps what is there. */
  keepAsItIs: () => Promise<void>;
  /** Puts waiting jobs before another one; null: at the end. */
  moveJobs: (jobIds: readonly string[], before: string | null) => Promise<void>;
  /** Lets the running job be the last one for now, or lets the queue go on. */
  pauseQueue: (isPaused: boolean) => Promise<void>;
  /** Null: everything that waits and runs. */
  cancelJobs: (jobIds: readonly string[] | null) => Promise<void>;
}

export interface QueueTools {
  bridge: PageBridge;
  state: () => PageState;
  dispatch: (event: PageEvent) => void;
  valueOf: <T>(origin: ProblemOrigin, result: Result<T>) => T | null;
  /** What a job would be made of now; null where nothing could be painted. */
  request: () => Promise<RequestOf<'job.start'> | null>;
}

export function createQueueActions({ bridge, state, dispatch, valueOf, request }: QueueTools): QueueActions {
  const start = async (variation: Variation, seed?: number | null): Promise<void> => {
    if (readiness(state()).length > 0) return;
    dispatch({ type: 'start-asked' });
    const wanted = await request();
    if (wanted !== null) {
      const settings = seed === undefined ? wanted.settings : { ...wanted.settings, seed };
      valueOf('job', await bridge.jobStartGroup({ ...wanted, settings, variation }));
    }
    dispatch({ type: 'start-ended' });
  };
  return {
    paintStrip: () => {
      const { draft, models } = state();
      const model = chosenModel(models, draft.settings.model);
      const { steps } = effectiveSettings(draft.settings, model);
      return start({ kind: 'strengths', strengths: stripStrengths(steps, model?.stepRule ?? 'floor') });
    },
    paintSeeds: (count) => {
      const { draft } = state();
      const seed = draft.isSeedLocked ? draft.settings.seed : (shownResult(state())?.seed ?? null);
      return start({ kind: 'seeds', count }, seed);
    },
    paintChoices: () => start({ kind: 'choices' }),
    keepAsItIs: async () => {
      const run = activeRun(state());
      if (run !== null && canKeep(run)) valueOf('result', await bridge.jobKeep({ jobId: run.view.id }));
    },
    moveJobs: async (jobIds, before) => {
      valueOf('job', await bridge.queueMove({ jobIds: [...jobIds], before }));
    },
    pauseQueue: async (isPaused) => {
      valueOf('job', await bridge.queuePause({ isPaused }));
    },
    cancelJobs: async (jobIds) => {
      valueOf('job', await bridge.queueCancel({ jobIds: jobIds === null ? null : [...jobIds] }));
    },
  };
}
