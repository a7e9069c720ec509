/** The page's store and everything it can do: calls over the bridge, answers folded into the state. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ShellCommandId } from '../../shared/commands';
import type { RecentSource, RequestOf, ResponseOf, ResultView } from '../../shared/contract';
import { countChoices, pickChoices } from '../../shared/choices';
import type { ErrorBody } from '../../shared/errors';
import type { GallerySearch } from '../../shared/gallery';
import type { GenerationSettings } from '../../shared/generation';
import { applyStyle } from '../../shared/prompt-style';
import type { Mark } from '../../shared/painting';
import type { Result } from '../../shared/result';
import type { Draft, Preferences } from '../../shared/settings';
import type { PageBridge } from '../bridge';
import {
  chosenModel,
  lockSeed,
  patchDraft,
  randomSeed,
  requestedSettings,
  resetToRecommended,
  restoreSettings,
} from './draft';
import {
  INITIAL_STATE,
  type CompareMode,
  type DialogName,
  type Notice,
  type PageState,
  type ProblemOrigin,
} from './page-state';
import type { ActionParts } from './action-parts';
import { afterPause } from './after-pause';
import { createPromptActions, type PromptActions } from './prompt-actions';
import { createResultActions, type ResultActions } from './result-actions';
import { createQueueActions, type QueueActions } from './queue-actions';
import { readiness } from './readiness';
import { createLiveActions, type LiveActions } from './live-actions';
import { createNetworkActions, type NetworkActions } from './network-actions';
import { createPaintActions, type PaintActions } from './paint-actions';
import { reduce, type PageEvent } from './reduce';
import { activeRun, shownResult } from './selectors';

const DRAFT_SAVE_DELAY_MS = 300;
/** Who types without a pause loses no more than this. */
const DRAFT_LONGEST_DELAY_MS = 2000;
const TOKEN_COUNT_DELAY_MS = 250;
const PLAN_DELAY_MS = 300;
/** How long a short confirmation stays. */
const NOTICE_MS = 8000;

export interface Actions
  extends NetworkActions, PromptActions, QueueActions, ResultActions, PaintActions, LiveActions {
  load: () => Promise<void>;
  /** Stores a waiting draft at once: the page goes away. */
  flushDraft: () => Promise<void>;
  changePreferences: (change: Partial<Preferences>) => Promise<void>;
  changeSettings: (patch: Partial<GenerationSettings>) => void;
  setSeed: (seed: number | null) => void;
  toggleSeedLock: () => void;
  rollSeed: () => void;
  resetSettings: () => void;
  openPicture: () => Promise<void>;
  importFile: (file: File) => Promise<void>;
  importPasted: (file: File) => Promise<void>;
  /** Takes the picture on the clipboard, also one that a page does not get to see. */
  pasteFromSystem: () => Promise<void>;
  recentSources: () => Promise<RecentSource[]>;
  takeRecentSource: (sourceId: string) => Promise<void>;
  /** Leaves one out of the list; answers what is left. */
  forgetRecentSource: (sourceId: string) => Promise<RecentSource[]>;
  /** Asks for a picture and takes over the settings that it carries. */
  openSettings: () => Promise<void>;
  /** Takes over the settings inside a dropped picture. */
  readSettings: (file: File) => Promise<void>;
  openModel: () => Promise<void>;
  /** Asks again which LoRA files there are. */
  listLoras: () => Promise<void>;
  generate: () => Promise<void>;
  cancel: () => Promise<void>;
  resume: (jobId: string) => Promise<void>;
  discard: (jobId: string) => Promise<void>;
  retry: () => Promise<void>;
  /** Chooses the CPU and goes on: resumes the failed job's request there. */
  switchToCpu: () => Promise<void>;
  switchToStarterModel: () => void;
  selectResult: (resultId: string | null) => void;
  /** Shows a result's file in its folder; the shown one when left out. */
  revealResult: (result?: ResultView) => Promise<void>;
  /** Looks at a result of the gallery, among the newest ones. */
  showResult: (result: ResultView) => void;
  /** Turns the star on or off; the changed result, or null when that failed. */
  starResult: (result: ResultView) => Promise<ResultView | null>;
  /** Puts a result into the system's bin; false when that failed. */
  deleteResult: (result: ResultView) => Promise<boolean>;
  /** Opens a dialog of the whole window in the place of the one that is open; null closes it. */
  openDialog: (dialog: DialogName | null) => void;
  runShellCommand: (id: ShellCommandId) => void;
  copyDiagnostics: () => Promise<void>;
  setGalleryOpen: (isOpen: boolean) => void;
  searchGallery: (search: GallerySearch) => Promise<ResultView[] | null>;
  countGallery: (search: GallerySearch) => Promise<ResponseOf<'gallery.count'> | null>;
  galleryModels: () => Promise<(string | null)[]>;
  setCompareMode: (mode: CompareMode) => void;
  dismissProblem: () => void;
  /** Switches offline on or off. */
  switchOffline: () => Promise<void>;
}

