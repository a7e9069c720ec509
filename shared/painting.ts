/** What a person draws on a picture, as data: strokes and areas of the mask and of the colours over it, in the picture's own pixels. */
import { z } from 'zod';

export const PAINT_LIMITS = {
  /** Marks of one painting. */
  marks: 4000,
  /** Numbers of one mark: three for each point of a stroke, two for each corner of an area. */
  numbersOfMark: 12_000,
  /** Numbers of all marks together: some megabytes on disk. */
  numbers: 500_000,
  coordinatePx: 2 ** 20,
  radiusPx: { min: 0.1, max: 16_384 },
} as const;

/** Longest side of the picture that the window shows at first; all pixels of a larger one come when it is looked at closely. */
export const SHOWN_SIDE_PX = 2048;

/** What is drawn on: the mask (where the model paints anew), or colours over the picture (what it starts from). */
export const PAINT_LAYERS = ['mask', 'paint'] as const;
const layerSchema = z.enum(PAINT_LAYERS);
export type PaintLayer = z.infer<typeof layerSchema>;

export const colourSchema = z.string().regex(/^#[0-9a-f]{6}$/);
const coordinate = z.number().min(-PAINT_LIMITS.coordinatePx).max(PAINT_LIMITS.coordinatePx);

/** How a stroke or an area changes its layer. On the mask the colour means nothing. */
const inkSchema = z.object({
  layer: layerSchema,
  /** Takes away instead of adding: of the colours, the picture comes back. */
  erases: z.boolean(),
  colour: colourSchema,
  opacity: z.number().min(0.01).max(1),
});
export type Ink = z.infer<typeof inkSchema>;

const strokeSchema = inkSchema.extend({
  kind: z.literal('stroke'),
  /** x, y and radius of each point; between two points the line runs straight and changes its width evenly. */
  points: z
    .array(coordinate)
    .min(3)
    .max(PAINT_LIMITS.numbersOfMark)
    .refine(
      (numbers) =>
        numbers.length % 3 === 0 &&
        numbers.every(
          (value, i) =>
            i % 3 !== 2 || (value >= PAINT_LIMITS.radiusPx.min && value <= PAINT_LIMITS.radiusPx.max),
        ),
      'a stroke is made of points with an x, a y and a radius',
    ),
});
export type Stroke = z.infer<typeof strokeSchema>;

const areaSchema = inkSchema.extend({
  kind: z.literal('area'),
  /** x and y of each corner; closed by itself, filled by the non-zero rule. */
  points: z
    .array(coordinate)
    .min(6)
    .max(PAINT_LIMITS.numbersOfMark)
    .refine((numbers) => numbers.length % 2 === 0, 'an area is made of corners with an x and a y'),
});
export type Area = z.infer<typeof areaSchema>;

const markSchema = z.discriminatedUnion('kind', [
  strokeSchema,
  areaSchema,
  /** The mask becomes the whole picture. */
  z.object({ kind: z.literal('all') }),
  /** The mask becomes its opposite. */
  z.object({ kind: z.literal('invert') }),
  /** The layer becomes empty. */
  z.object({ kind: z.literal('clear'), layer: layerSchema }),
  /** The mask becomes a picture of its own, by its id among the pictures that were brought in. */
  z.object({ kind: z.literal('picture'), sourceId: z.string().regex(/^[a-z0-9-]{1,64}$/) }),
]);
export type Mark = z.infer<typeof markSchema>;

/** A painting: its marks in the order in which they were made, which is also what undo goes back through. */
export const marksSchema = z
  .array(markSchema)
  .max(PAINT_LIMITS.marks)
  .refine(
    (marks) => countNumbers(marks) <= PAINT_LIMITS.numbers,
    'a painting has a limited number of points',
  );

/** How much room the marks take. */
export const countNumbers = (marks: readonly Mark[]): number =>
  marks.reduce((sum, mark) => sum + ('points' in mark ? mark.points.length : 0), 0);

/** The layer that a mark changes. */
export const layerOf = (mark: Mark): PaintLayer => ('layer' in mark ? mark.layer : 'mask');

/** The marks of one layer that can still be seen: whatever was before the last one that replaces everything is left out. */
export function visibleMarks(marks: readonly Mark[], layer: PaintLayer): Mark[] {
  const own = marks.filter((mark) => layerOf(mark) === layer);
  const last = own.findLastIndex(({ kind }) => kind === 'clear' || kind === 'all' || kind === 'picture');
  const from = own[last]?.kind === 'clear' ? last + 1 : Math.max(0, last);
  return own.slice(from);
}

/** True when there may be something on the layer. What was only erased counts as something. */
export const hasMarks = (marks: readonly Mark[], layer: PaintLayer): boolean =>
  visibleMarks(marks, layer).length > 0;

const PAINT_TOOLS = ['brush', 'eraser', 'lasso', 'rectangle', 'picker'] as const;
export type PaintTool = (typeof PAINT_TOOLS)[number];

/** The tools as they are at first. */
export const FIRST_BRUSH = {
  layer: 'mask',
  tool: 'brush',
  size: 60,
  colour: '#b5543a',
  opacity: 1,
} as const;

/** The tools as the person left them. */
export const brushSchema = z.object({
  layer: layerSchema.default(FIRST_BRUSH.layer),
  tool: z.enum(PAINT_TOOLS).default(FIRST_BRUSH.tool),
  /** Diameter in thousandths of the picture's longer side, so that it feels the same on every picture. */
  size: z.number().min(1).max(500).default(FIRST_BRUSH.size),
  colour: colourSchema.default(FIRST_BRUSH.colour),
  opacity: z.number().min(0.05).max(1).default(FIRST_BRUSH.opacity),
});
export type Brush = z.infer<typeof brushSchema>;
