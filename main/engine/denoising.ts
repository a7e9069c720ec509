/** The denoising of one picture, step by step, on this machine: the same for a job of one's own and for one that came to `serve`. */
import type { JobContext } from './context';
import { assertSupportedDenoiser } from './families/detect';
import { concatFloats } from './latents/concat';
import { chooseByMask } from './latents/mask';
import { TorchGenerator, type GeneratorState } from './latents/noise';
import type { LoadedModel } from './model/loaded-model';
import { runGuarded } from './model/model-runtime';
import type { Session } from './onnx/session';
import type { ResolvedSettings } from './resolve-settings';
import { createScheduler } from './schedulers/create-scheduler';
import { resolveSchedulerConfig } from './schedulers/scheduler-config';
import type { Scheduler, SchedulerState } from './schedulers/scheduler';
import type { Latents } from './stages/decode';
import { predict, type Conditioning } from './stages/generate';
import { checkPrediction } from './stages/guards';

/** Everything that is needed to go on after `stepsDone` steps and end in identical latents. */
export interface DenoisingState {
  readonly stepsDone: number;
  /** [1, C, h, w] float32, flattened. */
  readonly latents: Float32Array;
  readonly scheduler: SchedulerState;
  readonly generator: GeneratorState;
}

export interface DenoisingPlan {
  readonly model: LoadedModel;
  readonly settings: Pick<ResolvedSettings, 'scheduler' | 'steps' | 'strength'>;
  readonly shape: Omit<Latents, 'data'>;
  readonly seed: number;
  readonly exact?: JobContext['exact'];
}

/** What stays where a mask [h, w] is 0: clean latents and the noise that was put on them, both [1, C, h, w]. */
export interface KeptLatents {
  readonly mask: Uint8Array;
  readonly clean: Float32Array;
  readonly noise: Float32Array;
}

export class Denoising {
  latents: Float32Array = new Float32Array(0);
  stepsDone = 0;
  private readonly scheduler: Scheduler;
  private readonly generator: TorchGenerator;
  private readonly count: number;
  /** What an inpainting UNet sees behind the latents. */
  private seen: Latents | null = null;
  private kept: KeptLatents | null = null;

  constructor(private readonly plan: DenoisingPlan) {
    const { model, settings, shape, exact, seed } = plan;
    this.count = shape.channels * shape.height * shape.width;
    this.generator = new TorchGenerator(seed);
    this.scheduler = createScheduler(
      settings.scheduler,
      exact?.schedulerConfig ??
        resolveSchedulerConfig(model.folder.schedulerConfig, settings.scheduler, {
          patchOldConfigs: model.traits.repairsSchedulerConfig,
        }),
      {
        steps: settings.steps,
        strength: settings.strength,
        pndmExact: exact?.pndm ?? false,
        tokens: (shape.height * shape.width) / 4,
        lcmStrengthOnGrid: model.traits.stepRule === 'all',
      },
    );
  }

  /** Number of steps that strength leaves. */
  get of(): number {
    return this.scheduler.timesteps.length;
  }

  /** A draw for an encoder's posterior, where it has one; it must be drawn also when nobody needs it (pipelines.md 1.5). */
  drawPosterior(): Float32Array {
    return this.generator.randn(this.count);
  }

  /** As `start`, from noise alone, at the scheduler's first level. */
  startFromNoise(): Float32Array {
    const noise = this.generator.randn(this.count);
    this.latents = noise.map((value) => value * this.scheduler.initNoiseSigma);
    return noise;
  }

  /** The next draw: noise at strength on clean latents. Answers the noise. */
  start(clean: Float32Array): Float32Array {
    const noise = this.generator.randn(this.count);
    this.latents = this.scheduler.addNoise(clean, noise, 0);
    return noise;
  }

  /** Gives an inpainting UNet its five more channels: the mask [1, 1, h, w], and the latents of what it leaves. */
  showMask(mask: Uint8Array, left: Float32Array): void {
    const { shape } = this.plan;
    const one = { ...shape, channels: 1, data: Float32Array.from(mask) };
    this.seen = stack(one, { ...shape, data: left });
  }

  /** Keeps what lies outside a mask: after every step it is the clean latents with the next step's noise (pipelines.md 1.11). */
  keepOutside(kept: KeptLatents): void {
    this.kept = kept;
  }

  resume(state: DenoisingState): void {
    this.scheduler.importState(state.scheduler);
    this.generator.importState(state.generator);
    this.latents = state.latents;
    this.stepsDone = state.stepsDone;
  }

  exportState(): DenoisingState {
    const { latents, stepsDone } = this;
    return {
      stepsDone,
      latents,
      scheduler: this.scheduler.exportState(),
      generator: this.generator.exportState(),
    };
  }

  /** Predict, guide, step. Answers the predicted clean latents and the session that ran. */
  async step(conditioning: Conditioning): Promise<{ predicted: Float32Array; session: Session }> {
    const { model, shape } = this.plan;
    const index = this.stepsDone;
    const { result: prediction, session } = await runGuarded(
      model.runtime,
      model.folder.denoiser,
      async (denoiser) => {
        assertSupportedDenoiser(denoiser, model.traits, this.seen !== null);
        return predict(
          denoiser,
          model.traits.denoiser,
          stack({ data: this.scheduler.scaleModelInput(this.latents, index), ...shape }, this.seen),
          // The number that the denoiser is told; fractions only where diffusers feeds them (pipelines.md 1.7).
          this.scheduler.timesteps[index] ?? 0,
          conditioning,
        );
      },
      checkPrediction,
    );
    const step = this.scheduler.step(prediction, index, this.latents, (n) => this.generator.randn(n));
    this.stepsDone = index + 1;
    if (this.kept === null) {
      this.latents = step.prevSample;
      return { predicted: step.predOriginalSample, session };
    }
    const { mask, clean, noise } = this.kept;
    const outside = this.stepsDone < this.of ? this.scheduler.addNoise(clean, noise, this.stepsDone) : clean;
    this.latents = chooseByMask(mask, step.prevSample, outside);
    return { predicted: chooseByMask(mask, step.predOriginalSample, clean), session };
  }
}

/** The channels of one, then those of the other. */
function stack(latents: Latents, more: Latents | null): Latents {
  if (more === null) return latents;
  const data = concatFloats([latents.data, more.data]);
  return { ...latents, data, channels: latents.channels + more.channels };
}
