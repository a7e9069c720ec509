/** Small complete values that the page's tests start from. */
import type { AppState, ResultView, Source } from '../../../shared/contract';
import { generationSettingsSchema, type GenerationSettings } from '../../../shared/generation';
import type { JobReport, JobView } from '../../../shared/job';
import type { ModelInfo } from '../../../shared/models';
import { DEFAULT_PREFERENCES } from '../../../shared/settings';
import { INITIAL_STATE, type PageState } from '../../../renderer/state/page-state';
import { reduce } from '../../../renderer/state/reduce';

export const STARTER: ModelInfo = {
  id: 'starter',
  name: 'Starter',
  family: 'sd1',
  revision: 'abc',
  sizeBytes: 40_000_000,
  sizeMultiplePx: 32,
  stepRule: 'floor',
  defaults: { strength: 0.6, steps: 20, guidance: 5, scheduler: 'ddim', sidePx: 256 },
};

export const SKETCH: Source = {
  id: 'sketch',
  name: 'sketch.png',
  url: 'app://media/sketch',
  width: 640,
  height: 480,
  format: 'png',
  profile: 'sRGB',
  hasAlpha: false,
};

export const settings = (patch: Partial<GenerationSettings> = {}): GenerationSettings => ({
  ...generationSettingsSchema.parse({ prompt: 'a house' }),
  ...patch,
});

export const job = (patch: Partial<JobView> = {}): JobView => ({
  id: 'job-1',
  state: 'queued',
  sourceId: SKETCH.id,
  settings: settings(),
  createdAt: 1000,
  report: null,
  error: null,
  canResume: false,
  ...patch,
});

export const result = (patch: Partial<ResultView> = {}): ResultView => ({
  id: 'result-1',
  jobId: 'job-1',
  sourceId: SKETCH.id,
  url: 'app://media/result-1',
  width: 640,
  height: 480,
  seed: 7,
  settings: settings(),
  createdAt: 2000,
  isStarred: false,
  ...patch,
});

export const appState = (patch: Partial<AppState> = {}): AppState => ({
  version: '0.1.0',
  platform: 'linux',
  preferences: DEFAULT_PREFERENCES,
  language: 'en',
  draft: { settings: settings(), isSeedLocked: false, sourceId: SKETCH.id },
  source: SKETCH,
  models: [STARTER],
  jobs: [],
  queue: { waiting: [], isPaused: false },
  results: [],
  ...patch,
});

/** The page after its first answer. */
export const page = (patch: Partial<AppState> = {}): PageState =>
  reduce(INITIAL_STATE, { type: 'loaded', app: appState(patch) });

export const report = (patch: Partial<JobReport> = {}): JobReport => ({
  outputs: [{ path: '/x.png', seed: 7, width: 640, height: 480, sha256: '00' }],
  model: { id: 'starter', family: 'sd1', revision: 'abc' },
  prompt: 'a house',
  negativePrompt: '',
  loras: [],
  strength: 0.6,
  steps: 20,
  stepsRun: 12,
  guidance: 5,
  scheduler: 'ddim',
  workingWidth: 320,
  workingHeight: 240,
  input: { width: 640, height: 480, format: 'png', orientation: 1, profile: 'sRGB', hasAlpha: false },
  stages: [
    {
      stage: 'encode',
      where: 'local',
      device: 'cpu',
      provider: 'cpu',
      tiled: false,
      ms: 12,
      bytesSent: 0,
      predictedMs: null,
      predictedMemoryBytes: null,
      memoryBytes: null,
      reason: 'No GPU was found.',
    },
  ],
  notices: [],
  totalMs: 1234,
  sessionRunMs: 1000,
  peakRssBytes: 1,
  ...patch,
});
