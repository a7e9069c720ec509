/** The models that the person can choose: the bundled starter first, then the folders that were opened, newest first. */
import type { ModelInfo } from '../../shared/models';
import type { EngineHost } from './engine-host';
import type { SettingsStore } from './settings-store';

const MAX_REMEMBERED_FOLDERS = 100;

export interface ModelListOptions {
  engine: EngineHost;
  settings: SettingsStore;
  log: (text: string) => void;
}

/** Asks the engine about each model once per session. */
export class ModelList {
  readonly #options: ModelListOptions;
  /** Folder (null: the starter) → what the engine says; a model that could not be read is asked again. */
  readonly #known = new Map<string | null, Promise<ModelInfo>>();

  constructor(options: ModelListOptions) {
    this.#options = options;
  }

  /** All models that can be read now; one that cannot (a drive that is not plugged in) is left out and kept in the settings. */
  async list(): Promise<ModelInfo[]> {
    const folders = [null, ...this.#options.settings.current.modelFolders];
    const infos = await Promise.all(folders.map((folder) => this.#tryRead(folder)));
    return infos.filter((info) => info !== null);
  }

  /** The bundled model; null when the engine cannot read it. */
  starter(): Promise<ModelInfo | null> {
    return this.#tryRead(null);
  }

  /** Reads a folder that the person chose and remembers it. Throws the engine's `model` error when it is none. */
  async open(folder: string): Promise<ModelInfo> {
    const { engine, settings } = this.#options;
    engine.tryAgain();
    const info = await this.#read(folder);
    const others = settings.current.modelFolders.filter((known) => known !== folder);
    await settings.update({ modelFolders: [folder, ...others].slice(0, MAX_REMEMBERED_FOLDERS) });
    return info;
  }

  /** False for a folder that the person never opened: the page may not name one by itself. */
  isKnown(model: string | null): boolean {
    return model === null || this.#options.settings.current.modelFolders.includes(model);
  }

  async #tryRead(folder: string | null): Promise<ModelInfo | null> {
    try {
      return await (this.#known.get(folder) ?? this.#read(folder));
    } catch (error) {
      this.#options.log(`the model ${folder ?? 'starter'} could not be read: ${String(error)}`);
      return null;
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
