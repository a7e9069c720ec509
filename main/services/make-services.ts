/** Builds the services and connects them, in the order in which they need each other. */
import path from 'node:path';
import type { EventName, EventOf } from '../../shared/contract';
import type { Preferences } from '../../shared/settings';
import { ConsentDesk } from './consent-desk';
import { engineEnvironment } from './engine-environment';
import { EngineHost } from './engine-host';
import { Gallery } from './gallery';
import { JobQueue } from './job-queue';
import { Live } from './live';
import { ModelList } from './model-list';
import { findNode } from './node-path';
import { PreferencesDesk } from './preferences';
import { PromptStore } from './prompt-store';
import { RecentSources } from './recent-sources';
import { Paintings } from './paintings';
import { makeRequestHandlers, type Desktop, type RequestHandlers } from './requests';
import { ResultFiles } from './result-files';
import { SettingsStore } from './settings-store';
import { SourceStore } from './source-store';
import { TokenStore, type KeyStore } from './token-store';
import { Thumbnails } from './thumbnails';
import { sweepTemporaries } from './sweep';
import { WorkPresence } from './work-presence';

/** How long the painting process stays, with its models in memory, after the last job. */
const PAINTER_IDLE_MS = 10 * 60_000;

/** The folders and files that the services work with, all absolute. */
export interface ServicePaths {
  home: string;
  settingsFile: string;
  tokensFile: string;
  sourcesFolder: string;
  jobsFolder: string;
  resultsFolder: string;
  thumbnailsFolder: string;
  /** Copies of results that other programs get to see. */
  exportsFolder: string;
  promptsFile: string;
  liveFolder: string;
  starterFolder: string;
  engineFile: string;
  /** Null in development. */
  bundledNodeFile: string | null;
}

export interface ServiceOptions {
  paths: ServicePaths;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  ownExecutable: string;
  version: string;
  desktop: Desktop;
  keyStore: KeyStore;
  log: (text: string) => void;
  isWindowVisible: () => boolean;
  /** The language, two letters, for a choice; null: the system's. */
  languageFor: (chosen: string | null) => string;
  /** Puts changed preferences into effect in the shell. */
  applyPreferences: (preferences: Preferences, language: string) => void;
  send: <N extends EventName>(name: N, payload: EventOf<N>) => void;
  /** The work is over, and the person may be looking elsewhere: so many pictures are ready, so many jobs stopped before their end. */
  announceEnd: (pictures: number, stopped: number) => void;
  /** Work begins or ends: the machine must not fall asleep meanwhile. */
  keepAwake: (isWorking: boolean) => void;
  /** 0 … 1, or null when nothing runs. */
  showProgress: (fraction: number | null) => void;
}

export interface Services {
  settings: SettingsStore;
  preferences: PreferencesDesk;
  sources: SourceStore;
  gallery: Gallery;
  thumbnails: Thumbnails;
  sourceThumbnails: Thumbnails;
  queue: JobQueue;
  live: Live;
  /** Answer requests once `load` has. */
  handlers: RequestHandlers;
  /** Reads what belongs to the form: queue, prompts, keys. Called once, after `settings.load`. */
  load: () => Promise<void>;
  /** Opens the results after that; nothing but `app.state` can be asked before. */
  loadResults: () => Promise<void>;
  /** On the first start, when nothing is remembered yet: asks the engine about the bundled model while the window still opens. */
  warmUp: () => void;
  /** Process ids of the engines that run at the moment. */
  enginePids: () => number[];
  /** Ends the engines and answers when everything is on disk. */
  close: () => Promise<void>;
}

