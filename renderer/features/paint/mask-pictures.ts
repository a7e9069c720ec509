/** The pictures among the marks: fetched when they are first drawn, kept for as long as the surface is there. */
export class MaskPictures {
  readonly #pictures = new Map<string, HTMLImageElement>();
  readonly #urlOf: (sourceId: string) => string | null;
  readonly #onLoaded: () => void;

  /** @param onLoaded one that was asked for in vain is there now */
  constructor(urlOf: (sourceId: string) => string | null, onLoaded: () => void) {
    this.#urlOf = urlOf;
    this.#onLoaded = onLoaded;
  }

  /** The picture, or null while it is on its way or where it is not known. */
  get = (sourceId: string): HTMLImageElement | null => {
    const known = this.#pictures.get(sourceId);
    if (known !== undefined) return known.complete && known.naturalWidth > 0 ? known : null;
    const url = this.#urlOf(sourceId);
    if (url === null) return null;
    const picture = new Image();
    this.#pictures.set(sourceId, picture);
    picture.addEventListener('load', () => this.#onLoaded(), { once: true });
    picture.src = url;
    return null;
  };
}
