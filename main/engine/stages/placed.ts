/** A stage on an endpoint when the job wants that, on the next one when it fails, and at last on this machine. */
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

  constructor(
    places: RemotePlaces,
    readonly access: RemoteAccess | undefined,
  ) {
    this.endpoints = new Map(STAGES.map((stage) => [stage, [...places[stage]]]));
  }

  next(stage: Stage): Endpoint | null {
    return this.endpoints.get(stage)?.[0] ?? null;
  }

  giveUp(stage: Stage): void {
    this.endpoints.get(stage)?.shift();
  }
}

interface PlacedJob {
  readonly places: StagePlaces;
  readonly log: StageLog;
  readonly context: Pick<JobContext, 'signal'>;
}

/** Throws what the last endpoint failed with when the job may not fall back. */
export async function placed<T>(
  { places, log, context }: PlacedJob,
  stage: Stage,
  image: number,
  remote: (call: RemoteCall) => Promise<Remote<T>>,
  local: () => Promise<T>,
): Promise<T> {
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
      return await log.run(stage, image, place, async () => {
        const { value, bytesSent } = await remote(call);
        log.sent(stage, bytesSent);
        return { value, place };
      });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'endpoint') throw error;
      if (error instanceof EndpointError) log.sent(stage, error.bytesSent);
      places.giveUp(stage);
      const next = places.next(stage);
      if (next === null && !access.mayFallBack) throw error;
      const onwards = next === null ? 'on this machine' : `on ${normalAddress(next.url)}`;
      log.notice(`${error.message} The ${stage} stage goes on ${onwards}.`);
    }
  }
  return local();
}
