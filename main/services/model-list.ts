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
  /** Folder (null: the starter) → what the engine said. */
  readonly #known = new Map<string | null, ModelInfo>();

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
    const info = identified(folder, await engine.request('model.info', { model: folder }));
    this.#known.set(folder, info);
    const others = settings.current.modelFolders.filter((known) => known !== folder);
    await settings.update({ modelFolders: [folder, ...others].slice(0, MAX_REMEMBERED_FOLDERS) });
    return info;
  }

  async #tryRead(folder: string | null): Promise<ModelInfo | null> {
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    try {
      const info = identified(folder, await this.#options.engine.request('model.info', { model: folder }));
      this.#known.set(folder, info);
      return info;
    } catch (error) {
      this.#options.log(`the model ${folder ?? 'starter'} could not be read: ${String(error)}`);
      return null;
    }
  }
}

/** An opened model is chosen by its folder (the name alone would not find it again); the starter keeps its own id. */
const identified = (folder: string | null, info: ModelInfo): ModelInfo =>
  folder === null ? info : { ...info, id: folder };
