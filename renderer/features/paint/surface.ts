/**
 * The drawing surface: pointer, zoom and pan over the picture and its two layers. It stands outside React, since nothing may be drawn again
 * per move of the pointer but the line itself: zoom and pan are transforms, a stroke grows on a canvas of the screen's size, and the layers
 * change when it is done.
 */
import {
  layerOf,
  PAINT_LAYERS,
  type Brush,
  type Ink,
  type Mark,
  type PaintLayer,
} from '../../../shared/painting';
import type { Look } from '../../state/page-state';
import {
  inkOf,
  lassoGesture,
  rectangleGesture,
  strokeGesture,
  type Easel,
  type Gesture,
  type Point,
} from './gestures';
import { LayerCanvas } from './layer-canvas';
import { LiveCanvas } from './live-canvas';
import { MaskPictures } from './mask-pictures';
import { pickColour } from './pick-colour';
import { centred, fitView, panBy, zoomAt, type Size, type View } from './view';

export interface SurfaceElements {
  stage: HTMLElement;
  /** Hold what lies over the picture in its own pixels; moved and scaled together. */
  sheets: readonly HTMLElement[];
  picture: HTMLImageElement;
  layers: Readonly<Record<PaintLayer, HTMLCanvasElement>>;
  live: Readonly<Record<PaintLayer, HTMLCanvasElement>>;
  /** Shows how large the brush is. */
  ring: HTMLElement;
}

export interface SurfaceOptions {
  picture: Size;
  maskColour: string;
  /** Where a picture among the marks is served; null for one that is not known. */
  urlOf: (sourceId: string) => string | null;
  /** Answers whether it stays. */
  onMark: (mark: Mark) => boolean;
  onPick: (colour: string) => void;
  /** The view has changed: CSS pixels per pixel of the picture. */
  onScale: (scale: number) => void;
}

/** Shows an area that is about to be taken away. */
const ERASED = '#ffffff';
const KEY_PAN_PX = 48;
const ZOOM_STEP = 1.25;
const WHEEL_ZOOM = 0.0015;
/** A pinch on a touch pad comes as a wheel with Ctrl and small numbers. */
const PINCH_ZOOM = 0.01;
const MIDDLE_BUTTON = 1;
const PEN_ERASER_BUTTON = 5;

export class PaintSurface {
  readonly #elements: SurfaceElements;
  readonly #options: SurfaceOptions;
  readonly #layers: Readonly<Record<PaintLayer, LayerCanvas>>;
  readonly #live: Readonly<Record<PaintLayer, LiveCanvas>>;
  readonly #end = new AbortController();
  readonly #observer: ResizeObserver;
  #brush: Brush | null = null;
  #stage: Size = { width: 1, height: 1 };
  #view: View = { scale: 1, x: 0, y: 0 };
  /** The whole picture shows, whatever size the stage gets. */
  #isFitted = true;
  #isSpaceHeld = false;
  /** Where the pointer is over the stage. */
  #pointer: { x: number; y: number } | null = null;
  #gesture: (Gesture & { pointerId: number }) | null = null;

  constructor(elements: SurfaceElements, options: SurfaceOptions) {
    this.#elements = elements;
    this.#options = options;
    const pictures = new MaskPictures(options.urlOf, () => this.#layers.mask.drawAgain());
    const { width, height } = options.picture;
    const draw = { width, height, maskColour: options.maskColour, pictureOf: pictures.get };
    this.#layers = {
      mask: new LayerCanvas('mask', elements.layers.mask, draw),
      paint: new LayerCanvas('paint', elements.layers.paint, draw),
    };
    this.#live = { mask: new LiveCanvas(elements.live.mask), paint: new LiveCanvas(elements.live.paint) };
    for (const sheet of elements.sheets) {
      sheet.style.width = `${width}px`;
      sheet.style.height = `${height}px`;
    }
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(elements.stage);
    this.#resize();
    this.#listen();
  }

  /** Shows the painting. */
  show(marks: readonly Mark[]): void {
    for (const layer of PAINT_LAYERS)
      this.#layers[layer].show(marks.filter((mark) => layerOf(mark) === layer));
  }

