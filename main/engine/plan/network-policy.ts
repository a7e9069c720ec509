/** What the planner may know of the network: the endpoints of one family, and whether anything may go to them. */
import type { Family } from '../../../shared/models';
import { endpointsFor, KINDS_OF_STAGE } from '../../../shared/network';
import { STAGES, type EndpointView, type NetworkPolicy, type Stage } from '../../../shared/placement';
import { healthyFirst, linkOf } from '../remote/endpoint-health';
import { readRecentLedger } from '../remote/ledger';
import type { RemoteAccess } from '../remote/places';

/**
 * Per stage the endpoint that a job would try first: of those that may be used the one that is well and quickest, else the first one. An
 * address that was named for this run comes before all.
 */
export async function networkPolicyFor(
  family: Family,
  access: RemoteAccess | undefined,
): Promise<NetworkPolicy> {
  if (access === undefined) return { isOffline: true, endpoints: {} };
  const { network, named } = access;
  const settings = await network.settings();
  const ledger = await (access.history ?? readRecentLedger)();
  const endpoints: Partial<Record<Stage, EndpointView>> = {};
  for (const stage of STAGES) {
    const own = named[stage];
    const known =
      own === undefined ? healthyFirst(endpointsFor(stage, family, settings), stage, ledger) : [{ url: own }];
    let view: EndpointView | undefined;
    for (const { url } of known) {
      const isAllowed = (await network.refusal(url, KINDS_OF_STAGE[stage])) === null;
      if (view === undefined || (isAllowed && !view.isAllowed))
        view = { ...linkOf(url, stage, ledger), url, isAllowed };
    }
    if (view !== undefined) endpoints[stage] = view;
  }
  return { isOffline: await network.isOffline(), endpoints };
}
