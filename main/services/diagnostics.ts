/** What a person may paste into a report: versions, hardware, providers, model family, settings. No prompts, names, folders, addresses or tokens. */
import { arch, homedir, release } from 'node:os';
import type { Adapter } from '../../shared/hardware';
import type { GenerationSettings } from '../../shared/generation';
import type { MachineView } from '../engine/messages';
import type { EngineHost } from './engine-host';
import type { JobQueue } from './job-queue';
import type { ModelList } from './model-list';
import type { SettingsStore } from './settings-store';

export interface DiagnosticsSources {
  version: string;
  platform: string;
  settings: SettingsStore;
  models: ModelList;
  queue: JobQueue;
  reader: EngineHost;
  desktop: { versions: () => Readonly<Record<string, string>> };
}

/** The report as text, one fact a line. What cannot be found out says so. */
export async function diagnose(sources: DiagnosticsSources): Promise<string> {
  const { version, platform, settings, models, queue, reader, desktop } = sources;
  const { draft, theme, language, zoom, hasLessMotion, keys } = settings.current;
  const known = await models.list();
  const chosen = draft?.settings.model ?? null;
  const family = known.find(({ id }, index) => (chosen === null ? index === 0 : id === chosen))?.family;
  const machine = await reader
    .request('machine.view', {})
    .then(machineLines)
    .catch((error: unknown) => [`engine: did not answer (${String(error)})`]);
  const jobs = queue.list();
  const failures = jobs.flatMap(({ error }) => (error === null ? [] : [error.code]));
  const lines = [
    `Underpaint: ${version}`,
    `system: ${platform} ${release()} ${arch()}`,
    ...Object.entries(desktop.versions()).map(([name, number]) => `${name}: ${number}`),
    ...machine,
    `model: ${chosen === null ? 'the bundled one' : 'an opened one'}, family ${family ?? 'unknown'}; ${known.length} known`,
    ...(draft === null ? [] : [`settings: ${JSON.stringify(withoutWords(draft.settings))}`]),
    `window: ${JSON.stringify({ theme, language, zoom, hasLessMotion, keys })}`,
    `jobs: ${jobs.length} unfinished${failures.length === 0 ? '' : `; errors: ${failures.join(', ')}`}`,
  ];
  return `${withoutHome(lines.join('\n'), homedir())}\n`;
}

function machineLines({ engine, node, hardware, providers }: MachineView): string[] {
  const { cpu, memory, adapters, gpuId, notes } = hardware;
  return [
    `engine: ${engine}, Node ${node}, providers ${providers.join(' ')}`,
    `cpu: ${cpu.model}, ${cpu.cores} cores`,
    `memory: ${gigabytes(memory.totalBytes)}, ${gigabytes(memory.availableBytes)} available`,
    ...adapters.map((adapter) => adapterLine(adapter, adapter.id === gpuId)),
    ...(adapters.length === 0 ? ['graphics: none'] : []),
    ...notes.map((note) => `note: ${note}`),
  ];
}

function adapterLine({ name, vendor, kind, totalBytes, freeBytes }: Adapter, isUsed: boolean): string {
  const size = totalBytes === null ? 'size unknown' : gigabytes(totalBytes);
  const free = freeBytes === null ? '' : `, ${gigabytes(freeBytes)} free`;
  return `graphics: ${name}, ${vendor}, ${kind}, ${size}${free}${isUsed ? ', used' : ''}`;
}

/** The settings without what the person wrote and without names of files. */
function withoutWords(settings: GenerationSettings): Record<string, unknown> {
  const { prompt, negativePrompt, model: _model, vae, loras, ...rest } = settings;
  return {
    ...rest,
    promptLength: prompt.length,
    negativePromptLength: negativePrompt.length,
    loras: loras.length,
    vae: vae === null ? "the model's" : 'another',
  };
}

/** Wherever the person's folder stands in a text, also with the other slashes, it becomes `~`. */
export function withoutHome(text: string, home: string): string {
  const forms = [home, home.replaceAll('\\', '/'), JSON.stringify(home).slice(1, -1)];
  return forms.reduce((clean, form) => (form.length < 2 ? clean : clean.replaceAll(form, '~')), text);
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
