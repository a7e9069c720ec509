/** What is being drawn right now, in the pixels of the screen: small, so that every move of the pointer costs little on any picture. */
import type { Size, View } from './view';

/** Sharper than this nobody sees a stroke in motion. */
const MAX_PIXEL_RATIO = 2;

export class LiveCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #ratio = 1;
  #isEmpty = true;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('The window cannot draw: it has no canvas.');
    this.#canvas = canvas;
    this.#context = context;
  }

  /** As large as the stage. */
  resize(stage: Size): void {
    this.#ratio = Math.min(MAX_PIXEL_RATIO, window.devicePixelRatio);
    this.#canvas.width = Math.max(1, Math.round(stage.width * this.#ratio));
    this.#canvas.height = Math.max(1, Math.round(stage.height * this.#ratio));
    this.#isEmpty = true;
  }

  /** Adds a path in the picture's pixels; the colour is opaque, the whole of it shows with `opacity`. */
  fill(path: Path2D, view: View, colour: string, opacity: number): void {
    this.#canvas.style.opacity = String(opacity);
    this.#context.setTransform(
      this.#ratio * view.scale,
      0,
      0,
      this.#ratio * view.scale,
      this.#ratio * view.x,
      this.#ratio * view.y,
    );
    this.#context.fillStyle = colour;
    this.#context.fill(path);
    this.#canvas.style.visibility = '';
    this.#isEmpty = false;
  }

  clear(): void {
    if (this.#isEmpty) return;
    this.#context.resetTransform();
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#canvas.style.visibility = 'hidden';
    this.#isEmpty = true;
  }
}
