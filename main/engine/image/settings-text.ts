/** Settings as text in the form of AUTOMATIC1111's web UI, which most tools read. */
import { SCHEDULER_NAMES, type MaskSettings, type SchedulerName } from '../../../shared/generation';

/** What the text says. A job report has most of it: width and height are the working size. */
export interface ParametersInput {
  prompt: string;
  negativePrompt: string;
  steps: number;
  scheduler: SchedulerName;
  guidance: number;
  seed: number;
  width: number;
  height: number;
  modelHash: string;
  modelName: string;
  /** The autoencoder that stood in for the model's own. */
  vaeName?: string;
  strength: number;
  /** Left out: without a mask. */
  mask?: MaskSettings;
  /** Version of Underpaint, e.g. `0.1.0`. */
  version: string;
}

/** What was understood of a text, by whomever it was written. `fields` has everything as it stood there. */
export interface ParsedParameters {
  prompt: string;
  negativePrompt: string;
  steps?: number;
  scheduler?: SchedulerName;
  guidance?: number;
  seed?: number;
  width?: number;
  height?: number;
  strength?: number;
  modelName?: string;
  modelHash?: string;
  fields: Record<string, string>;
}

/** Our scheduler → A1111's sampler name. */
const SAMPLER_NAMES: Readonly<Record<SchedulerName, string>> = {
  ddim: 'DDIM',
  pndm: 'PLMS',
  euler: 'Euler',
  'euler-ancestral': 'Euler a',
  'dpmpp-2m': 'DPM++ 2M',
  'dpmpp-2m-karras': 'DPM++ 2M Karras',
  'dpmpp-2m-sde': 'DPM++ 2M SDE',
  'dpmpp-2m-sde-karras': 'DPM++ 2M SDE Karras',
  unipc: 'UniPC',
  lcm: 'LCM',
  'flow-match-euler': 'Euler FlowMatch',
};

const NEGATIVE = 'Negative prompt: ';

/** Writes settings as A1111 text: prompt, negative prompt (only if there is one), one line of fields. */
export function formatParameters(input: ParametersInput): string {
  const fields: readonly (readonly [string, string | number])[] = [
    ['Steps', input.steps],
    ['Sampler', SAMPLER_NAMES[input.scheduler]],
    ['CFG scale', input.guidance],
    ['Seed', input.seed],
    ['Size', `${input.width}x${input.height}`],
    ['Model hash', input.modelHash],
    ['Model', input.modelName],
    ...(input.vaeName === undefined ? [] : [['VAE', input.vaeName] as const]),
    ['Denoising strength', input.strength],
    ...(input.mask === undefined ? [] : maskFields(input.mask)),
    ['Version', `Underpaint ${input.version}`],
  ];
  return [
    input.prompt,
    ...(input.negativePrompt === '' ? [] : [NEGATIVE + input.negativePrompt]),
    fields.map(([name, value]) => `${name}: ${quoted(String(value))}`).join(', '),
  ].join('\n');
}

/** As A1111 names them; its whole-picture area goes without saying. */
const maskFields = ({ blurPx, area, paddingPx }: MaskSettings): (readonly [string, string | number])[] => [
  ['Mask blur', blurPx],
  ...(area === 'picture'
    ? []
    : ([
        ['Inpaint area', 'Only masked'],
        ['Masked area padding', paddingPx],
      ] as const)),
];

/** A value with a separator in it is written as a JSON string, as A1111 does it. */
const quoted = (value: string): string => (/[,:\n"]/.test(value) ? JSON.stringify(value) : value);

/** Reads A1111 text; what is missing or makes no sense is left out. A text without a line of fields is all prompt. */
export function parseParameters(text: string): ParsedParameters {
  const lines = text.replace(/\r\n?/g, '\n').trim().split('\n');
  const fields = parseFields(lines.at(-1) ?? '');
  // One or two pairs may be part of a prompt ("note: red, sky: blue"); a line of settings has more.
  const hasFields = Object.keys(fields).length >= 3;
  const prose = hasFields ? lines.slice(0, -1) : lines;
  const negativeAt = prose.findIndex((line) => line.startsWith(NEGATIVE.trimEnd()));
  const promptLines = negativeAt < 0 ? prose : prose.slice(0, negativeAt);
  const negativeLines = negativeAt < 0 ? [] : prose.slice(negativeAt);
  const parsed: ParsedParameters = {
    prompt: promptLines.join('\n').trim(),
    negativePrompt: negativeLines.join('\n').slice(NEGATIVE.trimEnd().length).trim(),
    fields: hasFields ? fields : {},
  };
  if (hasFields) understand(fields, parsed);
  return parsed;
}

function understand(fields: Record<string, string>, into: ParsedParameters): void {
  const number = (name: string): number | undefined => {
    const value = Number(fields[name]?.trim() || NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  const steps = number('Steps');
  if (steps !== undefined && Number.isInteger(steps)) into.steps = steps;
  const guidance = number('CFG scale');
  if (guidance !== undefined) into.guidance = guidance;
  const seed = number('Seed');
  if (seed !== undefined && Number.isSafeInteger(seed)) into.seed = seed;
  const strength = number('Denoising strength');
  if (strength !== undefined) into.strength = strength;
  const size = /^(\d{1,5})x(\d{1,5})$/.exec(fields['Size'] ?? '');
  if (size) {
    into.width = Number(size[1]);
    into.height = Number(size[2]);
  }
  const scheduler = findScheduler(fields['Sampler'], fields['Schedule type']);
  if (scheduler) into.scheduler = scheduler;
  if (fields['Model'] !== undefined) into.modelName = fields['Model'];
  if (fields['Model hash'] !== undefined) into.modelHash = fields['Model hash'];
}

/** Newer versions of A1111 write the noise schedule in a field of its own ("Schedule type: Karras"). */
function findScheduler(sampler: string | undefined, schedule: string | undefined): SchedulerName | undefined {
  if (sampler === undefined) return undefined;
  const wanted = [schedule === 'Karras' ? `${sampler} Karras` : sampler, sampler].map((n) => n.toLowerCase());
  for (const name of wanted) {
    const found = SCHEDULER_NAMES.find((own) => SAMPLER_NAMES[own].toLowerCase() === name);
    if (found) return found;
  }
  return undefined;
}

/** `Name: value, Name: "quoted, value"` → fields; an empty result when the line as a whole does not have this form. */
function parseFields(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const pair = /\s*([A-Za-z][\w \-/()]{0,60}): *("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)/y;
  while (pair.lastIndex < line.length) {
    const match = pair.exec(line);
    if (!match) return {};
    const [, name = '', value = ''] = match;
    fields[name] = unquoted(value.trim());
  }
  return fields;
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' ? parsed : value;
  } catch {
    return value;
  }
}
