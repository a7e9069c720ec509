/** The models that the person can choose: the bundled starter first, then the folders that were opened, newest first. */
import { AppError } from '../../shared/errors';
import type { ModelInfo } from '../../shared/models';
import type { EngineHost } from './engine-host';
import type { SettingsStore } from './settings-store';

const MAX_REMEMBERED_FOLDERS = 100;
/** Stands for the starter model among the remembered ones; folders are never empty. */
const STARTER = '';

export interface ModelListOptions {
  engine: EngineHost;
  settings: SettingsStore;
  log: (text: string) => void;
  /** The models turned out to be others than the remembered ones. */
  onChanged: (models: ModelInfo[]) => void;
}

/** Answers at once with what it remembers of each model, and asks the engine about each once per session. */
export class ModelList {
  readonly #options: ModelListOptions;
  /** Folder (null: the starter) → what the engine says; a model that could not be read is asked again. */
  readonly #known = new Map<string | null, Promise<ModelInfo>>();

  constructor(options: ModelListOptions) {
    this.#options = options;
  }

  /** All models, as they were last time where that is remembered; one that never could be read is asked for. */
  async list(): Promise<ModelInfo[]> {
    const { modelInfos } = this.#options.settings.current;
    const infos = await Promise.all(
      this.#folders().map(async (folder) => modelInfos[folder ?? STARTER] ?? this.#tryRead(folder)),
    );
    return infos.filter((info) => info !== null);
  }

  /** True when nothing has to be asked for the list. */
  get isRemembered(): boolean {
    const { modelInfos } = this.#options.settings.current;
    return this.#folders().every((folder) => modelInfos[folder ?? STARTER] !== undefined);
  }

  /**
   * Asks the engine whether they still are what is remembered, and tells when not. A model that cannot be read (a drive that is not
   * plugged in) is left out and kept in the settings.
   */
  async refresh(): Promise<void> {
    const { settings, onChanged, log } = this.#options;
    const before = await this.list();
    const folders = this.#folders();
    const infos = await Promise.all(folders.map((folder) => this.#tryRead(folder)));
    const found = folders.flatMap((folder, index) => {
      const info = infos[index] ?? null;
      return info === null ? [] : [[folder ?? STARTER, info] as const];
    });
    const now = found.map(([, info]) => info);
    if (JSON.stringify(now) !== JSON.stringify(before)) onChanged(now);
    const modelInfos = Object.fromEntries(found);
    if (JSON.stringify(modelInfos) === JSON.stringify(settings.current.modelInfos)) return;
    await settings
      .update({ modelInfos })
      .catch((error: unknown) => log(`the models were not remembered: ${String(error)}`));
  }

  /** Reads a folder that the person chose and remembers it. Throws the engine's `model` error when it is none. */
  async open(folder: string): Promise<ModelInfo> {
    const { engine, settings } = this.#options;
    engine.tryAgain();
    const info = await this.#read(folder);
    const others = settings.current.modelFolders.filter((known) => known !== folder);
    await settings.update({
      modelFolders: [folder, ...others].slice(0, MAX_REMEMBERED_FOLDERS),
      modelInfos: { ...settings.current.modelInfos, [folder]: info },
    });
    return info;
  }

  /** False for a folder that the person never opened: the page may not name one by itself. */
  isKnown(model: string | null): boolean {
    return model === null || this.#options.settings.current.modelFolders.includes(model);
  }

  #folders(): (string | null)[] {
    return [null, ...this.#options.settings.current.modelFolders];
  }

  async #tryRead(folder: string | null): Promise<ModelInfo | null> {
    try {
      return await (this.#known.get(folder) ?? this.#read(folder));
    } catch (error) {
      const { log, settings } = this.#options;
      log(`the model ${folder ?? 'starter'} could not be read: ${String(error)}`);
      // An engine that died says nothing about the model.
      const isGone = error instanceof AppError && error.code === 'model';
      return isGone ? null : (settings.current.modelInfos[folder ?? STARTER] ?? null);
    }
  }

  /** The id of an opened folder is the folder itself: that is what a request's `model` names. */
  #read(folder: string | null): Promise<ModelInfo> {
    const reading = this.#options.engine
      .request('model.info', { model: folder })
      .then((info) => (folder === null ? info : { ...info, id: folder }));
    this.#known.set(folder, reading);
    reading.catch(() => this.#known.delete(folder));
    return reading;
  }
}
