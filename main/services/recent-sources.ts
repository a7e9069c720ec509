/** The pictures that were brought in lately, to be taken again; what is left out of the list stays on disk for the results made from it. */
import type { RecentSource, Source } from '../../shared/contract';
import { MAX_RECENT_SOURCES } from '../../shared/settings';
import { sourceThumbnailUrl } from './media-urls';
import type { SettingsStore } from './settings-store';
import type { SourceStore } from './source-store';

export class RecentSources {
  readonly #settings: SettingsStore;
  readonly #sources: SourceStore;

  constructor(settings: SettingsStore, sources: SourceStore) {
    this.#settings = settings;
    this.#sources = sources;
  }

  /** Newest first; those whose files are gone are left out. */
  async list(): Promise<RecentSource[]> {
    const found = await Promise.all(this.#ids.map((id) => this.#sources.find(id)));
    return found.flatMap((source) =>
      source === null ? [] : [{ ...source, thumbnailUrl: sourceThumbnailUrl(source.id) }],
    );
  }

  /** Puts a picture in front and answers it. */
  async note(source: Source): Promise<Source> {
    const others = this.#ids.filter((id) => id !== source.id);
    await this.#settings.update({ recentSourceIds: [source.id, ...others].slice(0, MAX_RECENT_SOURCES) });
    return source;
  }

  async remove(sourceId: string): Promise<RecentSource[]> {
    await this.#settings.update({ recentSourceIds: this.#ids.filter((id) => id !== sourceId) });
    return this.list();
  }

  get #ids(): readonly string[] {
    return this.#settings.current.recentSourceIds;
  }
}
