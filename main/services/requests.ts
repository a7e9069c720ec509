/** What every request of the page does, as one table over the services. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { CommandId, ShellCommandId } from '../../shared/commands';
import type { NetworkState, REQUESTS, RequestName, ResponseOf, ResultView } from '../../shared/contract';
import { AppError } from '../../shared/errors';
import { safeFileName } from '../../shared/file-name';
import type { GenerationSettings, LoraChoice } from '../../shared/generation';
import type { NetworkView } from '../../shared/network-view';
import type { RestoredSettings } from '../../shared/restored-settings';
import { writeFileAtomic } from './atomic-file';
import type { Agreement, ConsentDesk } from './consent-desk';
import type { EngineHost } from './engine-host';
import { diagnose } from './diagnostics';
import { openingDraft } from './first-draft';
import type { Gallery } from './gallery';
import type { JobQueue } from './job-queue';
import type { Live } from './live';
import type { ModelList } from './model-list';
import type { Paintings } from './paintings';
import type { PreferencesDesk } from './preferences';
import type { PromptStore } from './prompt-store';
import type { RecentSources } from './recent-sources';
import { saveError, type ResultFiles } from './result-files';
import { makeResultHandlers, rememberWords } from './result-requests';
import type { SettingsStore } from './settings-store';
import type { SourceStore } from './source-store';
import type { Thumbnails } from './thumbnails';
import type { TokenStore } from './token-store';

/** So many results stand beside the picture; the gallery has all of them. */
const RECENT_RESULTS = 200;

/** So long after the window's first question the models are looked at again. */
const MODELS_AFTER_MS = 1000;

/** What the services need from the desktop; each dialog answers null when the person closed it. */
export interface Desktop {
  pickPicture: () => Promise<string | null>;
  pickFolder: () => Promise<string | null>;
  /** `folder` null: where the system likes; `extension` without a dot. */
  pickSavePath: (suggested: {
    name: string;
    folder: string | null;
    extension: string;
  }) => Promise<string | null>;
  revealFile: (filePath: string) => void;
  copyText: (text: string) => Promise<void>;
  /** Lets the window go that is closing. */
  letWindowGo: () => void;
  /** Names and versions of what the window runs on. */
  versions: () => Readonly<Record<string, string>>;
  /** Does one of the main process's own commands. */
  runCommand: (id: ShellCommandId) => void;
  /** Shows in the menu which commands would do something now. */
  enableCommands: (ids: readonly CommandId[]) => void;
  /** Puts a file into the system's bin; rejects where there is none. */
  trashFile: (filePath: string) => Promise<void>;
  /** From here on the pointer drags a file; the icon is a PNG. */
  dragFile: (filePath: string, iconPath: string) => void;
  /** Puts a file on the clipboard, as file managers do. */
  copyFile: (filePath: string) => Promise<void>;
  /** Puts the pixels of a PNG on the clipboard. */
  copyPicture: (pngPath: string) => Promise<void>;
  /** The picture on the clipboard; null when there is none. */
  readClipboard: () => Promise<ClipboardPicture | null>;
}

/** A picture as it lies on the clipboard: a file, or encoded bytes. */
export type ClipboardPicture = { path: string } | { bytes: Uint8Array; name: string };

export interface RequestServices {
  version: string;
  platform: string;
  starterFolder: string;
  settings: SettingsStore;
  preferences: PreferencesDesk;
  sources: SourceStore;
  gallery: Gallery;
  thumbnails: Thumbnails;
  /** Small PNGs of results for the desktop. */
  icons: Thumbnails;
  recent: RecentSources;
  files: ResultFiles;
  prompts: PromptStore;
  models: ModelList;
  queue: JobQueue;
  paintings: Paintings;
  live: Live;
  /** The engine process for short questions. */
  reader: EngineHost;
  consent: ConsentDesk;
  tokens: TokenStore;
  /** Hands the tokens as they are now to the engines that run. */
  tellTokens: () => void;
  desktop: Desktop;
  log: (text: string) => void;
}

