/** Results on their way out: saved, copied, dragged; and back in as an input. */
import type { ResultView, Source } from '../../shared/contract';
import type { ExportChange } from '../../shared/export';
import type { Result } from '../../shared/result';
import { asWritten } from '../../shared/variations';
import type { ActionParts } from './action-parts';
import { lockSeed } from './draft';
import type { Panel } from './page-state';
import { shownResult } from './selectors';

export interface ResultActions {
  /** Saves the shown result; without asking, beside the last one that was saved. */
  saveResult: (isAsking?: boolean) => Promise<void>;
  /** Puts a result on the clipboard; the shown one when left out. */
  copyResult: (as: 'file' | 'picture', result?: ResultView) => Promise<void>;
  /** The pointer has begun to drag a result out. */
  dragResult: (resultId: string) => Promise<void>;
  readExport: () => Promise<void>;
  changeExport: (change: ExportChange) => Promise<void>;
  /** Makes the shown result the next input; with its settings, its seed is left open. */
  makeResultInput: (withSettings?: boolean) => Promise<void>;
  /** Takes over the settings and the seed of a result; of the shown one when left out. */
  reuseSettings: (result?: ResultView) => void;
  setLens: (isOn: boolean) => void;
  /** Unfolds a panel of the window, or folds it away. */
  setPanel: (panel: Panel | null) => void;
}

export function createResultActions(
  { bridge, state, dispatch, valueOf, confirm, changeDraft }: ActionParts,
  bringIn: (ask: () => Promise<Result<Source | null>>) => Promise<void>,
): ResultActions {
  let isSaving = false;
  const shown = (): ResultView | undefined => shownResult(state()) ?? undefined;
  return {
    saveResult: async (isAsking = true) => {
      const result = shown();
      if (result === undefined || isSaving) return;
      isSaving = true;
      const saved = valueOf('result', await bridge.resultSave({ resultId: result.id, isAsking }));
      isSaving = false;
      if (saved !== null) confirm('saved', { path: saved.path });
    },
    copyResult: async (as, result = shown()) => {
      if (result === undefined) return;
      const answer = await bridge.resultCopy({ resultId: result.id, as });
      if (!answer.ok) return void valueOf('result', answer);
      confirm(as === 'file' ? 'copiedFile' : 'copiedPicture');
    },
    dragResult: async (resultId) => void valueOf('result', await bridge.resultDrag({ resultId })),
    readExport: async () => {
      const settings = valueOf('result', await bridge.exportRead());
      if (settings !== null) dispatch({ type: 'export-read', settings });
    },
    changeExport: async (change) => {
      const settings = valueOf('result', await bridge.exportChange(change));
      if (settings !== null) dispatch({ type: 'export-read', settings });
    },
    makeResultInput: async (withSettings = false) => {
      const result = shown();
      if (result === undefined) return;
      await bringIn(() => bridge.sourceUseResult({ resultId: result.id }));
      if (withSettings) {
        changeDraft((now) => ({
          ...now,
          settings: { ...asWritten(result.settings), count: 1, seed: null },
          isSeedLocked: false,
        }));
      }
    },
    reuseSettings: (result = shown()) => {
      if (result === undefined) return;
      const settings = { ...asWritten(result.settings), count: 1 };
      changeDraft((now) => lockSeed({ ...now, settings }, result.seed));
      confirm('copiedSettings');
    },
    setPanel: (panel) => dispatch({ type: 'panel-opened', panel }),
    setLens: (isOn) => dispatch({ type: 'lens-switched', isOn }),
  };
}
