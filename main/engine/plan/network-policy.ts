/** What the planner may know of the network: the endpoints of one family, and whether anything may go to them. */
import type { Family } from '../../../shared/models';
import { endpointsFor, KINDS_OF_STAGE } from '../../../shared/network';
import { STAGES, type EndpointView, type NetworkPolicy, type Stage } from '../../../shared/placement';
import type { RemoteAccess } from '../remote/places';

/** Per stage the first endpoint that may be used, else the first one; an address that was named for this run comes before all. */
export async function networkPolicyFor(
  family: Family,
  access: RemoteAccess | undefined,
): Promise<NetworkPolicy> {
  if (access === undefined) return { isOffline: true, endpoints: {} };
  const { network, named } = access;
  const settings = await network.settings();
  const endpoints: Partial<Record<Stage, EndpointView>> = {};
  for (const stage of STAGES) {
    const own = named[stage];
    const urls = own === undefined ? endpointsFor(stage, family, settings).map(({ url }) => url) : [own];
    let view: EndpointView | undefined;
    for (const url of urls) {
      const isAllowed = (await network.refusal(url, KINDS_OF_STAGE[stage])) === null;
      if (view === undefined || (isAllowed && !view.isAllowed)) view = { ...UNMEASURED, url, isAllowed };
    }
    if (view !== undefined) endpoints[stage] = view;
  }
  return { isOffline: await network.isOffline(), endpoints };
}

const UNMEASURED = {
  uploadBytesPerSecond: null,
  downloadBytesPerSecond: null,
  roundTripMs: null,
  msPerMegapixel: null,
} as const;
