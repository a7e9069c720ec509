/** The plan of one job on the machine that it runs on, and what the job teaches for the next one. */
import { chosenGpu } from '../../../shared/hardware';
import type { GenerationSettings } from '../../../shared/generation';
import type { NetworkPolicy, Provider, Stage, StagePlan } from '../../../shared/placement';
import type { HistoryEntry } from '../../placement/history';
import { deviceKey, planStages, tileOn, workOf, type Plan } from '../../placement/planner';
import type { PlannerInput } from '../../placement/planner-input';
import type { Component } from '../model/component';
import type { LoadedModel } from '../model/loaded-model';
import { REAL_MACHINE, type Machine } from './machine';
import { modelProfile, partsOfStage } from './model-profile';

export interface PlanRequest {
  /** Working size in pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly stepsRun: number;
  readonly isGuided: boolean;
  readonly settings: Pick<GenerationSettings, 'tiling'> & Partial<Pick<GenerationSettings, Stage>>;
  readonly network?: NetworkPolicy;
}

/** What one run of a stage has shown. */
export interface Shown {
  readonly provider: Provider;
  readonly tilePx: number | null;
  /** Steps that ran; 1 for the autoencoder. */
  readonly steps: number;
  readonly ms: number;
  readonly memoryBytes: number | null;
}

const NO_NETWORK: NetworkPolicy = { isOffline: true, endpoints: {} };

export class JobPlan {
  private constructor(
    private readonly input: PlannerInput,
    private readonly plan: Plan,
    private readonly machine: Machine,
    /** Told when what was learned cannot be kept. */
    private readonly onNotice: (message: string) => void,
  ) {}

  /** Asks the machine and plans. The model's sessions are told where to start. */
  static async make(
    model: LoadedModel,
    request: PlanRequest,
    options: { machine?: Machine | undefined; onNotice: (message: string) => void },
  ): Promise<JobPlan> {
    const machine = options.machine ?? REAL_MACHINE;
    const { device, runtime, folder, traits } = model;
    const hardware = await machine.hardware();
    const profile = modelProfile(folder, traits.family);
    const input: PlannerInput = {
      hardware,
      gpuProviders: await machine.gpuProviders(hardware, device),
      model: profile,
      widthPx: request.widthPx,
      heightPx: request.heightPx,
      stepsRun: request.stepsRun,
      isGuided: request.isGuided,
      pins: {
        encode: request.settings.encode ?? 'auto',
        generate: request.settings.generate ?? 'auto',
        decode: request.settings.decode ?? 'auto',
      },
      device,
      tiling: request.settings.tiling,
      network: request.network ?? NO_NETWORK,
      history: await machine.history(),
      own: ownBytes(model),
      nowMs: Date.now(),
    };
    const plan = planStages(input);
    await runtime.follow(startsOf(model, plan), plan.keepsTogether);
    return new JobPlan(input, plan, machine, options.onNotice);
  }

  get stages(): readonly StagePlan[] {
    return this.plan.stages;
  }

  /** Where a stage runs on this machine, also when an endpoint comes first. */
  here(stage: Stage): StagePlan {
    const found = this.plan.here.find((one) => one.stage === stage);
    if (found === undefined) throw new Error(`the plan has no ${stage}`);
    return found;
  }

  /** Side of the tiles to start with on a provider that was not planned; null: the whole picture. */
  tileOn(stage: Stage, provider: Provider): number | null {
    return tileOn(this.input, stage, provider);
  }

  /** Keeps what a finished stage has shown, for the next plan. */
  async hasRun(stage: Stage, shown: Shown): Promise<void> {
    const { pixels } = workOf(this.input, stage, shown.tilePx);
    await this.remember(stage, shown, 'done', pixels * shown.steps);
  }

  /** Keeps that a pass ran out of memory. */
  ranOut(stage: Stage, provider: Provider, tilePx: number | null): Promise<void> {
    const shown = { provider, tilePx, steps: 0, ms: 0, memoryBytes: null };
    return this.remember(stage, shown, 'out-of-memory', 0);
  }

  private async remember(
    stage: Stage,
    { provider, tilePx, ms, memoryBytes }: Shown,
    outcome: HistoryEntry['outcome'],
    work: number,
  ): Promise<void> {
    const { hardware, model, widthPx, heightPx } = this.input;
    const gpu = chosenGpu(hardware);
    const side = tilePx ?? Infinity;
    try {
      await this.machine.remember({
        outcome,
        at: Date.now(),
        device: deviceKey(provider === 'cpu' ? 'cpu' : 'gpu', gpu),
        provider,
        stage,
        family: model.family,
        model: model.key,
        passPx: Math.min(widthPx, side) * Math.min(heightPx, side),
        tiled: tilePx !== null,
        work,
        ms,
        memoryBytes,
        freeBytes: provider === 'cpu' ? hardware.memory.availableBytes : (gpu?.freeBytes ?? null),
      });
    } catch (error) {
      // Only experience is lost: the picture is more important.
      this.onNotice(
        `What this job showed about memory and time could not be kept for the next one: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** Where each component is tried first. */
function startsOf({ folder }: LoadedModel, { here, textProvider }: Plan): Map<Component, Provider> {
  const starts = new Map<Component, Provider>([
    ['text_encoder', textProvider],
    ['text_encoder_2', textProvider],
  ]);
  for (const { stage, provider } of here) {
    for (const component of partsOfStage(stage, folder)) starts.set(component, provider ?? 'cpu');
  }
  return starts;
}

/** What the open sessions hold, which is given back when a stage needs it. */
function ownBytes({ runtime, folder, traits }: LoadedModel): PlannerInput['own'] {
  const profile = modelProfile(folder, traits.family);
  const own = { gpu: 0, cpu: 0 };
  const text = { gpu: profile.text.gpuBytes, cpu: profile.text.cpuBytes };
  for (const [component, provider] of runtime.open()) {
    const side = provider === 'cpu' ? 'cpu' : 'gpu';
    const part =
      component === folder.denoiser
        ? profile.denoiser
        : component === 'vae_encoder'
          ? profile.vaeEncoder
          : component === 'vae_decoder'
            ? profile.vaeDecoder
            : null;
    own[side] += part === null ? text[side] / 2 : side === 'cpu' ? part.cpuBytes : part.gpuBytes;
  }
  return own;
}
