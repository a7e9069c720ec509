/** The page's one pure reducer: state and event → next state. */
import type { AppState, EventOf, NetworkState, ResultView, Source } from '../../shared/contract';
import type { ExportSettings } from '../../shared/export';
import type { JobView, QueueView } from '../../shared/job';
import type { ModelInfo } from '../../shared/models';
import type { PlanView } from '../../shared/placement';
import type { Draft, Preferences } from '../../shared/settings';
import type { PromptLibrary } from '../../shared/prompt-library';
import { starterModel } from './draft';
import { changeRun, isActive, newRun, progressRun, type JobRun } from './job-run';
import { changeLive, type LiveEvent } from './live';
import type {
  CompareMode,
  DialogName,
  Look,
  Notice,
  PageState,
  Panel,
  Problem,
  TokenCount,
} from './page-state';
import { changePainting, NO_PAINTING, type PaintingEvent } from './painting';
import { activeRun } from './selectors';

export type PageEvent =
  | { type: 'loaded'; app: AppState }
  | { type: 'load-failed'; problem: Problem }
  | { type: 'preferences-changed'; preferences: Preferences; language: string }
  | { type: 'draft-changed'; change: (draft: Draft) => Draft }
  | { type: 'import-started' }
  /** `source` is null when the person closed the dialog. */
  | { type: 'import-ended'; source: Source | null }
  | { type: 'model-opened'; model: ModelInfo }
  | { type: 'models-changed'; models: readonly ModelInfo[] }
  | { type: 'loras-listed'; names: readonly string[] }
  | { type: 'start-asked' }
  | { type: 'start-ended' }
  | { type: 'job-changed'; view: JobView }
  | { type: 'queue-changed'; queue: QueueView }
  | { type: 'job-progress'; event: EventOf<'job.progress'> }
  | { type: 'job-forgotten'; jobId: string }
  /** Those of earlier sessions. */
  | { type: 'results-read'; results: readonly ResultView[] }
  | { type: 'results-added'; results: readonly ResultView[] }
  /** A result that is not among the newest ones, to be looked at. */
  | { type: 'result-shown'; result: ResultView }
  | { type: 'result-changed'; result: ResultView }
  | { type: 'results-removed'; resultIds: readonly string[] }
  | { type: 'gallery-opened'; isOpen: boolean }
  | { type: 'dialog-opened'; dialog: DialogName | null }
  | { type: 'result-selected'; resultId: string | null }
  | { type: 'compare-mode-changed'; mode: CompareMode }
  | { type: 'panel-opened'; panel: Panel | null }
  | { type: 'lens-switched'; isOn: boolean }
  | { type: 'prompts-read'; prompts: PromptLibrary }
  | { type: 'export-read'; settings: ExportSettings }
  | { type: 'tokens-counted'; tokenCount: TokenCount | null }
  | { type: 'planned'; plan: PlanView | null }
  | { type: 'network-read'; network: NetworkState }
  /** Null: it was answered. */
  | { type: 'consent-asked'; question: EventOf<'consent.asked'> | null }
  | { type: 'problem'; problem: Problem }
  | { type: 'problem-dismissed' }
  | { type: 'notice'; notice: Notice | null }
  /** A picture that is not the input: a mask, or a painted input. */
  | { type: 'source-known'; source: Source }
  | { type: 'paint-mode'; isPainting: boolean }
  | { type: 'look-asked'; look: Look }
  | { type: 'sketch-opened'; isOpen: boolean }
  | { type: 'window-shown'; isShown: boolean }
  | PaintingEvent
  | LiveEvent;

