/** What the texts inside a picture mean, whichever program wrote them: tried from the most exact form to the loosest. */
import type { SchedulerName } from '../../../shared/generation';
import type { AppliedStyle } from '../../../shared/prompt-style';
import { restoredSettingsSchema, type RestoredSettings } from '../../../shared/restored-settings';
import type { FoundSettings } from '../image/embedded-settings';
import { parseParameters } from '../image/settings-text';
import { parseJson } from '../parse-json';
import { readComfyUi } from './comfyui';
import { readFooocus } from './fooocus';
import { readDream, readInvokeAi, readOldInvokeAi } from './invokeai';
import { readOwn } from './underpaint';

/** Settings as another program wrote them, before our limits are applied. Sizes in pixels. */
export interface RawSettings {
  prompt?: string | undefined;
  negativePrompt?: string | undefined;
  style?: AppliedStyle | undefined;
  strength?: number | undefined;
  steps?: number | undefined;
  guidance?: number | undefined;
  seed?: number | undefined;
  scheduler?: SchedulerName | undefined;
  width?: number | undefined;
  height?: number | undefined;
}

/** Understands what was found in a file; null when it holds no settings. A value outside our limits is left out. */
export function understandSettings(found: FoundSettings): RestoredSettings | null {
  const { parameters, json, others = {} } = found;
  const fromJson = <T>(text: string | undefined, read: (value: unknown) => T | undefined): T | undefined =>
    text === undefined ? undefined : read(parseJson(text));
  const ways: [RestoredSettings['tool'], () => RawSettings | undefined][] = [
    ['underpaint', () => fromJson(json, readOwn)],
    ['fooocus', () => fromJson(parameters, readFooocus)],
    ['invokeai', () => fromJson(others['invokeai_metadata'], readInvokeAi)],
    ['invokeai', () => fromJson(others['sd-metadata'], readOldInvokeAi)],
    ['invokeai', () => (others['Dream'] === undefined ? undefined : readDream(others['Dream']))],
    ['comfyui', () => fromJson(others['prompt'], readComfyUi)],
    // Fooocus' other scheme keeps what was typed beside the prompt with its styles.
    [others['fooocus_scheme'] === undefined ? 'a1111' : 'fooocus', () => readText(parameters)],
  ];
  for (const [tool, read] of ways) {
    const raw = read();
    if (raw === undefined) continue;
    const settings = withinLimits(raw);
    if (Object.keys(settings).length > 0) return { tool, settings };
  }
  return null;
}

function readText(parameters: string | undefined): RawSettings | undefined {
  if (parameters === undefined || parameters.trim() === '') return undefined;
  const { fields, ...parsed } = parseParameters(parameters);
  return {
    ...parsed,
    prompt: fields['Raw prompt'] ?? parsed.prompt,
    negativePrompt: fields['Raw negative prompt'] ?? parsed.negativePrompt,
  };
}

function withinLimits(raw: RawSettings): RestoredSettings['settings'] {
  const { width, height, ...plain } = raw;
  const size = width === undefined || height === undefined ? undefined : { width, height };
  const values: Record<string, unknown> = { ...plain, size };
  const settings: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(restoredSettingsSchema.shape.settings.shape)) {
    const value = values[name];
    if (value !== undefined && field.safeParse(value).success) settings[name] = value;
  }
  return restoredSettingsSchema.shape.settings.parse(settings);
}