export interface App {
  store: StoreApi<PageState>;
  actions: Actions;
}

/**
 * Builds the store and its actions over a bridge, and listens to its events. Questions that start the engine wait for `whenDrawn`, a quiet
 * moment after the window was drawn: the engine's start takes a processor for a while.
 */
export function createApp(bridge: PageBridge, whenDrawn: Promise<void> = Promise.resolve()): App {
  const store = createStore<PageState>(() => INITIAL_STATE);
  const state = (): PageState => store.getState();
  const dispatch = (event: PageEvent): void => store.setState((now) => reduce(now, event), true);
  const report = (origin: ProblemOrigin, error: ErrorBody, jobId: string | null = null): void =>
    dispatch({ type: 'problem', problem: { origin, error, jobId } });
  /** The value of a good answer; a bad one becomes a problem and null. */
  const valueOf = <T>(origin: ProblemOrigin, result: Result<T>, jobId: string | null = null): T | null => {
    if (result.ok) return result.value;
    // What the person called off is no problem.
    if (result.error.code !== 'cancelled') report(origin, result.error, jobId);
    return null;
  };

  const draft = saveDraftLater(bridge, (error) => report('draft', error));
  const changeDraft = (change: (draft: Draft) => Draft): void => dispatch({ type: 'draft-changed', change });
  store.subscribe((now, before) => {
    if (before.phase === 'ready' && now.draft !== before.draft) draft.schedule(now.draft);
  });
  countTokensLater(bridge, store, whenDrawn, (tokenCount) =>
    dispatch({ type: 'tokens-counted', tokenCount }),
  );

  planLater(bridge, store, whenDrawn, (plan) => dispatch({ type: 'planned', plan }));

  bridge.onJobChanged((view) => dispatch({ type: 'job-changed', view }));
  bridge.onQueueChanged((queue) => dispatch({ type: 'queue-changed', queue }));
  bridge.onJobProgress((event) => dispatch({ type: 'job-progress', event }));
  bridge.onPreferencesChanged((changed) => dispatch({ type: 'preferences-changed', ...changed }));
  bridge.onModelsChanged((models) => dispatch({ type: 'models-changed', models }));
  // Nothing that was typed or drawn is lost with the window.
  bridge.onWindowClosing(() => {
    void Promise.all([draft.flush(), actions.flushPainting()]).then(() => bridge.windowClose());
  });
  bridge.onResultsAdded((results) => dispatch({ type: 'results-added', results }));

  const bringIn = async (ask: () => ReturnType<PageBridge['sourceOpen']>): Promise<void> => {
    if (state().isImporting) return;
    dispatch({ type: 'import-started' });
    const source = valueOf('source', await ask());
    dispatch({ type: 'import-ended', source });
  };
  let noticeTimer: ReturnType<typeof setTimeout> | undefined;
  const confirm = (key: Notice['key'], values: Notice['values'] = {}): void => {
    clearTimeout(noticeTimer);
    dispatch({ type: 'notice', notice: { key, values } });
    noticeTimer = setTimeout(() => dispatch({ type: 'notice', notice: null }), NOTICE_MS);
  };
  const takeSettings = async (ask: () => ReturnType<PageBridge['settingsOpen']>): Promise<void> => {
    const restored = valueOf('settings', await ask());
    if (restored === null) return;
    changeDraft((now) => restoreSettings(now, restored));
    confirm('restored', { tool: restored.tool, fields: Object.keys(restored.settings).join(' ') });
  };
  let isOpeningModel = false;

  const network = createNetworkActions(bridge, state, dispatch);
  const readResults = async (): Promise<void> => {
    const results = valueOf('result', await bridge.resultsRead());
    dispatch({ type: 'results-read', results: results ?? [] });
  };
  const readNetwork = async (): Promise<void> => {
    const error = await network.readNetwork();
    if (error !== null) report('network', error);
  };
  const page = { bridge, store, dispatch, changeDraft, report, valueOf, confirm, bringIn };
  const { actions: paint, jobInput } = createPaintActions(page);
  /** What a job is made of now. */
  const jobRequest = async (): Promise<RequestOf<'job.start'> | null> => {
    const { source, draft: now, models } = state();
    if (source === null) return null;
    const settings = requestedSettings(now, chosenModel(models, now.settings.model));
    const input = await jobInput();
    return input === null ? null : { ...input, settings };
  };
  const queue = createQueueActions({ bridge, state, dispatch, valueOf, request: jobRequest });

  const parts: ActionParts = { bridge, state, dispatch, valueOf, confirm, changeDraft };
  const actions: Actions = {
    ...network,
    ...createPromptActions(parts),
    ...createResultActions(parts, bringIn),
    ...queue,
    ...paint,
    ...createLiveActions(page),
    load: async () => {
      const answer = await bridge.appState();
      if (answer.ok) {
        dispatch({ type: 'loaded', app: answer.value });
        const areResultsThere = answer.value.results !== null;
        void whenDrawn.then(async () => {
          if (!areResultsThere) await readResults();
          await readNetwork();
        });
        return;
      }
      dispatch({ type: 'load-failed', problem: { origin: 'start', error: answer.error, jobId: null } });
    },
    flushDraft: draft.flush,
    changePreferences: async (change) => {
      valueOf('preferences', await bridge.preferencesChange(change));
    },
    changeSettings: (patch) => changeDraft((now) => patchDraft(now, patch)),
    setSeed: (seed) => changeDraft((now) => lockSeed(now, seed)),
    toggleSeedLock: () => {
      const lastSeed = shownResult(state())?.seed ?? state().results[0]?.seed ?? randomSeed(Math.random());
      changeDraft((now) => (now.isSeedLocked ? { ...now, isSeedLocked: false } : lockSeed(now, lastSeed)));
    },
    rollSeed: () => changeDraft((now) => lockSeed(now, randomSeed(Math.random()))),
    resetSettings: () => changeDraft(resetToRecommended),
    openPicture: () => bringIn(() => bridge.sourceOpen()),
    importFile: (file) => bringIn(() => bridge.importFile(file)),
    importPasted: (file) =>
      bringIn(async () => {
        const bytes = new Uint8Array(await file.arrayBuffer());
        return bridge.sourceImportBytes({ name: file.name || 'pasted.png', bytes });
      }),
    pasteFromSystem: () =>
      bringIn(async () => {
        const answer = await bridge.sourcePaste();
        if (answer.ok && answer.value === null) confirm('nothingToPaste');
        return answer;
      }),
    recentSources: async () => valueOf('source', await bridge.sourceRecent()) ?? [],
    takeRecentSource: (sourceId) => bringIn(() => bridge.sourceUseRecent({ sourceId })),
    forgetRecentSource: async (sourceId) =>
      valueOf('source', await bridge.sourceForgetRecent({ sourceId })) ?? [],
    openSettings: () => takeSettings(() => bridge.settingsOpen()),
    readSettings: (file) => takeSettings(() => bridge.readSettings(file)),
    openModel: async () => {
      if (isOpeningModel) return;
      isOpeningModel = true;
      const model = valueOf('model', await bridge.modelOpen());
      isOpeningModel = false;
      if (model === null) return;
      dispatch({ type: 'model-opened', model });
      confirm('modelOpened', { name: model.name });
    },
    listLoras: async () => {
      const names = valueOf('model', await bridge.loraList());
      if (names !== null) dispatch({ type: 'loras-listed', names });
    },
    generate: async () => {
      if (readiness(state()).length > 0) return;
      dispatch({ type: 'start-asked' });
      const request = await jobRequest();
      let hasStarted = false;
      if (
        request !== null &&
        (request.settings.count ?? 1) > 1 &&
        countChoices(request.settings.prompt) > 1
      ) {
        // Each picture has words of its own, so each is a job of its own.
        const views = valueOf(
          'job',
          await bridge.jobStartGroup({ ...request, variation: { kind: 'pictures' } }),
        );
        hasStarted = views !== null;
      } else if (request !== null) {
        const view = valueOf('job', await bridge.jobStart(request));
        if (view !== null && state().runs[view.id] === undefined) dispatch({ type: 'job-changed', view });
        hasStarted = view !== null;
      }
      dispatch({ type: 'start-ended' });
      // Who paints needs no welcome any more.
      if (hasStarted && !state().preferences.hasSeenWelcome)
        await actions.changePreferences({ hasSeenWelcome: true });
    },
    cancel: async () => {
      const run = activeRun(state());
      if (run === null || run.view.state === 'cancelling') return;
      valueOf('result', await bridge.jobCancel({ jobId: run.view.id }), run.view.id);
    },
    resume: async (jobId) => {
      if (state().isStarting) return;
      dispatch({ type: 'start-asked' });
      const view = valueOf('job', await bridge.jobResume({ jobId }), jobId);
      // The events of a quick job may already have overtaken this answer.
      if (view !== null && !wentOn(state(), jobId)) dispatch({ type: 'job-changed', view });
      dispatch({ type: 'start-ended' });
    },
    discard: async (jobId) => {
      const answer = await bridge.jobDiscard({ jobId });
      if (!answer.ok) return report('result', answer.error, jobId);
      dispatch({ type: 'job-forgotten', jobId });
      confirm('discarded');
    },
    retry: () => actions.generate(),
    switchToCpu: async () => {
      const jobId = state().problem?.jobId ?? null;
      actions.changeSettings({ device: 'cpu' });
      if (jobId !== null) {
        // The failed attempt is replaced by a new one, so its journal is of no more use.
        const answer = await bridge.jobDiscard({ jobId });
        if (answer.ok) dispatch({ type: 'job-forgotten', jobId });
      }
      await actions.generate();
    },
    switchToStarterModel: () => {
      actions.changeSettings({ model: null });
      dispatch({ type: 'problem-dismissed' });
    },
    selectResult: (resultId) => dispatch({ type: 'result-selected', resultId }),
    revealResult: async (result = shownResult(state()) ?? undefined) => {
      if (result !== undefined) valueOf('result', await bridge.resultReveal({ resultId: result.id }));
    },
    showResult: (result) => dispatch({ type: 'result-shown', result }),
    starResult: async ({ id, isStarred }) => {
      const result = valueOf('result', await bridge.resultStar({ resultId: id, isStarred: !isStarred }));
      if (result !== null) dispatch({ type: 'result-changed', result });
      return result;
    },
    deleteResult: async ({ id }) => {
      const gone = valueOf('result', await bridge.resultDelete({ resultIds: [id] }));
      if (gone !== null) {
        dispatch({ type: 'results-removed', resultIds: gone.resultIds });
        confirm('deleted');
      }
      return gone !== null;
    },
    openDialog: (dialog) => dispatch({ type: 'dialog-opened', dialog }),
    runShellCommand: (id) => void bridge.commandRun({ id }),
    copyDiagnostics: async () => {
      const answer = await bridge.diagnosticsCopy();
      if (answer.ok) confirm('diagnosticsCopied');
      else report('preferences', answer.error);
    },
    setGalleryOpen: (isOpen) => dispatch({ type: 'gallery-opened', isOpen }),
    searchGallery: async (search) => valueOf('result', await bridge.gallerySearch(search)),
    countGallery: async (search) => valueOf('result', await bridge.galleryCount(search)),
    galleryModels: async () => valueOf('result', await bridge.galleryModels()) ?? [],
    setCompareMode: (mode) => {
      dispatch({ type: 'compare-mode-changed', mode });
      // How results are looked at is remembered like everything else in the window.
      void actions.changePreferences({ view: { ...state().preferences.view, compare: mode } });
    },
    dismissProblem: () => dispatch({ type: 'problem-dismissed' }),
    switchOffline: async () => {
      const offline = state().network?.offline !== true;
      const error = await network.changeNetwork({ kind: 'offline', offline });
      if (error !== null) report('network', error);
    },
  };
  return { store, actions };
}