/** Next state of the page. */
export function reduce(state: PageState, event: PageEvent): PageState {
  switch (event.type) {
    case 'loaded':
      return load(state, event.app);
    case 'load-failed':
      return { ...state, phase: 'broken', problem: event.problem };
    case 'preferences-changed':
      return { ...state, preferences: event.preferences, language: event.language };
    case 'draft-changed':
      return { ...state, draft: event.change(state.draft) };
    case 'import-started':
      return { ...state, isImporting: true, problem: null };
    case 'import-ended':
      return event.source === null
        ? { ...state, isImporting: false }
        : takeSource({ ...state, isImporting: false }, event.source);
    case 'model-opened':
      return openModel(state, event.model);
    case 'models-changed':
      return { ...state, models: event.models };
    case 'loras-listed':
      return { ...state, loras: event.names };
    case 'start-asked':
      return {
        ...state,
        isStarting: true,
        isFollowing: state.isFollowing || activeRun(state) === null,
        problem: null,
        notice: null,
      };
    case 'start-ended':
      return { ...state, isStarting: false };
    case 'job-changed':
      return changeJob(state, event.view);
    case 'queue-changed':
      return { ...state, queue: event.queue };
    case 'job-progress': {
      const { jobId, progress, previewUrl } = event.event;
      const run = state.runs[jobId];
      return run === undefined ? state : withRun(state, progressRun(run, progress, previewUrl));
    }
    case 'job-forgotten':
      return forgetJob(state, event.jobId);
    case 'results-read':
      return readResults(state, event.results);
    case 'results-added':
      return addResults(state, event.results);
    case 'result-shown':
      return showResult(state, event.result);
    case 'result-changed':
      return {
        ...state,
        results: state.results.map((known) => (known.id === event.result.id ? event.result : known)),
      };
    case 'results-removed':
      return removeResults(state, event.resultIds);
    case 'gallery-opened':
      return { ...state, isGalleryOpen: event.isOpen };
    case 'dialog-opened':
      return { ...state, dialog: event.dialog };
    case 'result-selected':
      return { ...state, selectedResultId: event.resultId, isFollowing: event.resultId === null };
    case 'compare-mode-changed':
      return { ...state, compareMode: event.mode };
    case 'panel-opened':
      return { ...state, panel: event.panel };
    case 'lens-switched':
      return { ...state, isLensOn: event.isOn };
    case 'prompts-read':
      return { ...state, prompts: event.prompts };
    case 'export-read':
      return { ...state, exportSettings: event.settings };
    case 'tokens-counted':
      return { ...state, tokenCount: event.tokenCount };
    case 'planned':
      return { ...state, plan: event.plan };
    case 'network-read':
      return { ...state, network: event.network };
    case 'consent-asked':
      return { ...state, question: event.question };
    case 'problem':
      return { ...state, problem: event.problem };
    case 'problem-dismissed':
      return { ...state, problem: null };
    case 'notice':
      return takeNotice(state, event.notice);
    case 'source-known':
      return knowSources(state, [event.source]);
    case 'paint-mode':
      return { ...state, isPainting: event.isPainting };
    case 'look-asked':
      return { ...state, lookAsked: { look: event.look } };
    case 'sketch-opened':
      return { ...state, isSketchOpen: event.isOpen };
    case 'window-shown':
      return { ...state, isWindowShown: event.isShown };
    case 'painting-read':
      return { ...knowSources(state, event.pictures), painting: changePainting(state.painting, event) };
    case 'marked':
    case 'mark-undone':
    case 'mark-redone':
      return { ...state, painting: changePainting(state.painting, event) };
    case 'live-painted':
      // The picture follows the hand: a result that was looked at meanwhile makes room.
      return { ...state, selectedResultId: null, live: changeLive(state.live, event) };
    case 'live-switched':
      return {
        ...state,
        selectedResultId: event.isOn ? null : (state.selectedResultId ?? state.results[0]?.id ?? null),
        live: changeLive(state.live, event),
      };
    case 'live-status':
    case 'live-failed':
      return { ...state, live: changeLive(state.live, event) };
  }
}

function load(state: PageState, app: AppState): PageState {
  const runs: Record<string, JobRun> = {};
  for (const view of app.jobs) runs[view.id] = { ...newRun(view), isFromBefore: true };
  const newest = app.jobs.reduce<JobView | null>(
    (best, view) => (best === null || view.createdAt >= best.createdAt ? view : best),
    null,
  );
  const active = activeRun({ runs, queue: app.queue })?.view ?? null;
  const loaded: PageState = {
    ...state,
    phase: 'ready',
    platform: app.platform,
    version: app.version,
    preferences: app.preferences,
    language: app.language,
    compareMode: app.preferences.view['compare'] === 'slider' ? 'slider' : 'side',
    draft: app.draft,
    models: app.models,
    runs,
    queue: app.queue,
    currentJobId: (active ?? newest)?.id ?? null,
    isFollowing: true,
    results: [],
    selectedResultId: null,
    problem: null,
  };
  const withResults = app.results === null ? loaded : readResults(loaded, app.results);
  return app.source === null ? withResults : takeSource(withResults, app.source);
}

/** Takes in the results of earlier sessions, and shows the newest one unless there is something else to see. */
function readResults(state: PageState, read: readonly ResultView[]): PageState {
  const known = new Set(state.results.map(({ id }) => id));
  const results = sortNewestFirst([...state.results, ...read.filter(({ id }) => !known.has(id))]);
  const shown = activeRun(state) === null ? (results[0]?.id ?? null) : null;
  return { ...state, areResultsRead: true, results, selectedResultId: state.selectedResultId ?? shown };
}

function takeSource(state: PageState, source: Source): PageState {
  return {
    ...knowSources(state, [source]),
    source,
    painting: state.painting.sourceId === source.id ? state.painting : NO_PAINTING,
    draft: { ...state.draft, sourceId: source.id },
    problem: state.problem?.origin === 'source' ? null : state.problem,
  };
}

