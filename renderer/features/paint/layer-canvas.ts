/** One layer of the painting as pixels, at the resolution in which the picture is shown. New marks are added; only undo draws again. */
import { SHOWN_SIDE_PX, visibleMarks, type Mark, type PaintLayer } from '../../../shared/painting';
import { drawMark, type DrawOptions } from './draw-mark';

/** Drawing everything again goes on in the next frame after so long. */
const SLICE_MS = 8;

export class LayerCanvas {
  readonly #layer: PaintLayer;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #options: DrawOptions;
  /** Layer pixels per pixel of the picture. Marks are exact at every size; only their look is limited. */
  readonly #scale: number;
  /** What the canvas shows, or will when drawing again is done. */
  #shown: readonly Mark[] = [];
  #frame = 0;
  #spare: HTMLCanvasElement | null = null;

  constructor(layer: PaintLayer, canvas: HTMLCanvasElement, options: DrawOptions) {
    this.#layer = layer;
    this.#canvas = canvas;
    this.#options = options;
    this.#scale = Math.min(1, SHOWN_SIDE_PX / Math.max(options.width, options.height));
    canvas.width = Math.max(1, Math.round(options.width * this.#scale));
    canvas.height = Math.max(1, Math.round(options.height * this.#scale));
    this.#context = contextOf(canvas);
    this.#setScale(this.#context);
  }

  /** Shows exactly these marks of the layer. */
  show(marks: readonly Mark[]): void {
    const before = this.#shown;
    this.#shown = marks;
    // An empty layer is not even put together with the others.
    this.#canvas.style.visibility = marks.length === 0 ? 'hidden' : '';
    const isLonger = marks.length >= before.length && marks[before.length - 1] === before.at(-1);
    if (this.#frame !== 0 || !isLonger) {
      this.drawAgain();
      return;
    }
    for (const mark of marks.slice(before.length)) drawMark(this.#context, mark, this.#options);
  }

  /** Takes away along a path at once, while the stroke is still being made. */
  erase(path: Path2D): void {
    this.#context.save();
    this.#context.globalCompositeOperation = 'destination-out';
    this.#context.fill(path);
    this.#context.restore();
  }

  /** The colour at a point of the picture: red, green, blue, alpha. */
  colourAt(x: number, y: number): Uint8ClampedArray {
    return this.#context.getImageData(Math.floor(x * this.#scale), Math.floor(y * this.#scale), 1, 1).data;
  }

  /**
   * Draws everything again: something is gone, a picture among the marks is there now, or something was drawn that is not to stay. It is
   * drawn into a second canvas, a slice per frame, and shown when it is whole, so that nothing flickers and no frame is late.
   */
  drawAgain(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const spare = (this.#spare ??= document.createElement('canvas'));
    spare.width = this.#canvas.width;
    spare.height = this.#canvas.height;
    const context = contextOf(spare);
    this.#setScale(context);
    const marks = visibleMarks(this.#shown, this.#layer);
    let next = 0;
    const slice = (): void => {
      const end = performance.now() + SLICE_MS;
      while (next < marks.length) {
        const mark = marks[next];
        if (mark !== undefined) drawMark(context, mark, this.#options);
        next += 1;
        if (performance.now() > end && next < marks.length) {
          this.#frame = requestAnimationFrame(slice);
          return;
        }
      }
      this.#frame = 0;
      this.#context.save();
      this.#context.resetTransform();
      this.#context.clearRect(0, 0, spare.width, spare.height);
      this.#context.drawImage(spare, 0, 0);
      this.#context.restore();
    };
    slice();
  }

  #setScale(context: CanvasRenderingContext2D): void {
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('The window cannot draw: it has no canvas.');
  return context;
}
