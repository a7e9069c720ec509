/** Which stages of a job go to endpoints, and to which. */
import { AppError } from '../../../shared/errors';
import type { GenerationSettings } from '../../../shared/generation';
import type { Family } from '../../../shared/models';
import {
  endpointSchema,
  endpointsFor,
  KINDS_OF_STAGE,
  PRESET_ENDPOINTS,
  sameAddress,
  type Endpoint,
  type LedgerEntry,
  type NetworkSettings,
} from '../../../shared/network';
import { STAGES, type Stage, type StagePlan } from '../../../shared/placement';
import { healthyFirst } from './endpoint-health';
import { readRecentLedger } from './ledger';
import type { Network } from './network';
import { networkSettingsPath } from './network-settings';

/** What a job may use of the network. */
export interface RemoteAccess {
  readonly network: Network;
  /** Addresses that were named for this run, which come before everything that the settings hold. */
  readonly named: Partial<Readonly<Record<Stage, string>>>;
  /** False: a stage that was sent to an endpoint fails with it (exit code 5) instead of running on this machine. */
  readonly mayFallBack: boolean;
  /** What was sent before; left out: this machine's ledger. */
  readonly history?: () => Promise<readonly LedgerEntry[]>;
}

/** The endpoints of a stage, best first; an empty list: the stage runs on this machine. */
export type RemotePlaces = Readonly<Record<Stage, readonly Endpoint[]>>;

export const ALL_LOCAL: RemotePlaces = { encode: [], generate: [], decode: [] };

/**
 * Throws `AppError('usage')` when a stage is wanted remotely and no endpoint may be used for it.
 * @param plans where the planner puts the stages that are left to it; without one they stay here
 */
export async function remotePlaces(
  settings: Pick<GenerationSettings, Stage>,
  family: Family,
  access: RemoteAccess | undefined,
  plans: readonly StagePlan[] = [],
): Promise<RemotePlaces> {
  const wanted = STAGES.filter(
    (stage) =>
      settings[stage] === 'remote' ||
      (settings[stage] === 'auto' && plans.some((plan) => plan.stage === stage && plan.where === 'remote')),
  );
  if (wanted.length === 0) return ALL_LOCAL;
  if (access === undefined)
    throw new AppError('usage', 'This command uses no endpoints; use "auto" or "local".');
  const places: Record<Stage, readonly Endpoint[]> = { ...ALL_LOCAL };
  for (const stage of wanted) {
    const usable = await usableEndpoints(stage, family, access);
    if (usable.length === 0 && settings[stage] === 'remote') throw await unusable(stage, family, access);
    places[stage] = usable;
  }
  return places;
}

/** The endpoints that a stage may leave for when this machine has too little memory: those that may be used, unless it is to stay here. */
export const rescuePlaces =
  (settings: Pick<GenerationSettings, Stage>, family: Family, access: RemoteAccess | undefined) =>
  async (stage: Stage): Promise<readonly Endpoint[]> =>
    access === undefined || settings[stage] === 'local' ? [] : usableEndpoints(stage, family, access);

async function usableEndpoints(
  stage: Stage,
  family: Family,
  { network, named, history = readRecentLedger }: RemoteAccess,
): Promise<Endpoint[]> {
  const settings = await network.settings();
  const candidates =
    named[stage] === undefined
      ? endpointsFor(stage, family, settings)
      : [namedEndpoint(named[stage], stage, settings)];
  const usable: Endpoint[] = [];
  for (const endpoint of candidates) {
    if ((await network.refusal(endpoint.url, KINDS_OF_STAGE[stage])) === null) usable.push(endpoint);
  }
  return usable.length < 2 ? usable : healthyFirst(usable, stage, await history());
}

/** What the settings or the presets know about an address; else one that speaks our own protocol. */
function namedEndpoint(url: string, stage: Stage, settings: NetworkSettings): Endpoint {
  const parsed = endpointSchema.safeParse({ url });
  if (!parsed.success) {
    throw new AppError(
      'usage',
      `"${url}" is not an address of an endpoint; give one like http://127.0.0.1:8765.`,
    );
  }
  const known = [...(settings.endpoints[stage] ?? []), ...PRESET_ENDPOINTS[stage]];
  return known.find((endpoint) => sameAddress(endpoint.url, url)) ?? parsed.data;
}

async function unusable(stage: Stage, family: Family, { network, named }: RemoteAccess): Promise<AppError> {
  const kinds = KINDS_OF_STAGE[stage];
  const known = endpointsFor(stage, family, await network.settings());
  const first = named[stage] ?? known[0]?.url;
  const refusal = first === undefined ? null : await network.refusal(first, kinds);
  if (refusal !== null && /offline/.test(refusal)) {
    return new AppError('usage', `The ${stage} stage cannot run remotely: ${refusal} Use "auto" or "local".`);
  }
  const why = first === undefined ? `there is none for ${family} models` : 'none has been allowed yet';
  return new AppError(
    'usage',
    `The ${stage} stage cannot run on an endpoint, because ${why}; name one with --${stage}-endpoint, or list and allow one in ${networkSettingsPath()}.`,
  );
}
