/** Styles: words that are put around a prompt without changing what the person typed. */
import { z } from 'zod';

/** Longest prompt in characters. */
export const MAX_PROMPT_LENGTH = 10_000;
const MAX_TEMPLATE_LENGTH = 2000;
export const MAX_STYLE_NAME_LENGTH = 60;

/** Where in a style's words the person's own prompt goes. */
export const PROMPT_PLACE = '{prompt}';

export const styleSchema = z.object({
  name: z.string().trim().min(1).max(MAX_STYLE_NAME_LENGTH),
  /** Words with `{prompt}` in them; without it they go behind the prompt. */
  prompt: z.string().trim().max(MAX_TEMPLATE_LENGTH),
  /** The same for the negative prompt. */
  negativePrompt: z.string().trim().max(MAX_TEMPLATE_LENGTH).default(''),
});
export type Style = z.infer<typeof styleSchema>;

/** True for what the schema takes. */
export const isStyle = ({ name, prompt, negativePrompt }: Style): boolean =>
  name.trim() !== '' &&
  name.trim().length <= MAX_STYLE_NAME_LENGTH &&
  [prompt, negativePrompt].every((words) => words.trim().length <= MAX_TEMPLATE_LENGTH);

/** A style in a request. Until it is applied, `typed` is null and the prompts beside it are what was typed. */
export const appliedStyleSchema = styleSchema.extend({
  typed: z
    .object({
      prompt: z.string().max(MAX_PROMPT_LENGTH),
      negativePrompt: z.string().max(MAX_PROMPT_LENGTH),
    })
    .nullable()
    .default(null),
});
export type AppliedStyle = z.infer<typeof appliedStyleSchema>;

/** Styles that come along; their names are the page's to say. */
export const BUILT_IN_STYLES = [
  { id: 'watercolour', prompt: '{prompt}, watercolour', negativePrompt: '' },
  { id: 'ink', prompt: '{prompt}, ink', negativePrompt: '' },
  { id: 'oil', prompt: 'oil painting of {prompt}, visible brush strokes, canvas', negativePrompt: 'photo' },
  { id: 'pencil', prompt: 'pencil drawing of {prompt}, hatching, paper', negativePrompt: 'colour, photo' },
  { id: 'pixel', prompt: '{prompt}, pixel art', negativePrompt: '' },
  { id: 'photo', prompt: 'photo of {prompt}, natural light', negativePrompt: 'painting, drawing' },
] as const;

interface Prompts {
  prompt: string;
  negativePrompt: string;
  style: AppliedStyle | null;
}

/** The person's words inside a style's: at its place, or in front where it has none. */
export function insideStyle(typed: string, template: string): string {
  const own = typed.trim();
  if (template.trim() === '') return typed;
  if (!template.includes(PROMPT_PLACE)) return own === '' ? template : `${own}, ${template}`;
  const whole = template.replaceAll(PROMPT_PLACE, () => own);
  // Nothing typed leaves no lonely comma.
  return own === '' ? whole.replace(/^[\s,]+|[\s,]+$/g, '').replace(/,(\s*,)+/g, ',') : whole;
}

/** What is asked for when the style is applied; what was typed is kept beside it. */
export function applyStyle<T extends Prompts>(settings: T): T {
  const { prompt, negativePrompt, style } = settings;
  if (style === null || style.typed !== null) return settings;
  return {
    ...settings,
    prompt: insideStyle(prompt, style.prompt),
    negativePrompt: insideStyle(negativePrompt, style.negativePrompt),
    style: { ...style, typed: { prompt, negativePrompt } },
  };
}

/** What was typed before a style was applied, with the style beside it: as the form has it. */
export function asTyped<T extends Prompts>(settings: T): T {
  const { style } = settings;
  if (style === null || style.typed === null) return settings;
  return { ...settings, ...style.typed, style: { ...style, typed: null } };
}
