/** Endpoints and permissions as the window shows them, and what its changes make of the settings. Pure functions. */
import type { Family } from '../../../shared/models';
import {
  endpointsFor,
  isAllowed,
  KINDS_OF_STAGE,
  PRESET_ENDPOINTS,
  sameAddress,
  normalAddress,
  type LedgerEntry,
  type NetworkSettings,
} from '../../../shared/network';
import type {
  ConsentQuestion,
  EndpointItem,
  LedgerView,
  NetworkChange,
  NetworkView,
} from '../../../shared/network-view';
import type { GenerationSettings } from '../../../shared/generation';
import { STAGES, type Stage } from '../../../shared/placement';
import { healthOf } from './endpoint-health';

export function networkView(settings: NetworkSettings, ledger: readonly LedgerEntry[]): NetworkView {
  const stageView = (stage: Stage): NetworkView['stages'][Stage] => ({
    isOwnList: settings.endpoints[stage] !== undefined,
    endpoints: listOf(settings, stage).map((endpoint): EndpointItem => ({
      endpoint,
      allowed: allowedOf(settings, endpoint.url),
      last: healthOf(endpoint.url, stage, ledger),
    })),
  });
  return {
    offline: settings.offline,
    stages: { encode: stageView('encode'), generate: stageView('generate'), decode: stageView('decode') },
  };
}

const listOf = (settings: NetworkSettings, stage: Stage): NetworkSettings['endpoints'][Stage] & {} =>
  settings.endpoints[stage] ?? [...PRESET_ENDPOINTS[stage]];

const allowedOf = (settings: NetworkSettings, url: string): NetworkSettings['allowed'][number]['kinds'] => [
  ...new Set(settings.allowed.filter((entry) => sameAddress(entry.url, url)).flatMap(({ kinds }) => kinds)),
];

/** The settings after one change. An address stands once in each list. */
export function changeNetwork(settings: NetworkSettings, change: NetworkChange): NetworkSettings {
  const withList = (stage: Stage, list: NetworkSettings['endpoints'][Stage]): NetworkSettings => ({
    ...settings,
    endpoints: { ...settings.endpoints, [stage]: list },
  });
  switch (change.kind) {
    case 'offline':
      return { ...settings, offline: change.offline };
    case 'presets':
      return withList(change.stage, undefined);
    case 'remove': {
      const list = listOf(settings, change.stage);
      return withList(
        change.stage,
        list.filter(({ url }) => !sameAddress(url, change.url)),
      );
    }
    case 'put': {
      const { stage, endpoint, replaces } = change;
      const list = listOf(settings, stage);
      const at = list.findIndex(({ url }) => sameAddress(url, replaces ?? endpoint.url));
      const others = list.filter(({ url }, i) => i === at || !sameAddress(url, endpoint.url));
      return withList(
        stage,
        at < 0 ? [endpoint, ...others] : others.map((one) => (one === list[at] ? endpoint : one)),
      );
    }
    case 'allow': {
      const others = settings.allowed.filter(({ url }) => !sameAddress(url, change.url));
      const before = allowedOf(settings, change.url);
      const kinds = change.isAllowed
        ? [...new Set([...before, ...change.data])]
        : before.filter((kind) => !change.data.includes(kind));
      const now = kinds.length === 0 ? [] : [{ url: normalAddress(change.url), kinds }];
      return { ...settings, allowed: [...others, ...now] };
    }
  }
}

/**
 * What has to be asked before a job with these settings may begin: for each stage that is wanted on an endpoint and has none that may be
 * used, the first of its list. Nothing offline: then nothing is sent anyway.
 */
export function consentNeeded(
  wanted: Pick<GenerationSettings, Stage>,
  family: Family,
  settings: NetworkSettings,
): ConsentQuestion[] {
  if (settings.offline) return [];
  return STAGES.flatMap((stage) => {
    if (wanted[stage] !== 'remote') return [];
    const kinds = KINDS_OF_STAGE[stage];
    const known = endpointsFor(stage, family, settings);
    const [first] = known;
    if (first === undefined || known.some(({ url }) => isAllowed(url, kinds, settings))) return [];
    const allowed = allowedOf(settings, first.url);
    return [{ stage, url: normalAddress(first.url), kinds: kinds.filter((kind) => !allowed.includes(kind)) }];
  });
}

const SHOWN_ENTRIES = 500;

export const ledgerView = (entries: readonly LedgerEntry[]): LedgerView => ({
  entries: entries.slice(-SHOWN_ENTRIES).reverse(),
  count: entries.length,
  bytesSent: entries.reduce((sum, entry) => sum + entry.bytesSent, 0),
  bytesReceived: entries.reduce((sum, entry) => sum + entry.bytesReceived, 0),
});
