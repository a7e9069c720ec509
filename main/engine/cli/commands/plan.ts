/** `underpaint plan`: where each stage would run on this machine, or on one with another graphics card, and why. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { choose } from '../../../hardware/detect-hardware';
import { usualModel, profileOf, type ModelProfile } from '../../../placement/model-profile';
import { planStages } from '../../../placement/planner';
import { duration, gigabytes } from '../../../placement/reasons';
import { stepsThatRun, type GenerationSettings } from '../../../../shared/generation';
import type { Hardware } from '../../../../shared/hardware';
import { familySchema, type Family } from '../../../../shared/models';
import { STAGES, type DeviceChoice, type StagePlan } from '../../../../shared/placement';
import { detectFamily, recommendedDefaults, sizeMultiplePx } from '../../families/detect';
import { readModelFolder } from '../../model/model-folder';
import { starterModelPath } from '../../model/starter-path';
import { readHistory } from '../../plan/history-file';
import { modelProfile } from '../../plan/model-profile';
import { networkPolicyFor } from '../../plan/network-policy';
import { graphicsProviders, workingProviders } from '../../plan/working-providers';
import { thisMachine } from '../../this-machine';
import { hardwareLines, printedHardware, type PrintedHardware } from '../describe-hardware';
import { parseDevice, parseNumber, parseSize, parseTiling } from '../parse-options';
import { addRemoteOptions, placesOf, remoteAccess, type RemoteOptions } from '../remote-options';

interface PlanOptions extends RemoteOptions {
  model?: string;
  size?: GenerationSettings['size'];
  vramGb?: number;
  device?: DeviceChoice;
  tiling?: GenerationSettings['tiling'];
  json?: boolean;
}

interface PlanReport {
  readonly hardware: PrintedHardware;
  readonly model: { readonly id: string; readonly family: Family };
  readonly width: number;
  readonly height: number;
  readonly stages: readonly StagePlan[];
}

/** What is planned for: a model that is there, or a family's usual one. */
interface Subject {
  readonly id: string;
  readonly profile: ModelProfile;
  readonly sidePx: number;
  readonly multiplePx: number;
  readonly stepsRun: number;
  readonly isGuided: boolean;
}

export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('show where each stage would run, and why')
    .option(
      '--model <id|folder|family>',
      'a model, or sd1, sd2, sdxl or flux; without it the bundled starter model',
    )
    .option('--size <WxH>', 'working size; without it the size that the model was made for', parseSize)
    .option('--vram-gb <n>', 'plan for a graphics card of this size; 0: for none', (text) =>
      parseNumber('--vram-gb', text, { min: 0, max: 4096 }),
    )
    .option('--device <device>', 'auto, gpu or cpu', parseDevice)
    .option('--tiling <mode>', 'auto, on or off', parseTiling)
    .option('--json', 'print one JSON object on stdout');
  addRemoteOptions(command, STAGES);
  command.action(async (options: PlanOptions) => {
    const { report, hardware } = await makePlan(options);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(report)}\n` : `${human(report, hardware)}\n`,
    );
  });
}

async function makePlan(options: PlanOptions): Promise<{ report: PlanReport; hardware: Hardware }> {
  const subject = await subjectOf(options.model);
  const { profile } = subject;
  const real = await thisMachine.refresh();
  const isImagined = options.vramGb !== undefined;
  const hardware = isImagined
    ? choose(
        { ...real, adapters: [], gpuId: null },
        { adapter: null, vramGb: options.vramGb ?? 0, reserveGb: null },
      )
    : real;
  const mayNotWork = isImagined || options.device === 'gpu';
  const size = options.size ?? 'input';
  const toMultiple = (side: number): number =>
    Math.max(1, Math.round(side / subject.multiplePx)) * subject.multiplePx;
  const width = toMultiple(size === 'input' ? subject.sidePx : size.width);
  const height = toMultiple(size === 'input' ? subject.sidePx : size.height);
  const { stages } = planStages({
    hardware,
    gpuProviders: mayNotWork ? graphicsProviders() : await workingProviders(hardware),
    model: profile,
    widthPx: width,
    heightPx: height,
    stepsRun: subject.stepsRun,
    isGuided: subject.isGuided,
    pins: placesOf(options),
    device: options.device ?? 'auto',
    tiling: options.tiling ?? 'auto',
    network: await networkPolicyFor(profile.family, remoteAccess(options)),
    history: await readHistory(),
    own: { gpu: 0, cpu: 0 },
    nowMs: Date.now(),
  });
  const model = { id: subject.id, family: profile.family };
  return { report: { hardware: printedHardware(hardware), model, width, height, stages }, hardware };
}

/** A bare family name stands for its usual model, unless a folder has that name. */
async function subjectOf(model: string | undefined): Promise<Subject> {
  const family = familySchema.safeParse(model);
  if (family.success && !existsSync(family.data)) {
    const profile = usualModel(family.data);
    const { nativeSidePx, usualSteps } = profileOf(family.data);
    return {
      id: family.data,
      profile,
      sidePx: nativeSidePx,
      multiplePx: 8,
      stepsRun: usualSteps,
      isGuided: true,
    };
  }
  const isStarter = model === undefined || model === 'starter';
  const folder = await readModelFolder(isStarter ? starterModelPath() : resolve(model));
  const traits = detectFamily(folder);
  const { steps, strength, guidance, sidePx } = recommendedDefaults(folder, traits);
  return {
    id: folder.id,
    profile: modelProfile(folder, traits.family),
    sidePx,
    multiplePx: sizeMultiplePx(folder),
    stepsRun: stepsThatRun(steps, strength, traits.stepRule),
    isGuided: guidance > 1,
  };
}

function human({ model, width, height, stages }: PlanReport, hardware: Hardware): string {
  const rows = stages.map((stage) => [
    stage.stage,
    stage.where === 'remote'
      ? 'endpoint'
      : `${stage.device}${stage.provider === 'cpu' || stage.provider === null ? '' : ` (${stage.provider})`}`,
    stage.where === 'remote' ? '-' : gigabytes(stage.memoryBytes),
    duration(stage.ms),
    stage.reason,
  ]);
  const table = [['stage', 'where', 'memory', 'time', 'why'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return [
    ...hardwareLines(hardware),
    `Plan    ${model.id} (${model.family}), ${width} × ${height} px`,
    '',
    ...table.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...stages.flatMap(({ problem }) => (problem === null ? [] : ['', problem])),
  ].join('\n');
}
