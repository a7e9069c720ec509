/** What the planner may know of the network: the endpoints of one family, and whether anything may go to them. */
import type { Family } from '../../../shared/models';
import { endpointsFor, isAllowed, type DataKind, type NetworkSettings } from '../../../shared/network';
import { STAGES, type EndpointView, type NetworkPolicy, type Stage } from '../../../shared/placement';

const KINDS: Readonly<Record<Stage, readonly DataKind[]>> = {
  encode: ['picture'],
  generate: ['latent', 'prompt'],
  decode: ['latent'],
};

/** The first endpoint of each stage that is allowed, else the first one. */
export function networkPolicy(family: Family, settings: NetworkSettings, isOffline: boolean): NetworkPolicy {
  const endpoints: Partial<Record<Stage, EndpointView>> = {};
  for (const stage of STAGES) {
    const known = endpointsFor(stage, family, settings);
    const allowed = known.find(({ url }) => isAllowed(url, KINDS[stage], settings));
    const endpoint = allowed ?? known[0];
    if (endpoint === undefined) continue;
    endpoints[stage] = {
      url: endpoint.url,
      isAllowed: allowed !== undefined,
      uploadBytesPerSecond: null,
      downloadBytesPerSecond: null,
      roundTripMs: null,
      msPerMegapixel: null,
    };
  }
  return { isOffline: isOffline || settings.offline, endpoints };
}
