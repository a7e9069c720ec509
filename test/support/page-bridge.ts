/**
 * An in-memory end of the bridge, for looking at the page in a plain browser and for tests of the page's own
 * bookkeeping. It makes no pictures and decides nothing: a test says what the other side answers and tells.
 */
import type { Bridge } from '../../shared/bridge';
import type { AppState, EventName, EventOf, NetworkState, Source } from '../../shared/contract';
import { exportSettingsSchema } from '../../shared/export';
import { generationSettingsSchema } from '../../shared/generation';
import type { JobView } from '../../shared/job';
import type { FitView } from '../../shared/placement';
import { promptLibrarySchema } from '../../shared/prompt-library';
import { styleSchema } from '../../shared/prompt-style';
import { fail, ok } from '../../shared/result';

export interface PageBridge {
  bridge: Bridge<File>;
  /** Every request so far: function name and payload. */
  calls: { name: string; payload: unknown }[];
  /** Replaces the answer of one request. */
  answer: <N extends keyof Bridge<File>>(name: N, reply: Bridge<File>[N]) => void;
  /** Tells the page an event. */
  tell: <N extends EventName>(name: N, payload: EventOf<N>) => void;
}

/** A fit that takes the whole picture as it is. */
const WHOLE_FIT: FitView = {
  input: { width: 640, height: 480 },
  source: { left: 0, top: 0, width: 640, height: 480 },
  content: { left: 0, top: 0, width: 640, height: 480 },
};

