/** A stage on an endpoint when the job wants that, on the next one when it fails, and at last on this machine; and the other way round. */
import { AppError } from '../../../shared/errors';
import { normalAddress, type Endpoint } from '../../../shared/network';
import { STAGES, type Stage } from '../../../shared/placement';
import type { JobContext } from '../context';
import type { Remote, RemoteCall } from '../remote/client';
import { EndpointError } from '../remote/network';
import type { RemoteAccess, RemotePlaces } from '../remote/places';
import type { StageLog } from '../stage-log';

/** The endpoints that the stages of one job still have; one that failed is not asked again by this job. */
export class StagePlaces {
  private readonly endpoints: Map<Stage, Endpoint[]>;
  private readonly failed = new Map<Stage, Set<string>>(STAGES.map((stage) => [stage, new Set()]));

  /** @param rescue endpoints for a stage that this machine has no memory for; left out: none */
  constructor(
    places: RemotePlaces,
    readonly access: RemoteAccess | undefined,
    private readonly rescue: (stage: Stage) => Promise<readonly Endpoint[]> = () => Promise.resolve([]),
  ) {
    this.endpoints = new Map(STAGES.map((stage) => [stage, [...places[stage]]]));
  }

  next(stage: Stage): Endpoint | null {
    return this.endpoints.get(stage)?.[0] ?? null;
  }

  giveUp(stage: Stage): void {
    const endpoint = this.endpoints.get(stage)?.shift();
    if (endpoint !== undefined) this.failed.get(stage)?.add(endpoint.url);
  }

  /** The stage found no memory here: takes the endpoints that may be used and have not failed. Answers the first; null: there is none. */
  async rescueFor(stage: Stage): Promise<Endpoint | null> {
    const left = (await this.rescue(stage)).filter(({ url }) => this.failed.get(stage)?.has(url) !== true);
    this.endpoints.set(stage, left);
    return left[0] ?? null;
  }
}

interface PlacedJob {
  readonly places: StagePlaces;
  readonly log: StageLog;
  readonly context: Pick<JobContext, 'signal'>;
}

/**
 * Endpoints first, where the job has some for this stage, then this machine. When memory runs out here, on the last rung of its ladder, the
 * endpoints that may be used are the way out; nothing that is done is done again. Throws what the last place failed with.
 */
export async function placed<T>(
  job: PlacedJob,
  stage: Stage,
  image: number,
  remote: (call: RemoteCall) => Promise<Remote<T>>,
  local: () => Promise<T>,
): Promise<T> {
  const { places, log } = job;
  const there = await onEndpoints(
    job,
    stage,
    image,
    remote,
    places.access?.mayFallBack === false ? 'fail' : 'here',
  );
  if (there !== null) return there.value;
  try {
    return await local();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    const endpoint = await places.rescueFor(stage);
    if (endpoint === null) throw error;
    log.notice(
      `This machine has too little memory for the ${stage} stage, which goes on on ${normalAddress(endpoint.url)}.`,
    );
    const rescued = await onEndpoints(job, stage, image, remote, 'nowhere');
    if (rescued === null) throw error;
    return rescued.value;
  }
}

export const isOutOfMemory = (error: unknown): error is AppError =>
  error instanceof AppError && error.code === 'out-of-memory';

/**
 * Tries the endpoints of a stage one after the other; null when there was none, or all have failed.
 * @param then where it goes on after the last one: on this machine, nowhere (no memory), or it fails with the endpoint
 */
async function onEndpoints<T>(
  { places, log, context }: PlacedJob,
  stage: Stage,
  image: number,
  remote: (call: RemoteCall) => Promise<Remote<T>>,
  then: 'here' | 'nowhere' | 'fail',
): Promise<{ value: T } | null> {
  const { access } = places;
  for (
    let endpoint = places.next(stage);
    endpoint !== null && access !== undefined;
    endpoint = places.next(stage)
  ) {
    const call = {
      network: access.network,
      endpoint,
      signal: context.signal,
      onNotice: (message: string) => log.notice(message),
    };
    const place = {
      where: 'remote',
      provider: null,
      isTiled: false,
      reason: `the endpoint ${normalAddress(endpoint.url)}`,
    } as const;
    try {
      const value = await log.run(stage, image, place, async () => {
        const answer = await remote(call);
        log.sent(stage, answer.bytesSent);
        return { value: answer.value, place };
      });
      return { value };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'endpoint') throw error;
      if (error instanceof EndpointError) log.sent(stage, error.bytesSent);
      places.giveUp(stage);
      const next = places.next(stage);
      if (next === null && then === 'fail') throw error;
      const onwards =
        next !== null
          ? ` The ${stage} stage goes on on ${normalAddress(next.url)}.`
          : then === 'here'
            ? ` The ${stage} stage goes on on this machine.`
            : '';
      log.notice(`${error.message}${onwards}`);
    }
  }
  return null;
}
