/** Everything the page knows, as plain data; changed only by `reduce`. */
import type { EventOf, NetworkState, ResultView, Source } from '../../shared/contract';
import type { ErrorBody } from '../../shared/errors';
import type { ExportSettings } from '../../shared/export';
import type { QueueView } from '../../shared/job';
import type { ModelInfo } from '../../shared/models';
import type { PlanView } from '../../shared/placement';
import { DEFAULT_PREFERENCES, type Draft, type Preferences } from '../../shared/settings';
import type { PromptLibrary } from '../../shared/prompt-library';
import type { JobRun } from './job-run';
import { NO_LIVE, type LiveState } from './live';
import { NO_PAINTING, type Painting } from './painting';

export type Panel = 'styles' | 'history' | 'recent' | 'export';
export type CompareMode = 'side' | 'slider';

/** What the person wanted when something went wrong: decides which ways out are offered. */
export type ProblemOrigin =
  | 'start'
  | 'source'
  | 'mask'
  | 'settings'
  | 'job'
  | 'model'
  | 'result'
  | 'draft'
  | 'network'
  | 'preferences'
  | 'prompts';

export interface Problem {
  origin: ProblemOrigin;
  error: ErrorBody;
  /** The job it belongs to, if there is one. */
  jobId: string | null;
}

/** A short confirmation, said politely: an i18n key of the `notice` group with its values. */
export interface Notice {
  key:
    | 'saved'
    | 'copiedSettings'
    | 'copiedFile'
    | 'copiedPicture'
    | 'nothingToPaste'
    | 'deleted'
    | 'restored'
    | 'modelOpened'
    | 'discarded'
    | 'diagnosticsCopied'
    | 'paintingFull'
    | 'liveKept';
  values: Record<string, string>;
}

/** A dialog over the whole window that a command opens. */
export type DialogName = 'palette' | 'keys' | 'preferences' | 'help';

/** What can be asked of the view on the input: the whole picture, its own pixels, closer, farther. */
export type Look = 'fit' | 'full' | 'in' | 'out';

export interface TokenCount {
  tokens: number;
  limit: number;
}

export interface PageState {
  phase: 'loading' | 'ready' | 'broken';
  platform: string;
  version: string;
  preferences: Preferences;
  /** The language in use, two letters. */
  language: string;
  draft: Draft;
  source: Source | null;
  /** Sources seen since the start, by id: a result is compared with the picture it was made from. */
  sources: Readonly<Record<string, Source>>;
  isImporting: boolean;
  models: readonly ModelInfo[];
  /** Names of the LoRA files that can be chosen. */
  loras: readonly string[];
  runs: Readonly<Record<string, JobRun>>;
  /** What waits, in order. */
  queue: QueueView;
  /** The job that the page follows: the one that works, or the last one that did. */
  currentJobId: string | null;
  /** The big view goes with the work; false while the person looks at a result of their own choice. */
  isFollowing: boolean;
  isStarting: boolean;
  /** Newest first. */
  results: readonly ResultView[];
  /** False while the results of earlier sessions are still on their way. */
  areResultsRead: boolean;
  /** Result in the big view; null follows the running job. */
  selectedResultId: string | null;
  compareMode: CompareMode;
  /** What is unfolded from a button of the window. */
  panel: Panel | null;
  /** The lens over the pictures is on. */
  isLensOn: boolean;
  isGalleryOpen: boolean;
  /** Styles and the history of prompts; null until they are known. */
  prompts: PromptLibrary | null;
  /** How results are saved; null until it is known. */
  exportSettings: ExportSettings | null;
  dialog: DialogName | null;
  tokenCount: TokenCount | null;
  /** Where the stages of the form as it stands would run; null until it is known. */
  plan: PlanView | null;
  /** Endpoints and the offline switch; null until they are known. */
  network: NetworkState | null;
  /** What the person is asked before a job begins. */
  question: EventOf<'consent.asked'> | null;
  problem: Problem | null;
  notice: Notice | null;
  /** What is drawn on the source. */
  painting: Painting;
  /** The input is being drawn on: it has the most room, and the tools show. */
  isPainting: boolean;
  /** What was asked of the view on the input last; a new object each time. */
  lookAsked: { look: Look } | null;
  isSketchOpen: boolean;
  live: LiveState;
  /** False while the window is hidden or minimized. */
  isWindowShown: boolean;
}

/** The page before `app.state` answered. */
export const INITIAL_STATE: PageState = {
  phase: 'loading',
  platform: '',
  version: '',
  preferences: DEFAULT_PREFERENCES,
  language: 'en',
  draft: {
    settings: {
      prompt: '',
      promptTemplate: null,
      negativePrompt: '',
      style: null,
      strength: null,
      steps: null,
      guidance: null,
      seed: null,
      scheduler: null,
      count: 1,
      size: 'input',
      fit: 'crop',
      mask: { blurPx: 4, area: 'picture', paddingPx: 32 },
      model: null,
      loras: [],
      vae: null,
      device: 'auto',
      precision: 'float32',
      tiling: 'auto',
      encode: 'auto',
      generate: 'auto',
      decode: 'auto',
      format: 'png',
    },
    isSeedLocked: false,
    sourceId: null,
  },
  source: null,
  sources: {},
  isImporting: false,
  models: [],
  loras: [],
  runs: {},
  queue: { waiting: [], isPaused: false },
  currentJobId: null,
  isFollowing: true,
  isStarting: false,
  results: [],
  areResultsRead: false,
  selectedResultId: null,
  compareMode: 'side',
  panel: null,
  isLensOn: false,
  isGalleryOpen: false,
  prompts: null,
  exportSettings: null,
  dialog: null,
  tokenCount: null,
  plan: null,
  network: null,
  question: null,
  problem: null,
  notice: null,
  painting: NO_PAINTING,
  isPainting: false,
  lookAsked: null,
  isSketchOpen: false,
  live: NO_LIVE,
  isWindowShown: true,
};