/** A bridge whose requests all succeed with the simplest answer. */
export function createPageBridge(app: AppState): PageBridge {
  const calls: PageBridge['calls'] = [];
  const listeners: { [N in EventName]: Set<(payload: EventOf<N>) => void> } = {
    'job.changed': new Set(),
    'queue.changed': new Set(),
    'job.progress': new Set(),
    'results.added': new Set(),
    'consent.asked': new Set(),
    'window.shown': new Set(),
    'window.closing': new Set(),
    'preferences.changed': new Set(),
    'models.changed': new Set(),
    command: new Set(),
  };
  const on =
    <N extends EventName>(name: N) =>
    (listener: (payload: EventOf<N>) => void) => {
      listeners[name].add(listener);
      return () => void listeners[name].delete(listener);
    };
  let jobs = 0;
  const source: Source = app.source ?? {
    id: 'picture',
    name: 'picture.png',
    url: 'app://media/picture',
    width: 640,
    height: 480,
    format: 'png',
    profile: 'sRGB',
    hasAlpha: false,
  };
  const network: NetworkState = {
    offline: false,
    stages: {
      encode: { endpoints: [], isOwnList: false },
      generate: { endpoints: [], isOwnList: false },
      decode: { endpoints: [], isOwnList: false },
    },
    tokens: [],
    canKeepTokens: true,
  };
  const exportSettings = exportSettingsSchema.parse({});
  const prompts = promptLibrarySchema.parse({});
  const record = (name: string, payload: unknown = null): void => void calls.push({ name, payload });
  const view = (patch: Partial<JobView>): JobView => ({
    id: 'job',
    state: 'queued',
    sourceId: source.id,
    settings: app.draft.settings,
    createdAt: Date.now(),
    report: null,
    error: null,
    canResume: false,
    ...patch,
  });
  const replies: Bridge<File> = {
    appState: async () => ok(app),
    resultsRead: async () => ok([]),
    windowClose: async () => ok(null),
    startLook: () => ({ language: 'en', theme: 'system' }),
    draftSave: async () => ok(null),
    preferencesChange: async () => ok(null),
    sourceOpen: async () => ok(source),
    sourceImportBytes: async ({ name }) => ok({ ...source, name }),
    sourcePaste: async () => ok(null),
    sourceRecent: async () => ok([]),
    sourceUseRecent: async ({ sourceId }) => ok({ ...source, id: sourceId }),
    sourceForgetRecent: async () => ok([]),
    sourceUseResult: async ({ resultId }) => ok({ ...source, id: `from-${resultId}` }),
    importFile: async (file) => ok({ ...source, name: file.name }),
    settingsOpen: async () => ok(null),
    settingsReadBytes: async () => ok({ tool: 'a1111', settings: { prompt: 'a boat' } }),
    readSettings: async () => ok({ tool: 'a1111', settings: { prompt: 'a boat' } }),
    paintingRead: async () => ok({ marks: [], pictures: [] }),
    paintingSave: async () => ok(null),
    paintingRender: async ({ sourceId }) => ok({ source: { ...source, id: sourceId }, maskId: null }),
    maskImportBytes: async ({ name }) => ok({ ...source, id: 'mask', name }),
    maskOpen: async () => ok({ ...source, id: 'mask' }),
    importMask: async (file) => ok({ ...source, id: 'mask', name: file.name }),
    sketchNew: async ({ name, width, height }) => ok({ ...source, id: 'sketch-1', name, width, height }),
    livePaint: async ({ settings }) =>
      ok({
        id: `live-${++jobs}`,
        url: 'app://media/live',
        width: 64,
        height: 64,
        seed: settings.seed,
        stepsRun: 4,
        ms: 1,
      }),
    liveStop: async () => ok(null),
    liveKeep: async ({ liveId }) => fail({ code: 'input', message: `${liveId} is not there.` }),
    planMake: async () => ok({ width: 640, height: 480, fit: WHOLE_FIT, stages: [] }),
    networkRead: async () => ok(network),
    networkChange: async () => ok(network),
    tokenSet: async () => ok(network),
    endpointTest: async ({ url }) => ok({ url, ms: 12, model: null }),
    ledgerRead: async () => ok({ entries: [], count: 0, bytesSent: 0, bytesReceived: 0 }),
    ledgerSave: async () => ok(null),
    consentAnswer: async () => ok(null),
    jobStart: async ({ sourceId, settings }) =>
      ok(view({ id: `job-${++jobs}`, sourceId, settings: generationSettingsSchema.parse(settings) })),
    jobStartGroup: async ({ sourceId, settings, variation }) =>
      ok([
        view({
          id: `job-${++jobs}`,
          sourceId,
          settings: generationSettingsSchema.parse(settings),
          group: { id: 'group', kind: variation.kind, index: 0, size: 2 },
        }),
      ]),
    jobKeep: async () => ok(null),
    queueMove: async () => ok(null),
    queuePause: async () => ok(null),
    queueCancel: async () => ok(null),
    jobCancel: async () => ok(null),
    jobResume: async ({ jobId }) => ok(view({ id: jobId })),
    jobDiscard: async () => ok(null),
    resultSave: async () => ok({ path: '/pictures/result.png' }),
    resultReveal: async () => ok(null),
    resultCopy: async () => ok(null),
    resultDrag: async () => ok(null),
    exportRead: async () => ok(exportSettings),
    exportChange: async (change) => ok(exportSettingsSchema.parse(change)),
    resultStar: async ({ resultId }) => fail({ code: 'input', message: `${resultId} is not there.` }),
    resultDelete: async ({ resultIds }) => ok({ resultIds }),
    gallerySearch: async () => ok([]),
    galleryCount: async () => ok({ total: 0, isReading: false }),
    galleryModels: async () => ok([]),
    modelOpen: async () => ok(null),
    loraList: async () => ok([]),
    commandRun: async () => ok(null),
    commandEnable: async () => ok(null),
    promptsRead: async () => ok(prompts),
    promptsRemember: async () => ok(prompts),
    promptsForget: async () => ok(prompts),
    styleSave: async ({ style }) => ok({ ...prompts, styles: [styleSchema.parse(style)] }),
    styleRemove: async () => ok(prompts),
    diagnosticsCopy: async () => ok(null),
    promptCountTokens: async ({ prompt }) => ok({ tokens: prompt.split(/\s+/u).length, limit: 75 }),
    onJobChanged: on('job.changed'),
    onQueueChanged: on('queue.changed'),
    onJobProgress: on('job.progress'),
    onResultsAdded: on('results.added'),
    onConsentAsked: on('consent.asked'),
    onWindowShown: on('window.shown'),
    onWindowClosing: on('window.closing'),
    onPreferencesChanged: on('preferences.changed'),
    onModelsChanged: on('models.changed'),
    onCommand: on('command'),
  };
  const current: { -readonly [N in keyof Bridge<File>]: Bridge<File>[N] } = { ...replies };
  const bridge: Bridge<File> = {
    appState: () => (record('appState'), current.appState()),
    resultsRead: () => (record('resultsRead'), current.resultsRead()),
    windowClose: () => (record('windowClose'), current.windowClose()),
    startLook: current.startLook,
    preferencesChange: (payload) => (
      record('preferencesChange', payload),
      current.preferencesChange(payload)
    ),
    draftSave: (payload) => (record('draftSave', payload), current.draftSave(payload)),
    sourceOpen: () => (record('sourceOpen'), current.sourceOpen()),
    sourceImportBytes: (payload) => (
      record('sourceImportBytes', payload),
      current.sourceImportBytes(payload)
    ),
    sourcePaste: () => (record('sourcePaste'), current.sourcePaste()),
    sourceRecent: () => (record('sourceRecent'), current.sourceRecent()),
    sourceUseRecent: (payload) => (record('sourceUseRecent', payload), current.sourceUseRecent(payload)),
    sourceForgetRecent: (payload) => (
      record('sourceForgetRecent', payload),
      current.sourceForgetRecent(payload)
    ),
    sourceUseResult: (payload) => (record('sourceUseResult', payload), current.sourceUseResult(payload)),
    importFile: (file) => (record('importFile', file), current.importFile(file)),
    settingsOpen: () => (record('settingsOpen'), current.settingsOpen()),
    settingsReadBytes: (payload) => (
      record('settingsReadBytes', payload),
      current.settingsReadBytes(payload)
    ),
    readSettings: (file) => (record('readSettings', file), current.readSettings(file)),
    paintingRead: (payload) => (record('paintingRead', payload), current.paintingRead(payload)),
    paintingSave: (payload) => (record('paintingSave', payload), current.paintingSave(payload)),
    paintingRender: (payload) => (record('paintingRender', payload), current.paintingRender(payload)),
    maskImportBytes: (payload) => (record('maskImportBytes', payload), current.maskImportBytes(payload)),
    maskOpen: (payload) => (record('maskOpen', payload), current.maskOpen(payload)),
    importMask: (file, id) => (record('importMask', [file, id]), current.importMask(file, id)),
    sketchNew: (payload) => (record('sketchNew', payload), current.sketchNew(payload)),
    livePaint: (payload) => (record('livePaint', payload), current.livePaint(payload)),
    liveStop: () => (record('liveStop'), current.liveStop()),
    liveKeep: (payload) => (record('liveKeep', payload), current.liveKeep(payload)),
    planMake: (payload) => (record('planMake', payload), current.planMake(payload)),
    networkRead: () => (record('networkRead'), current.networkRead()),
    networkChange: (payload) => (record('networkChange', payload), current.networkChange(payload)),
    tokenSet: (payload) => (record('tokenSet', payload), current.tokenSet(payload)),
    endpointTest: (payload) => (record('endpointTest', payload), current.endpointTest(payload)),
    ledgerRead: () => (record('ledgerRead'), current.ledgerRead()),
    ledgerSave: () => (record('ledgerSave'), current.ledgerSave()),
    consentAnswer: (payload) => (record('consentAnswer', payload), current.consentAnswer(payload)),
    jobStart: (payload) => (record('jobStart', payload), current.jobStart(payload)),
    jobStartGroup: (payload) => (record('jobStartGroup', payload), current.jobStartGroup(payload)),
    jobKeep: (payload) => (record('jobKeep', payload), current.jobKeep(payload)),
    queueMove: (payload) => (record('queueMove', payload), current.queueMove(payload)),
    queuePause: (payload) => (record('queuePause', payload), current.queuePause(payload)),
    queueCancel: (payload) => (record('queueCancel', payload), current.queueCancel(payload)),
    jobCancel: (payload) => (record('jobCancel', payload), current.jobCancel(payload)),
    jobResume: (payload) => (record('jobResume', payload), current.jobResume(payload)),
    jobDiscard: (payload) => (record('jobDiscard', payload), current.jobDiscard(payload)),
    resultSave: (payload) => (record('resultSave', payload), current.resultSave(payload)),
    resultCopy: (payload) => (record('resultCopy', payload), current.resultCopy(payload)),
    resultDrag: (payload) => (record('resultDrag', payload), current.resultDrag(payload)),
    exportRead: () => (record('exportRead'), current.exportRead()),
    exportChange: (payload) => (record('exportChange', payload), current.exportChange(payload)),
    resultReveal: (payload) => (record('resultReveal', payload), current.resultReveal(payload)),
    resultStar: (payload) => (record('resultStar', payload), current.resultStar(payload)),
    resultDelete: (payload) => (record('resultDelete', payload), current.resultDelete(payload)),
    gallerySearch: (payload) => (record('gallerySearch', payload), current.gallerySearch(payload)),
    galleryCount: (payload) => (record('galleryCount', payload), current.galleryCount(payload)),
    galleryModels: () => (record('galleryModels'), current.galleryModels()),
    modelOpen: () => (record('modelOpen'), current.modelOpen()),
    loraList: () => (record('loraList'), current.loraList()),
    promptsRead: () => (record('promptsRead'), current.promptsRead()),
    promptsRemember: (payload) => (record('promptsRemember', payload), current.promptsRemember(payload)),
    promptsForget: (payload) => (record('promptsForget', payload), current.promptsForget(payload)),
    styleSave: (payload) => (record('styleSave', payload), current.styleSave(payload)),
    styleRemove: (payload) => (record('styleRemove', payload), current.styleRemove(payload)),
    promptCountTokens: (payload) => (
      record('promptCountTokens', payload),
      current.promptCountTokens(payload)
    ),
    commandRun: (payload) => (record('commandRun', payload), current.commandRun(payload)),
    diagnosticsCopy: () => (record('diagnosticsCopy'), current.diagnosticsCopy()),
    commandEnable: (payload) => (record('commandEnable', payload), current.commandEnable(payload)),
    onJobChanged: current.onJobChanged,
    onQueueChanged: current.onQueueChanged,
    onJobProgress: current.onJobProgress,
    onResultsAdded: current.onResultsAdded,
    onConsentAsked: current.onConsentAsked,
    onWindowShown: current.onWindowShown,
    onWindowClosing: current.onWindowClosing,
    onPreferencesChanged: current.onPreferencesChanged,
    onModelsChanged: current.onModelsChanged,
    onCommand: current.onCommand,
  };
  return {
    bridge,
    calls,
    answer: (name, reply) => {
      current[name] = reply;
    },
    tell: (name, payload) => {
      for (const listener of listeners[name]) listener(payload);
    },
  };
}