/** Request name → what its handler gets: parsed, with defaults filled in. */
export type RequestInputs = { [N in RequestName]: z.output<(typeof REQUESTS)[N]['request']> };

/** Request name → handler. Handlers throw AppErrors; the door wraps them. */
export type RequestHandlers = {
  [N in RequestName]: (request: RequestInputs[N]) => Promise<ResponseOf<N>>;
};

/** Builds the handlers of all requests. */
export function makeRequestHandlers(services: RequestServices): RequestHandlers {
  const { settings, preferences, sources, gallery, thumbnails, models, queue, reader } = services;
  const { consent, tokens, desktop, recent } = services;
  const { paintings, live } = services;
  const checkModel = (model: string | null): void => {
    if (!models.isKnown(model))
      throw new AppError(
        'model',
        'This model is not among those that were opened here; open its folder first.',
      );
  };
  /** The page names LoRAs and gives no paths. */
  const checkLoras = (loras: readonly LoraChoice[]): void => {
    if (loras.some(({ lora }) => /[\\/]/.test(lora)))
      throw new AppError('model', 'A LoRA has to lie in the app folder for LoRAs; put its file there first.');
  };
  /** Refuses what the page may not ask for, and asks the person about what would be sent. */
  const mayStart = (wanted: GenerationSettings): Promise<Agreement> => {
    checkModel(wanted.model);
    if (wanted.vae !== null) throw vaeError();
    checkLoras(wanted.loras);
    return consent.settle(wanted);
  };
  /** Name without ending for a result's file: after the picture it was made from. */
  const nameFor = async ({ sourceId, seed }: ResultView): Promise<string> =>
    suggestName((await sources.find(sourceId))?.name ?? 'picture', seed);
  const settingsIn = async (filePath: string, name: string): Promise<RestoredSettings> => {
    const found = await reader.request('settings.read', { inputPath: filePath });
    if (found !== null) return found;
    throw new AppError(
      'input',
      `“${name}” carries no settings that Underpaint knows; they are often lost when a picture is edited or sent, so try the original file.`,
    );
  };
  const withTokens = (view: NetworkView): NetworkState => ({
    ...view,
    tokens: tokens.servers,
    canKeepTokens: tokens.canKeep,
  });
  return {
    ...makeResultHandlers(services),
    'app.state': async () => {
      consent.reset();
      const known = await models.list();
      const { draft, source } = await openingDraft({ ...services, demoPrompt: known[0]?.demoPrompt ?? '' });
      if (source !== null && settings.current.recentSourceIds.length === 0) await recent.note(source);
      // The engine takes a processor for its start, and the window is not drawn yet; at the first start it had to be asked anyway.
      void sleep(models.isRemembered ? MODELS_AFTER_MS : 0).then(() => models.refresh());
      // What an earlier session left goes on now that somebody sees it.
      void gallery.whenOpen.then(() => queue.begin());
      return {
        version: services.version,
        platform: services.platform,
        preferences: preferences.current,
        language: preferences.language,
        draft,
        source,
        models: known,
        jobs: queue.list(),
        queue: queue.order,
        results: gallery.isOpen ? gallery.newest(RECENT_RESULTS) : null,
      };
    },
    'results.read': async () => gallery.newest(RECENT_RESULTS),
    'window.close': async () => {
      desktop.letWindowGo();
      return null;
    },
    'draft.save': async (draft) => {
      await settings.update({ draft });
      return null;
    },
    'preferences.change': async (change) => {
      await preferences.change(change);
      return null;
    },
    'source.open': async () => {
      const filePath = await desktop.pickPicture();
      return filePath === null ? null : recent.note(await sources.importPath(filePath));
    },
    'source.import-bytes': async ({ name, bytes }) => recent.note(await sources.importBytes(bytes, name)),
    'source.import-path': async ({ path: filePath }) => recent.note(await sources.importPath(filePath)),
    'source.paste': async () => {
      const picture = await desktop.readClipboard();
      if (picture === null) return null;
      return recent.note(
        'path' in picture
          ? await sources.importPath(picture.path)
          : await sources.importBytes(picture.bytes, picture.name),
      );
    },
    'source.recent': () => recent.list(),
    'source.use-recent': async ({ sourceId }) => {
      const source = await sources.find(sourceId);
      if (source === null) throw new AppError('input', 'This picture is not there any more; open it again.');
      return recent.note(source);
    },
    'source.forget-recent': ({ sourceId }) => recent.remove(sourceId),
    'source.use-result': async ({ resultId }) => {
      const result = gallery.get(resultId);
      const from = existingPath(gallery, result);
      return recent.note(await sources.importPath(from, `${await nameFor(result)}${path.extname(from)}`));
    },
    'settings.open': async () => {
      const filePath = await desktop.pickPicture();
      return filePath === null ? null : settingsIn(filePath, path.basename(filePath));
    },
    'settings.read-bytes': ({ name, bytes }) =>
      sources.withTemporaryFile(bytes, name, (file) => settingsIn(file, name)),
    'settings.read-path': ({ path: filePath }) => settingsIn(filePath, path.basename(filePath)),
    'painting.read': ({ sourceId }) => paintings.read(sourceId),
    'painting.save': async ({ sourceId, marks }) => {
      await paintings.save(sourceId, marks);
      return null;
    },
    'painting.render': ({ sourceId, marks }) => paintings.render(sourceId, marks),
    'mask.open': async ({ sourceId }) => {
      const filePath = await desktop.pickPicture();
      return filePath === null ? null : paintings.importMask(sourceId, filePath);
    },
    'mask.import-bytes': ({ sourceId, name, bytes }) =>
      sources.withTemporaryFile(bytes, name, (file) => paintings.importMask(sourceId, file, name)),
    'mask.import-path': ({ sourceId, path: filePath }) => paintings.importMask(sourceId, filePath),
    'sketch.new': async (sketch) => recent.note(await paintings.newSketch(sketch)),
    'live.paint': (request) => {
      checkModel(request.settings.model);
      if (request.settings.vae !== null) throw vaeError();
      checkLoras(request.settings.loras);
      return live.paint(request);
    },
    'live.stop': async () => {
      live.stop();
      return null;
    },
    'live.keep': ({ liveId }) => live.keep(liveId),
    'plan.make': async ({ sourceId, settings: wanted, marks }) => {
      checkModel(wanted.model);
      const source = await sources.find(sourceId);
      if (source === null) throw new AppError('input', 'This picture is not there any more; open it again.');
      const { width, height } = source;
      const painting = marks.length === 0 ? {} : { painting: await paintings.forEngine(marks) };
      return reader.request('plan', { settings: wanted, width, height, ...painting });
    },
    'network.read': async () => withTokens(await reader.request('network.view', {})),
    'network.change': async (request) => withTokens(await reader.request('network.change', request)),
    'token.set': async ({ url, token }) => {
      await tokens.set(url, token);
      services.tellTokens();
      return withTokens(await reader.request('network.view', {}));
    },
    'endpoint.test': (request) => reader.request('endpoint.test', request),
    'ledger.read': () => reader.request('ledger.view', {}),
    'ledger.save': async () => {
      const chosen = await desktop.pickSavePath({
        name: 'underpaint-ledger',
        folder: null,
        extension: 'csv',
      });
      if (chosen === null) return null;
      const format = path.extname(chosen).toLowerCase() === '.json' ? 'json' : 'csv';
      const text = await reader.request('ledger.text', { format });
      const target = format === 'json' ? chosen : withExtension(chosen, 'csv');
      await writeFileAtomic(target, text).catch((error: unknown) => {
        throw saveError('ledger', target, error);
      });
      return { path: target };
    },
    'consent.answer': async ({ id, answer }) => {
      consent.answer(id, answer);
      return null;
    },
    'job.start': async (request) => {
      const { settings: agreed, allowedOnce } = await mayStart(request.settings);
      const job = await queue.start({ ...request, settings: agreed }, allowedOnce);
      await rememberWords(services, request.settings);
      return job;
    },
    'job.start-group': async ({ variation, ...request }) => {
      const { settings: agreed, allowedOnce } = await mayStart(request.settings);
      const jobs = await queue.startGroup({ ...request, settings: agreed }, variation, allowedOnce);
      await rememberWords(services, request.settings);
      return jobs;
    },
    'queue.move': async ({ jobIds, before }) => {
      queue.move(jobIds, before);
      return null;
    },
    'queue.pause': async ({ isPaused }) => {
      queue.pause(isPaused);
      return null;
    },
    'queue.cancel': async ({ jobIds }) => {
      await queue.cancelAll(jobIds);
      return null;
    },
    'job.keep': async ({ jobId }) => {
      queue.keep(jobId);
      return null;
    },
    'job.cancel': async ({ jobId }) => {
      await queue.cancel(jobId);
      return null;
    },
    'job.resume': async ({ jobId }) => {
      const { settings: agreed, allowedOnce } = await consent.settle(queue.settingsOf(jobId));
      return queue.resume(jobId, agreed, allowedOnce);
    },
    'job.discard': async ({ jobId }) => {
      await queue.discard(jobId);
      return null;
    },
    'result.star': ({ resultId, isStarred }) => gallery.star(resultId, isStarred),
    'result.delete': async ({ resultIds }) => {
      const gone: string[] = [];
      for (const resultId of resultIds) {
        const filePath = existingPath(gallery, gallery.get(resultId));
        await desktop.trashFile(filePath).catch((error: unknown) => {
          throw new AppError(
            'output',
            `${path.basename(filePath)} could not be put into the bin, so it was left where it is; delete it in its folder instead.`,
            { cause: error },
          );
        });
        await gallery.forget(resultId);
        await Promise.all([thumbnails.remove(resultId), services.icons.remove(resultId)]);
        gone.push(resultId);
      }
      return { resultIds: gone };
    },
    'gallery.search': async (wanted) => gallery.search(wanted),
    'gallery.count': async (wanted) => ({ total: gallery.count(wanted), isReading: gallery.isReading }),
    'gallery.models': async () => gallery.models(),
    'result.reveal': async ({ resultId }) => {
      desktop.revealFile(existingPath(gallery, gallery.get(resultId)));
      return null;
    },
    'model.open': async () => {
      const folder = await desktop.pickFolder();
      return folder === null ? null : models.open(folder);
    },
    'lora.list': () => reader.request('lora.list', {}),
    'command.run': async ({ id }) => {
      desktop.runCommand(id);
      return null;
    },
    'command.enable': async ({ ids }) => {
      desktop.enableCommands(ids);
      return null;
    },
    'diagnostics.copy': async () => {
      await desktop.copyText(await diagnose(services));
      return null;
    },
    'prompt.count-tokens': async (request) => {
      checkModel(request.model);
      return reader.request('prompt.count-tokens', request);
    },
  };
}

/** The page names no files of its own, and no one opened an autoencoder for it. */
const vaeError = (): AppError =>
  new AppError(
    'model',
    "The window works with the model's own autoencoder; another one can be given on the command line (--vae).",
  );

function existingPath(gallery: Gallery, result: ResultView): string {
  const filePath = gallery.pathOf(result.id);
  if (filePath === null) throw new AppError('input', 'This result is not there any more; paint it again.');
  return filePath;
}

/** `sketch.png` and seed 7 → `sketch-7`: a name that every file system takes. */
export const suggestName = (sourceName: string, seed: number): string =>
  `${safeFileName(path.parse(sourceName).name.slice(0, 80))}-${seed}`;

/** A name whose ending tells another format than the content is confusing, so the right ending is appended. */
function withExtension(filePath: string, extension: string): string {
  const given = path.extname(filePath).slice(1).toLowerCase();
  const isRight = given === extension || (given === 'jpeg' && extension === 'jpg');
  return isRight ? filePath : `${filePath}.${extension}`;
}
