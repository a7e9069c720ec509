/** What each command of the page does, and when it can. */
import { countChoices, MAX_COMBINATIONS } from '../../shared/choices';
import type { PageCommandId } from '../../shared/commands';
import type { Actions } from '../state/app';
import { isActive } from '../state/job-run';
import type { PageState } from '../state/page-state';
import { readiness } from '../state/readiness';
import { activeRun, canKeep, inputUrlOf, shownResult } from '../state/selectors';
import { PAINT_COMMANDS } from './paint-commands';

/** So many seeds a press of their key paints. */
const NEIGHBOURS = 4;

export interface PageCommand {
  /** Whether it would do something now; always when left out. A key whose command is not enabled does what it does anywhere else. */
  isEnabled?: (state: PageState) => boolean;
  run: (actions: Actions, state: PageState) => void;
}

const isReady = (state: PageState): boolean => state.phase === 'ready';
const canPaint = (state: PageState): boolean => isReady(state) && readiness(state).length === 0;
const hasResult = (state: PageState): boolean => shownResult(state) !== null;
const hasComparison = (state: PageState): boolean => {
  const result = shownResult(state);
  return result !== null && inputUrlOf(state, result) !== null;
};

export const PAGE_COMMANDS: Readonly<Record<PageCommandId, PageCommand>> = {
  open: {
    isEnabled: (state) => isReady(state) && !state.isImporting,
    run: (actions) => void actions.openPicture(),
  },
  'read-settings': { isEnabled: isReady, run: (actions) => void actions.openSettings() },
  'open-model': { isEnabled: isReady, run: (actions) => void actions.openModel() },
  save: { isEnabled: hasResult, run: (actions) => void actions.saveResult() },
  'save-again': { isEnabled: hasResult, run: (actions) => void actions.saveResult(false) },
  'save-options': { isEnabled: hasResult, run: (actions) => actions.setPanel('export') },
  'recent-inputs': { isEnabled: isReady, run: (actions) => actions.setPanel('recent') },
  'reveal-result': { isEnabled: hasResult, run: (actions) => void actions.revealResult() },
  generate: {
    isEnabled: canPaint,
    run: (actions) => void actions.generate(),
  },
  cancel: {
    isEnabled: (state) => activeRun(state) !== null,
    run: (actions) => void actions.cancel(),
  },
  'keep-as-it-is': {
    isEnabled: (state) => {
      const run = activeRun(state);
      return run !== null && canKeep(run);
    },
    run: (actions) => void actions.keepAsItIs(),
  },
  'strength-strip': { isEnabled: canPaint, run: (actions) => void actions.paintStrip() },
  'seed-variations': { isEnabled: canPaint, run: (actions) => void actions.paintSeeds(NEIGHBOURS) },
  'all-choices': {
    isEnabled: (state) => {
      const ways = countChoices(state.draft.settings.prompt);
      return canPaint(state) && ways > 1 && ways <= MAX_COMBINATIONS;
    },
    run: (actions) => void actions.paintChoices(),
  },
  'pause-queue': {
    isEnabled: ({ queue }) => queue.waiting.length > 0,
    run: (actions, { queue }) => void actions.pauseQueue(!queue.isPaused),
  },
  'cancel-all': {
    isEnabled: ({ runs }) => Object.values(runs).some(({ view }) => isActive(view)),
    run: (actions) => void actions.cancelJobs(null),
  },
  'use-as-input': { isEnabled: hasResult, run: (actions) => void actions.makeResultInput() },
  'use-with-settings': { isEnabled: hasResult, run: (actions) => void actions.makeResultInput(true) },
  'copy-picture': { isEnabled: hasResult, run: (actions) => void actions.copyResult('picture') },
  'copy-file': { isEnabled: hasResult, run: (actions) => void actions.copyResult('file') },
  lens: { isEnabled: hasResult, run: (actions, state) => actions.setLens(!state.isLensOn) },
  styles: { isEnabled: isReady, run: (actions) => actions.setPanel('styles') },
  history: { isEnabled: isReady, run: (actions) => actions.setPanel('history') },
  'reuse-settings': { isEnabled: hasResult, run: (actions) => actions.reuseSettings() },
  'star-result': {
    isEnabled: hasResult,
    run: (actions, state) => {
      const result = shownResult(state);
      if (result !== null) void actions.starResult(result);
    },
  },
  'lock-seed': { isEnabled: isReady, run: (actions) => actions.toggleSeedLock() },
  'roll-seed': { isEnabled: isReady, run: (actions) => actions.rollSeed() },
  'reset-settings': { isEnabled: isReady, run: (actions) => actions.resetSettings() },
  offline: {
    isEnabled: (state) => state.network !== null,
    run: (actions) => void actions.switchOffline(),
  },
  gallery: { isEnabled: isReady, run: (actions) => actions.setGalleryOpen(true) },
  palette: { run: (actions) => actions.openDialog('palette') },
  preferences: { run: (actions) => actions.openDialog('preferences') },
  keys: { run: (actions) => actions.openDialog('keys') },
  help: { run: (actions) => actions.openDialog('help') },
  'copy-diagnostics': { run: (actions) => void actions.copyDiagnostics() },
  ...PAINT_COMMANDS,
  'compare-side': { isEnabled: hasComparison, run: (actions) => actions.setCompareMode('side') },
  'compare-slider': { isEnabled: hasComparison, run: (actions) => actions.setCompareMode('slider') },
};

/** Whether a command of the page would do something now. */
export const isPageCommandEnabled = (id: PageCommandId, state: PageState): boolean =>
  PAGE_COMMANDS[id].isEnabled?.(state) ?? true;
