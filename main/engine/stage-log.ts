/** Keeps the books of a job: where each stage ran and how long, notices, and the time that is left. */
import type { JobProgress } from '../../shared/job';
import { STAGES, type Provider, type Stage, type StagePlan, type StageReport } from '../../shared/placement';

interface StageTotals {
  ms: number;
  where: 'local' | 'remote';
  provider: Provider | null;
  isTiled: boolean;
  reason: string;
  predicted: Predicted | null;
  memoryBytes: number | null;
}

type Predicted = Pick<StagePlan, 'memoryBytes' | 'ms'>;

/** Where a stage runs, as far as it is known when it starts. */
export interface StagePlace {
  /** `local` when left out. */
  readonly where?: 'local' | 'remote';
  /** Null: no provider of this machine, because an endpoint works or nothing has to run. */
  readonly provider: Provider | null;
  readonly isTiled: boolean;
  readonly reason: string;
  /** What the plan says that it takes. */
  readonly predicted?: Predicted;
  /** Most memory that it took, known at its end. */
  readonly memoryBytes?: number | null;
}

export const deviceOf = (provider: Provider | null): 'gpu' | 'cpu' | 'none' =>
  provider === null ? 'none' : provider === 'cpu' ? 'cpu' : 'gpu';

export class StageLog {
  readonly notices: string[] = [];
  private readonly totals = new Map<Stage, StageTotals>();
  private readonly bytesSent = new Map<Stage, number>();
  private readonly stepTimes: number[] = [];

  constructor(private readonly onProgress: (progress: JobProgress) => void) {}

  notice(message: string): void {
    this.notices.push(message);
    this.onProgress({ kind: 'notice', message });
  }

  /** Runs one stage of one picture, timed; `work` answers where it really ran. */
  async run<T>(
    stage: Stage,
    image: number,
    expected: StagePlace,
    work: () => Promise<{ value: T; place: StagePlace }>,
  ): Promise<T> {
    this.announce(stage, image, expected);
    const startedAt = performance.now();
    const { value, place } = await work();
    const ms = performance.now() - startedAt;
    const totals = this.totals.get(stage);
    this.totals.set(stage, {
      ms: (totals?.ms ?? 0) + ms,
      where: place.where ?? 'local',
      provider: place.where === 'remote' ? null : (place.provider ?? totals?.provider ?? null),
      isTiled: place.isTiled || (totals?.isTiled ?? false),
      reason: place.reason,
      predicted: addPredicted(totals?.predicted, expected.predicted),
      memoryBytes: largest(totals?.memoryBytes, place.memoryBytes),
    });
    const memory = typeof place.memoryBytes === 'number' ? { memoryBytes: place.memoryBytes } : {};
    this.onProgress({ kind: 'stage-done', stage, image, ms, ...memory });
    return value;
  }

  /** Bytes that left this machine for a stage, whether or not it came to anything. */
  sent(stage: Stage, bytes: number): void {
    this.bytesSent.set(stage, (this.bytesSent.get(stage) ?? 0) + bytes);
  }

  /** A stage goes on elsewhere, or in smaller tiles. */
  moved(stage: Stage, image: number, place: StagePlace): void {
    this.announce(stage, image, place);
  }

  private announce(stage: Stage, image: number, place: StagePlace): void {
    this.onProgress({
      kind: 'stage-start',
      stage,
      image,
      where: place.where ?? 'local',
      device: deviceOf(place.provider),
      provider: place.provider,
      tiled: place.isTiled,
      reason: place.reason,
      ...(place.predicted === undefined ? {} : { predicted: place.predicted }),
    });
  }

  /**
   * One step is done; reports it with the time left: the mean of this job's steps for what is still to come, and for each decode the time
   * that the encode took, times the ratio of their work (decode is about half as much again: onnxruntime.md 2.1).
   */
  step(image: number, step: number, of: number, ms: number, stepsLeft: number, decodesLeft: number): void {
    this.stepTimes.push(ms);
    const mean = this.stepTimes.reduce((sum, time) => sum + time, 0) / this.stepTimes.length;
    const decode = this.totals.get('decode');
    const decodeMs = decode?.ms ?? (this.totals.get('encode')?.ms ?? 0) * 1.5;
    this.onProgress({ kind: 'step', image, step, of, ms, leftMs: mean * stepsLeft + decodeMs * decodesLeft });
  }

  /** One line per stage, in order; a stage that did not have to run took no time. */
  reports(): StageReport[] {
    return STAGES.map((stage) => {
      const totals = this.totals.get(stage);
      const provider = totals?.provider ?? null;
      return {
        stage,
        where: totals?.where ?? 'local',
        device: deviceOf(provider),
        provider,
        tiled: totals?.isTiled ?? false,
        ms: totals?.ms ?? 0,
        bytesSent: this.bytesSent.get(stage) ?? 0,
        reason: totals?.reason ?? 'did not have to run',
        predictedMs: totals?.predicted?.ms ?? null,
        predictedMemoryBytes: totals?.predicted?.memoryBytes ?? null,
        memoryBytes: totals?.memoryBytes ?? null,
      };
    });
  }
}

/** Times of several pictures add up; memory does not. */
function addPredicted(before: Predicted | null | undefined, now: Predicted | undefined): Predicted | null {
  if (now === undefined) return before ?? null;
  return { memoryBytes: Math.max(before?.memoryBytes ?? 0, now.memoryBytes), ms: (before?.ms ?? 0) + now.ms };
}

function largest(before: number | null | undefined, now: number | null | undefined): number | null {
  const known = [before, now].filter((bytes) => typeof bytes === 'number');
  return known.length === 0 ? null : Math.max(...known);
}