  /** Takes the tools up, or lays them aside (null): then the whole picture shows and nothing is drawn. */
  use(brush: Brush | null): void {
    if ((brush === null) !== (this.#brush === null)) {
      this.#cancel();
      this.look('fit');
    }
    this.#brush = brush;
    this.#elements.stage.style.cursor = brush === null ? '' : isRound(brush) ? 'none' : 'crosshair';
    this.#placeRing();
  }

  /** Changes the view. */
  look(look: Look): void {
    const { picture } = this.#options;
    this.#isFitted = look === 'fit';
    const middle = { x: this.#stage.width / 2, y: this.#stage.height / 2 };
    if (look === 'fit') this.#setView(fitView(picture, this.#stage));
    else if (look === 'full') this.#setView(centred(picture, this.#stage, 1 / window.devicePixelRatio));
    else this.#zoom(look === 'in' ? ZOOM_STEP : 1 / ZOOM_STEP, middle);
  }

  close(): void {
    this.#end.abort();
    this.#observer.disconnect();
  }

  #listen(): void {
    const { stage } = this.#elements;
    const { signal } = this.#end;
    stage.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    stage.addEventListener('pointermove', (event) => this.#move(event), { signal });
    stage.addEventListener('pointerup', (event) => this.#up(event), { signal });
    stage.addEventListener('pointercancel', () => this.#cancel(), { signal });
    stage.addEventListener('pointerleave', () => this.#leave(), { signal });
    stage.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    stage.addEventListener('keydown', (event) => this.#key(event), { signal });
    window.addEventListener('keyup', (event) => event.code === 'Space' && (this.#isSpaceHeld = false), {
      signal,
    });
    window.addEventListener('blur', () => (this.#isSpaceHeld = false), { signal });
  }

  #resize(): void {
    const { stage } = this.#elements;
    this.#stage = { width: Math.max(1, stage.clientWidth), height: Math.max(1, stage.clientHeight) };
    for (const layer of PAINT_LAYERS) this.#live[layer].resize(this.#stage);
    this.#setView(this.#isFitted ? fitView(this.#options.picture, this.#stage) : this.#view);
  }

  #setView(view: View): void {
    this.#view = view;
    const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    for (const sheet of this.#elements.sheets) sheet.style.transform = transform;
    this.#options.onScale(view.scale);
    this.#placeRing();
  }

  #zoom(factor: number, at: { x: number; y: number }): void {
    this.#isFitted = false;
    this.#setView(zoomAt(this.#view, factor, at, this.#options.picture, this.#stage));
  }

  #pan(dx: number, dy: number): void {
    this.#isFitted = false;
    this.#setView(panBy(this.#view, dx, dy, this.#options.picture, this.#stage));
  }

  #down(event: PointerEvent): void {
    const brush = this.#brush;
    if (brush === null || this.#gesture !== null) return;
    const isPan = event.button === MIDDLE_BUTTON || (event.button === 0 && this.#isSpaceHeld);
    const isTurned = event.button === PEN_ERASER_BUTTON;
    if (!isPan && !isTurned && event.button !== 0) return;
    event.preventDefault();
    const { stage } = this.#elements;
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    const gesture = isPan ? this.#panGesture() : this.#toolGesture(brush, isTurned, event.altKey);
    this.#gesture = { ...gesture, pointerId: event.pointerId };
    gesture.move([this.#pointOf(event, stage.getBoundingClientRect())]);
  }

  #move(event: PointerEvent): void {
    const box = this.#elements.stage.getBoundingClientRect();
    this.#pointer = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.#placeRing();
    const gesture = this.#gesture;
    if (gesture === null || event.pointerId !== gesture.pointerId) return;
    const parts = event.getCoalescedEvents();
    gesture.move((parts.length === 0 ? [event] : parts).map((part) => this.#pointOf(part, box)));
  }

  #up(event: PointerEvent): void {
    const gesture = this.#gesture;
    if (gesture === null || event.pointerId !== gesture.pointerId) return;
    this.#gesture = null;
    gesture.end();
  }

  #cancel(): void {
    const gesture = this.#gesture;
    this.#gesture = null;
    gesture?.cancel();
  }

  #toolGesture(brush: Brush, isTurned: boolean, hasAlt: boolean): Gesture {
    const pixel = 1 / this.#view.scale;
    const isPicking =
      brush.tool === 'picker' || (hasAlt && brush.layer === 'paint' && brush.tool === 'brush');
    if (isPicking) return this.#pickGesture();
    const ink = inkOf(brush, isTurned || hasAlt);
    if (brush.tool === 'lasso') return lassoGesture(this.#easel, ink, pixel);
    if (brush.tool === 'rectangle') return rectangleGesture(this.#easel, ink);
    return strokeGesture(this.#easel, ink, this.#radiusPx(brush), pixel);
  }

  #pickGesture(): Gesture {
    const pick = ([point]: readonly Point[]): void => {
      const { picture } = this.#elements;
      const colour =
        point === undefined ? null : pickColour(picture, this.#options.picture, this.#layers.paint, point);
      if (colour !== null) this.#options.onPick(colour);
    };
    return { move: pick, end: () => undefined, cancel: () => undefined };
  }

  /** Points move with the view, so the way is counted on the screen. */
  #panGesture(): Gesture {
    let last: { x: number; y: number } | null = null;
    return {
      move: (points) => {
        const point = points.at(-1);
        if (point === undefined) return;
        const { scale, x, y } = this.#view;
        const now = { x: point.x * scale + x, y: point.y * scale + y };
        if (last !== null) this.#pan(now.x - last.x, now.y - last.y);
        last = now;
      },
      end: () => undefined,
      cancel: () => undefined,
    };
  }

  readonly #easel: Easel = {
    show: (path, ink) => {
      const colour = ink.erases ? ERASED : ink.layer === 'mask' ? this.#options.maskColour : ink.colour;
      this.#live[ink.layer].fill(path, this.#view, colour, ink.opacity);
    },
    clear: () => {
      for (const layer of PAINT_LAYERS) this.#live[layer].clear();
    },
    erase: (path, ink) => this.#layers[ink.layer].erase(path),
    restore: (ink: Ink) => this.#layers[ink.layer].drawAgain(),
    add: (mark) => {
      if (!this.#options.onMark(mark)) this.#layers[layerOf(mark)].drawAgain();
    },
  };

  #radiusPx(brush: Brush): number {
    const { width, height } = this.#options.picture;
    return Math.max(0.5, (brush.size * Math.max(width, height)) / 2000);
  }

  #pointOf(event: PointerEvent, box: DOMRect): Point {
    const { scale, x, y } = this.#view;
    return {
      x: (event.clientX - box.left - x) / scale,
      y: (event.clientY - box.top - y) / scale,
      pressure: event.pointerType === 'pen' ? event.pressure : null,
    };
  }

  #leave(): void {
    this.#pointer = null;
    this.#placeRing();
  }

  #placeRing(): void {
    const { ring } = this.#elements;
    const [brush, pointer] = [this.#brush, this.#pointer];
    ring.hidden = brush === null || pointer === null || !isRound(brush);
    if (brush === null || pointer === null || ring.hidden) return;
    const radius = Math.max(1, this.#radiusPx(brush) * this.#view.scale);
    ring.style.width = ring.style.height = `${2 * radius}px`;
    ring.style.transform = `translate(${pointer.x - radius}px, ${pointer.y - radius}px)`;
  }

  #wheel(event: WheelEvent): void {
    if (this.#brush === null) return;
    event.preventDefault();
    if (this.#gesture !== null) return;
    const box = this.#elements.stage.getBoundingClientRect();
    const speed = event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM;
    this.#zoom(Math.exp(-event.deltaY * speed), {
      x: event.clientX - box.left,
      y: event.clientY - box.top,
    });
  }

  #key(event: KeyboardEvent): void {
    if (this.#brush === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = PAN_STEPS[event.key];
    if (event.code === 'Space') this.#isSpaceHeld = true;
    else if (step !== undefined && this.#gesture === null)
      this.#pan(step[0] * KEY_PAN_PX, step[1] * KEY_PAN_PX);
    else if (event.key === 'Escape' && this.#gesture !== null) this.#cancel();
    else return;
    event.preventDefault();
  }
}

/** Tools whose width shows around the pointer. */
const isRound = ({ tool }: Brush): boolean => tool === 'brush' || tool === 'eraser';

const PAN_STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
