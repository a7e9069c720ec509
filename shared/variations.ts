/** Several pictures from one press that belong together: strengths, seeds, or the choices of a prompt. Each becomes a job of its own. */
import { z } from 'zod';
import { asTyped } from './prompt-style';
import { allChoices, MAX_COMBINATIONS, pickChoices } from './choices';
import {
  LIMITS,
  smallestUsefulStrength,
  stepsThatRun,
  type GenerationSettings,
  type StepRule,
} from './generation';

const strengthSchema = z.number().min(LIMITS.strength.min).max(LIMITS.strength.max);

export const GROUP_KINDS = ['strengths', 'seeds', 'choices', 'pictures'] as const;
export type GroupKind = (typeof GROUP_KINDS)[number];

/** What is asked for. */
export const variationSchema = z.discriminatedUnion('kind', [
  /** One seed at several strengths. */
  z.object({ kind: z.literal('strengths'), strengths: z.array(strengthSchema).min(2).max(9) }),
  /** The seeds behind the one of the settings. */
  z.object({ kind: z.literal('seeds'), count: z.number().int().min(1).max(LIMITS.count.max) }),
  /** One seed with every combination of the prompt's choices. */
  z.object({ kind: z.literal('choices') }),
  /** As many as the settings say, with seeds counting up, each with the choices that its own seed makes. */
  z.object({ kind: z.literal('pictures') }),
]);
export type Variation = z.infer<typeof variationSchema>;

/** The group that a job or a result belongs to. */
export const groupSchema = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/),
  kind: z.enum(GROUP_KINDS),
  /** Place in the group, from 0, and how many it began with. */
  index: z.number().int().min(0),
  size: z.number().int().min(1).max(MAX_COMBINATIONS),
});
export type Group = z.infer<typeof groupSchema>;

/** Settings whose seed is decided. */
export type SeededSettings = GenerationSettings & { seed: number };

/** The settings of every job of a group, in order. Throws `usage` when the prompt's choices make too many. */
export function variations(settings: SeededSettings, wanted: Variation): SeededSettings[] {
  const one = { ...settings, count: 1 };
  const nextSeed = (by: number): SeededSettings => ({
    ...one,
    seed: (settings.seed + by) % (LIMITS.seed.max + 1),
  });
  switch (wanted.kind) {
    case 'strengths':
      return wanted.strengths.map((strength) => withWords({ ...one, strength }));
    case 'seeds':
      return Array.from({ length: wanted.count }, (_, index) => withWords(nextSeed(index + 1)));
    case 'choices':
      // The seed would pick other words again, so these stand as they are.
      return allChoices(settings.prompt).map((prompt) => ({
        ...one,
        prompt,
        promptTemplate: null,
        style: null,
      }));
    case 'pictures':
      return Array.from({ length: settings.count }, (_, index) => withWords(nextSeed(index)));
  }
}

/** The prompt with the choices that the seed makes, beside the one that was written; a prompt without choices stays as it is. */
export function withWords(settings: SeededSettings): SeededSettings {
  const prompt = pickChoices(settings.prompt, settings.seed);
  return { ...settings, prompt, promptTemplate: prompt === settings.prompt ? null : settings.prompt };
}

/** What was written before a style was put around it and the seed picked its words: as the form has it. */
export function asWritten(settings: GenerationSettings): GenerationSettings {
  const { style, prompt, promptTemplate } = settings;
  const typed = asTyped(settings);
  return { ...typed, prompt: style?.typed ? typed.prompt : (promptTemplate ?? prompt), promptTemplate: null };
}

/** Five strengths from a little to everything; where so few steps run that some of them would not, they begin at the first that does. */
export function stripStrengths(steps: number, rule: StepRule): number[] {
  const least = stepsThatRun(steps, 0.2, rule) > 0 ? 0.2 : Math.min(smallestUsefulStrength(steps), 1);
  const all = Array.from({ length: 5 }, (_, index) => least + ((1 - least) * index) / 4);
  return [...new Set(all.map((strength) => Math.round(strength * 100) / 100))];
}
