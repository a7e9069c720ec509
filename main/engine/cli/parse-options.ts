/** Command line words → settings; every refusal is one plain sentence with exit code 2. */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { AppError } from '../../../shared/errors';
import {
  FIT_MODES,
  IMAGE_FORMATS,
  LIMITS,
  MASK_AREAS,
  PRECISIONS,
  LORA_STRENGTH,
  SCHEDULER_NAMES,
  type GenerationSettings,
} from '../../../shared/generation';
import type { StageChoice } from '../../../shared/placement';

/** A number between two bounds. */
export function parseNumber(option: string, text: string, bounds: { min: number; max: number }): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || value < bounds.min || value > bounds.max) {
    throw new AppError(
      'usage',
      `${option} ${text} is not usable; give a number from ${bounds.min} to ${bounds.max}.`,
    );
  }
  return value;
}

/** A whole number between two bounds. */
export function parseInteger(option: string, text: string, bounds: { min: number; max: number }): number {
  const value = parseNumber(option, text, bounds);
  if (!Number.isInteger(value))
    throw new AppError('usage', `${option} ${text} is not usable; give a whole number.`);
  return value;
}

/** One word out of a list. */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    throw new AppError('usage', `${option} ${text} is not known; choose one of ${choices.join(', ')}.`);
  }
  return found;
}

/** `input` or `WxH` in pixels. */
export function parseSize(text: string): GenerationSettings['size'] {
  if (text === 'input') return 'input';
  const match = /^(\d+)x(\d+)$/i.exec(text);
  const width = Number(match?.[1]);
  const height = Number(match?.[2]);
  const { min, max } = LIMITS.sidePx;
  if (match === null || width < min || height < min || width > max || height > max) {
    throw new AppError(
      'usage',
      `--size ${text} is not usable; give WIDTHxHEIGHT with sides from ${min} to ${max} pixels, or "input".`,
    );
  }
  return { width, height };
}

export const parseStrength = (text: string): number => parseNumber('--strength', text, LIMITS.strength);
export const parseSteps = (text: string): number => parseInteger('--steps', text, LIMITS.steps);
export const parseGuidance = (text: string): number => parseNumber('--guidance', text, LIMITS.guidance);
export const parseSeed = (text: string): number => parseInteger('--seed', text, LIMITS.seed);
export const parseCount = (text: string): number => parseInteger('--count', text, LIMITS.count);
export const parseScheduler = (text: string): (typeof SCHEDULER_NAMES)[number] =>
  parseChoice('--scheduler', text, SCHEDULER_NAMES);
export const parseFit = (text: string): (typeof FIT_MODES)[number] => parseChoice('--fit', text, FIT_MODES);
export const parseMaskBlur = (text: string): number => parseInteger('--mask-blur', text, LIMITS.maskPx);
export const parseMaskPadding = (text: string): number => parseInteger('--mask-padding', text, LIMITS.maskPx);
export const parseMaskArea = (text: string): (typeof MASK_AREAS)[number] =>
  parseChoice('--mask-area', text, MASK_AREAS);
export const parseFormat = (text: string): (typeof IMAGE_FORMATS)[number] =>
  parseChoice('--format', text, IMAGE_FORMATS);
export const parseDevice = (text: string): GenerationSettings['device'] =>
  parseChoice('--device', text, ['auto', 'gpu', 'cpu']);
export const parsePrecision = (text: string): GenerationSettings['precision'] =>
  parseChoice('--precision', text, PRECISIONS);
export const parseTiling = (text: string): GenerationSettings['tiling'] =>
  parseChoice('--tiling', text, ['auto', 'on', 'off']);

/** `file` or `file:strength`; added to those that were given before. */
export function parseLora(
  text: string,
  before: GenerationSettings['loras'] | undefined,
): GenerationSettings['loras'] {
  const match = /^(.+):([^:\\/]*)$/.exec(text);
  // A name with a colon in it is a name; "C:" is a drive.
  const isWhole = match === null || existsSync(resolve(text)) || /^[a-z]$/i.test(match[1] ?? '');
  const [file, told] = isWhole ? [text, '1'] : [match[1] ?? '', match[2] ?? ''];
  const strength = parseNumber(`The strength of --lora ${basename(file)}:`, told, LORA_STRENGTH);
  if (file.trim() === '')
    throw new AppError('usage', '--lora needs a file; give file.safetensors or file.safetensors:0.8.');
  return [...(before ?? []), { lora: resolve(file), strength }];
}

/** `auto`, `local` or `remote`. */
export const parsePlace =
  (option: string) =>
  (text: string): StageChoice =>
    parseChoice(option, text, ['auto', 'local', 'remote']);
