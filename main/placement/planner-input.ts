/** What the planner is told, and what it weighs. */
import type { Hardware } from '../../shared/hardware';
import type { DeviceChoice, NetworkPolicy, Provider, Stage, StageChoice } from '../../shared/placement';
import type { History } from './history';
import type { OwnBytes } from './memory-model';
import type { ModelProfile } from './model-profile';

export interface PlannerInput {
  readonly hardware: Hardware;
  /** Graphics providers that may be used, in the order in which they are tried. */
  readonly gpuProviders: readonly Provider[];
  readonly model: ModelProfile;
  /** Working size in pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Denoising steps that really run. */
  readonly stepsRun: number;
  readonly isGuided: boolean;
  /** What the person has asked for. */
  readonly pins: Readonly<Record<Stage, StageChoice>>;
  readonly device: DeviceChoice;
  readonly tiling: 'auto' | 'on' | 'off';
  readonly network: NetworkPolicy;
  readonly history: History;
  readonly own: OwnBytes;
  /** Milliseconds since 1970: out-of-memories of long ago are forgiven. */
  readonly nowMs: number;
}

/** One way of running a stage here. */
export interface Candidate {
  readonly device: 'gpu' | 'cpu';
  readonly provider: Provider;
  readonly tilePx: number | null;
  readonly memoryBytes: number;
  readonly ms: number;
  readonly budgetBytes: number;
  /** Why it is not possible: too large, larger than one buffer, or it ran out of memory before. Null: possible. */
  readonly obstacle: 'memory' | 'buffer' | 'history' | null;
}