const wentOn = (state: PageState, jobId: string): boolean => {
  const view = state.runs[jobId]?.view.state;
  return view === 'running' || view === 'done';
};

/** Saves a draft when it has not changed for a moment. */
function saveDraftLater(
  bridge: PageBridge,
  onError: (error: ErrorBody) => void,
): { schedule: (draft: Draft) => void; flush: () => Promise<void> } {
  let waiting: Draft | null = null;
  const save = async (): Promise<void> => {
    if (waiting === null) return;
    const draft = waiting;
    waiting = null;
    const answer = await bridge.draftSave(draft);
    if (!answer.ok) onError(answer.error);
  };
  const saving = afterPause(save, DRAFT_SAVE_DELAY_MS, DRAFT_LONGEST_DELAY_MS);
  const schedule = (draft: Draft): void => {
    waiting = draft;
    saving.schedule();
  };
  return { schedule, flush: async () => saving.flush() };
}

/** Asks for the prompt's length whenever prompt or model rest for a moment; late answers are dropped. */
function countTokensLater(
  bridge: PageBridge,
  store: StoreApi<PageState>,
  whenDrawn: Promise<void>,
  onCount: (count: PageState['tokenCount']) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked: string | null = null;
  store.subscribe((now) => {
    if (now.phase !== 'ready') return;
    const { prompt, model } = applyStyle(now.draft.settings);
    const question = JSON.stringify([prompt, model]);
    if (question === asked) return;
    asked = question;
    clearTimeout(timer);
    timer = setTimeout(() => {
      void whenDrawn.then(async () => {
        // Of choices one way counts.
        const answer = await bridge.promptCountTokens({ prompt: pickChoices(prompt, 0), model });
        if (asked === question) onCount(answer.ok ? answer.value : null);
      });
    }, TOKEN_COUNT_DELAY_MS);
  });
}