/** Remembers pictures by id, so that what is made from them finds them. */
function knowSources(state: PageState, sources: readonly Source[]): PageState {
  const known = Object.fromEntries(sources.map((source) => [source.id, source]));
  return { ...state, sources: { ...state.sources, ...known } };
}

function openModel(state: PageState, model: ModelInfo): PageState {
  const others = state.models.filter((known) => known.id !== model.id);
  const isStarter = starterModel([model]) !== null;
  return {
    ...state,
    models: isStarter ? [model, ...others] : [...others, model],
    draft: {
      ...state.draft,
      settings: { ...state.draft.settings, model: isStarter ? null : model.id },
    },
    problem: state.problem?.error.code === 'model' ? null : state.problem,
  };
}

function changeJob(state: PageState, view: JobView): PageState {
  const before = state.runs[view.id];
  const run = before === undefined ? newRun(view) : changeRun(before, view);
  const current = state.currentJobId === null ? undefined : state.runs[state.currentJobId];
  const isIdle = current === undefined || !isActive(current.view);
  // What works is followed; what waits only while nothing works.
  const begins =
    (view.state === 'running' && before?.view.state !== 'running') ||
    (isIdle && isActive(view) && (before === undefined || !isActive(before.view)));
  const follows = begins || current === undefined;
  const next: PageState = {
    ...withRun(state, run),
    currentJobId: follows ? view.id : state.currentJobId,
    selectedResultId: begins && state.isFollowing ? null : state.selectedResultId,
  };
  // A job that stopped before its first preview leaves nothing to look at: back to the newest result.
  const isEmpty = view.state === 'done' || run.previewUrl === null;
  if (!isActive(view) && isEmpty && activeRun(next) === null) {
    const own = state.results.find(({ jobId }) => jobId === view.id);
    next.selectedResultId ??= (own ?? state.results[0])?.id ?? null;
  }
  if (view.state === 'failed' && view.error !== null && view.error.code !== 'cancelled') {
    return { ...next, problem: { origin: 'job', error: view.error, jobId: view.id } };
  }
  // What another job's failure says stays until it was read.
  return begins && state.problem?.jobId === view.id ? { ...next, problem: null } : next;
}

/** A confirmation replaces the error of an earlier attempt: what could not be saved is saved now. */
function takeNotice(state: PageState, notice: Notice | null): PageState {
  const origin = state.problem?.origin;
  const isSettled = notice !== null && (origin === 'result' || origin === 'settings');
  return { ...state, notice, problem: isSettled ? null : state.problem };
}

function forgetJob(state: PageState, jobId: string): PageState {
  const runs = Object.fromEntries(Object.entries(state.runs).filter(([id]) => id !== jobId));
  return {
    ...state,
    runs,
    currentJobId: state.currentJobId === jobId ? null : state.currentJobId,
    selectedResultId: state.selectedResultId ?? state.results[0]?.id ?? null,
    problem: state.problem?.jobId === jobId ? null : state.problem,
  };
}

function addResults(state: PageState, added: readonly ResultView[]): PageState {
  const ids = new Set(added.map((result) => result.id));
  const results = sortNewestFirst([...added, ...state.results.filter((result) => !ids.has(result.id))]);
  // While more pictures of the job are painted, the view stays where the person left it.
  const [first] = added;
  const count = first === undefined ? 0 : (state.runs[first.jobId]?.view.settings.count ?? 1);
  const isComplete = first !== undefined && added.length >= count;
  const isShown = isComplete && state.isFollowing;
  return { ...state, results, selectedResultId: isShown ? first.id : state.selectedResultId };
}

function showResult(state: PageState, result: ResultView): PageState {
  const isKnown = state.results.some((known) => known.id === result.id);
  return {
    ...state,
    results: isKnown ? state.results : sortNewestFirst([...state.results, result]),
    selectedResultId: result.id,
    isFollowing: false,
    isGalleryOpen: false,
  };
}

/** The next older result takes the place of the one that was looked at. */
function removeResults(state: PageState, resultIds: readonly string[]): PageState {
  const isGone = (id: string): boolean => resultIds.includes(id);
  const results = state.results.filter(({ id }) => !isGone(id));
  const selectedId = state.selectedResultId;
  if (selectedId === null || !isGone(selectedId)) return { ...state, results };
  const place = state.results.findIndex(({ id }) => id === selectedId);
  const next = state.results.slice(place).find(({ id }) => !isGone(id)) ?? results.at(-1);
  return { ...state, results, selectedResultId: next?.id ?? null };
}

/** Newest job first; the pictures of one job keep their order. */
function sortNewestFirst(results: readonly ResultView[]): ResultView[] {
  return [...results].sort((a, b) => (a.jobId === b.jobId ? a.seed - b.seed : b.createdAt - a.createdAt));
}

function withRun(state: PageState, run: JobRun): PageState {
  return { ...state, runs: { ...state.runs, [run.view.id]: run } };
}
