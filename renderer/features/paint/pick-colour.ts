/** The colour of the painted picture at a point. */
import type { LayerCanvas } from './layer-canvas';
import type { Size } from './view';

/** As `#rrggbb`; null outside the picture and while it is not there yet. What is transparent counts as over white. */
export function pickColour(
  picture: HTMLImageElement,
  size: Size,
  layer: LayerCanvas,
  { x, y }: { x: number; y: number },
): string | null {
  const isInside = x >= 0 && y >= 0 && x < size.width && y < size.height;
  if (!isInside || !picture.complete || picture.naturalWidth === 0) return null;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, 1, 1);
  const [left, top] = [(x * picture.naturalWidth) / size.width, (y * picture.naturalHeight) / size.height];
  context.drawImage(picture, Math.floor(left), Math.floor(top), 1, 1, 0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = layer.colourAt(x, y);
  context.fillStyle = `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
  context.fillRect(0, 0, 1, 1);
  const pixel = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  return `#${pixel.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
