/** Live mode: asks for a quick picture whenever something that decides it rests for a moment. At most one is asked for at a time. */
import type { StoreApi } from 'zustand/vanilla';
import type { Source } from '../../shared/contract';
import type { GenerationSettings } from '../../shared/generation';
import type { Mark } from '../../shared/painting';
import type { ModelInfo } from '../../shared/models';
import type { Result } from '../../shared/result';
import type { PageBridge } from '../bridge';
import { chosenModel, effectiveSettings, randomSeed, requestedSettings } from './draft';
import { liveSettings } from './live';
import type { Notice, PageState, ProblemOrigin } from './page-state';
import type { PageEvent } from './reduce';
import { activeRun } from './selectors';

/** How long strokes and settings rest before a picture is asked for. */
const LIVE_DELAY_MS = 150;

export interface LiveActions {
  switchLive: () => void;
  /** Takes the picture that is shown among the results. */
  keepLive: () => Promise<void>;
  /** The page can be seen, or not any more. */
  setWindowShown: (isShown: boolean) => void;
}

export interface LivePage {
  bridge: PageBridge;
  store: StoreApi<PageState>;
  dispatch: (event: PageEvent) => void;
  valueOf: <T>(origin: ProblemOrigin, result: Result<T>) => T | null;
  confirm: (key: Notice['key']) => void;
}

/** Everything that decides a live picture; compared by identity. */
interface Wish {
  source: Source;
  marks: readonly Mark[];
  settings: GenerationSettings;
  isSeedLocked: boolean;
  model: ModelInfo;
}

export function createLiveActions({ bridge, store, dispatch, valueOf, confirm }: LivePage): LiveActions {
  let wanted: Wish | null = null;
  /** What the picture that is shown was made of. */
  let painted: Wish | null = null;
  let isAsked = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const giveUp = (): void => {
    clearTimeout(timer);
    if (isAsked) void bridge.liveStop();
    isAsked = false;
  };
  const ask = async (wish: Wish): Promise<void> => {
    isAsked = true;
    dispatch({ type: 'live-status', status: 'working' });
    const { sidePx } = wish.model.defaults;
    const { draft, live } = store.getState();
    const settings = liveSettings(requestedSettings(draft, wish.model), wish.model, live.seed);
    const marks = [...wish.marks];
    const answer = await bridge.livePaint({
      sourceId: wish.source.id,
      marks,
      settings,
      maxPixels: sidePx ** 2,
    });
    if (wish !== wanted) return;
    isAsked = false;
    if (answer.ok) {
      painted = wish;
      dispatch({ type: 'live-painted', picture: answer.value });
    } else if (answer.error.code === 'cancelled') dispatch({ type: 'live-status', status: 'idle' });
    else dispatch({ type: 'live-failed', error: answer.error });
  };
  const follow = (now: PageState): void => {
    const wish = wishOf(now);
    if (isSame(wish, wanted)) return;
    wanted = wish;
    giveUp();
    if (wish === null) {
      const status = activeRun(now) === null ? 'paused' : 'waiting';
      if (now.live.isOn) dispatch({ type: 'live-status', status });
    } else if (now.live.picture !== null && isSame(wish, painted)) {
      // Nothing has changed while it was paused; a result that is looked at stays.
      dispatch({ type: 'live-status', status: 'idle' });
    } else {
      timer = setTimeout(() => void ask(wish), LIVE_DELAY_MS);
    }
  };
  store.subscribe(follow);
  bridge.onWindowShown(({ isShown }) => dispatch({ type: 'window-shown', isShown }));

  return {
    switchLive: () =>
      dispatch({ type: 'live-switched', isOn: !store.getState().live.isOn, seed: randomSeed(Math.random()) }),
    keepLive: async () => {
      const { picture } = store.getState().live;
      if (picture === null) return;
      const result = valueOf('result', await bridge.liveKeep({ liveId: picture.id }));
      if (result === null) return;
      dispatch({ type: 'results-added', results: [result] });
      dispatch({ type: 'result-selected', resultId: null });
      confirm('liveKept');
    },
    setWindowShown: (isShown) => dispatch({ type: 'window-shown', isShown }),
  };
}

/** What the live picture should be of; null while there should be none. */
function wishOf(now: PageState): Wish | null {
  const { source, painting, draft } = now;
  if (!now.live.isOn || now.phase !== 'ready' || !now.isWindowShown) return null;
  if (source === null || painting.sourceId !== source.id || now.isImporting) return null;
  if (now.isStarting || activeRun(now) !== null) return null;
  const model = chosenModel(now.models, draft.settings.model);
  if (model === null || effectiveSettings(draft.settings, model).stepsRun === 0) return null;
  const { settings, isSeedLocked } = draft;
  return { source, marks: painting.marks, settings, isSeedLocked, model };
}

function isSame(a: Wish | null, b: Wish | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.source === b.source &&
    a.marks === b.marks &&
    a.settings === b.settings &&
    a.isSeedLocked === b.isSeedLocked &&
    a.model === b.model
  );
}