const NO_MARKS: readonly Mark[] = [];

/** Asks where the stages would run whenever something that decides it rests for a moment, and after each job, which may have taught something. */
function planLater(
  bridge: PageBridge,
  store: StoreApi<PageState>,
  whenDrawn: Promise<void>,
  onPlan: (plan: PageState['plan']) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked: string | null = null;
  let askedMarks: readonly Mark[] = [];
  store.subscribe((now) => {
    if (now.phase !== 'ready' || now.source === null || activeRun(now) !== null) return;
    const { prompt: _, negativePrompt: __, seed: ___, style: ____, ...deciding } = now.draft.settings;
    const sourceId = now.source.id;
    const question = JSON.stringify([deciding, sourceId, now.currentJobId, now.network]);
    // The mask decides the size only where its area alone is worked on.
    const marks = deciding.mask.area === 'masked' ? now.painting.marks : NO_MARKS;
    if (question === asked && marks === askedMarks) return;
    asked = question;
    askedMarks = marks;
    clearTimeout(timer);
    timer = setTimeout(() => {
      void whenDrawn.then(async () => {
        const { settings } = store.getState().draft;
        const answer = await bridge.planMake({ sourceId, settings, marks: [...marks] });
        if (asked === question && askedMarks === marks) onPlan(answer.ok ? answer.value : null);
      });
    }, PLAN_DELAY_MS);
  });
}