/** Reads nothing and starts nothing: `settings.load`, `load` and `loadResults` do; the engine comes with the first request for it. */
export function makeServices(options: ServiceOptions): Services {
  const { paths, env, log } = options;
  const tokens = new TokenStore(paths.tokensFile, options.keyStore, log);
  const engineOptions = {
    nodePath: () =>
      findNode({
        bundledNodeFile: paths.bundledNodeFile,
        env,
        platform: options.platform,
        ownExecutable: options.ownExecutable,
      }),
    enginePath: paths.engineFile,
    env: engineEnvironment(env, paths),
    log,
    greeting: () => ({ type: 'tokens' as const, tokens: tokens.all() }),
  };
  // A step of a job blocks its process; pictures and prompts are read in one of their own, so that the form stays quick.
  const painter = new EngineHost({ ...engineOptions, idleExitMs: PAINTER_IDLE_MS, isYielding: true });
  const reader = new EngineHost(engineOptions);

  const settings = new SettingsStore(paths.settingsFile, log);
  const preferences = new PreferencesDesk({
    settings,
    languageFor: options.languageFor,
    apply: (changed, language) => {
      options.applyPreferences(changed, language);
      options.send('preferences.changed', { preferences: changed, language });
    },
  });
  const sources = new SourceStore(paths.sourcesFolder, reader);
  const gallery = new Gallery(paths.resultsFolder, log);
  const smallPictures = { engine: reader, log };
  const pictureOf = (id: string): string | null => gallery.pathOf(id);
  const thumbnails = new Thumbnails({ ...smallPictures, folder: paths.thumbnailsFolder, pictureOf });
  const icons = new Thumbnails({
    ...smallPictures,
    folder: path.join(paths.thumbnailsFolder, 'icons'),
    pictureOf,
    ending: 'png',
  });
  const sourceThumbnails = new Thumbnails({
    ...smallPictures,
    folder: path.join(paths.thumbnailsFolder, 'inputs'),
    pictureOf: (id) => sources.previewPath(id),
  });
  const prompts = new PromptStore(paths.promptsFile, log);
  const models = new ModelList({
    engine: reader,
    settings,
    log,
    onChanged: (known) => options.send('models.changed', known),
  });
  const presence = new WorkPresence(options, () => ({ jobs: queue.list(), isPaused: queue.order.isPaused }));
  const paintings = new Paintings({ sources, engine: reader, log });
  const queue: JobQueue = new JobQueue({
    jobsFolder: paths.jobsFolder,
    orderFile: path.join(paths.home, 'queue.json'),
    engine: painter,
    sources,
    gallery,
    log,
    wantsPreviews: options.isWindowVisible,
    onChanged: (job) => {
      options.send('job.changed', job);
      presence.jobChanged(job);
      if (job.state === 'queued') live.stop();
    },
    onOrder: (order) => {
      options.send('queue.changed', order);
      presence.refresh();
    },
    onProgress: (jobId, progress, previewUrl) => {
      options.send('job.progress', { jobId, progress, ...(previewUrl === undefined ? {} : { previewUrl }) });
      presence.jobProgressed(progress);
    },
    onResults: (results) => options.send('results.added', results),
  });
  const live = new Live({
    folder: paths.liveFolder,
    engine: painter,
    paintings,
    gallery,
    isQueueBusy: () => queue.list().some(({ state }) => state === 'queued' || state === 'running'),
  });
  const files = new ResultFiles({
    folder: paths.exportsFolder,
    gallery,
    sources,
    models,
    engine: reader,
    wanted: () => settings.current.export,
  });
  const consent = new ConsentDesk({
    engine: reader,
    ask: (question) => options.send('consent.asked', question),
  });
  let loading: Promise<unknown> = Promise.resolve();
  /** Closing waits for what is being read. */
  const noteLoading = (load: Promise<void>): Promise<void> => {
    loading = Promise.all([loading, load]).catch(() => undefined); // told by whoever asked
    return load;
  };
  const load = async (): Promise<void> => {
    await Promise.all([queue.load(), tokens.load(), prompts.load(), live.load()]);
  };
  const loadResults = async (): Promise<void> => {
    if (await gallery.load()) {
      gallery
        .whenRead()
        .then(() => gallery.recover((inputPath) => reader.request('picture.describe', { inputPath })))
        .catch((error: unknown) => log(`lost pictures were not looked for: ${String(error)}`));
    }
    files
      .tidy(Date.now())
      .catch((error: unknown) => log(`old copies of results were left: ${String(error)}`));
    sweepTemporaries(paths, Date.now(), log).catch((error: unknown) =>
      log(`what a killed app left was not removed: ${String(error)}`),
    );
  };

  return {
    load: () => noteLoading(load()),
    loadResults: () => noteLoading(loadResults()),
    settings,
    preferences,
    sources,
    gallery,
    thumbnails,
    sourceThumbnails,
    queue,
    live,
    handlers: makeRequestHandlers({
      ...options,
      starterFolder: paths.starterFolder,
      settings,
      preferences,
      sources,
      gallery,
      thumbnails,
      icons,
      recent: new RecentSources(settings, sources),
      files,
      prompts,
      models,
      queue,
      paintings,
      live,
      reader,
      consent,
      tokens,
      tellTokens: () => {
        painter.greet();
        reader.greet();
      },
    }),
    warmUp: () => {
      if (settings.current.draft === null) void models.list();
    },
    enginePids: () => [painter.pid, reader.pid].filter((pid) => pid !== null),
    close: async () => {
      await loading;
      const saved = queue.close();
      live.stop();
      painter.close();
      reader.close();
      await Promise.all([saved, settings.flush(), prompts.flush(), paintings.flush()]);
      await gallery.close();
    },
  };
}
