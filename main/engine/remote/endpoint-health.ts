/** What the ledger teaches about endpoints: which are well, how fast the way there is, how long they work. Pure functions. */
import { sameAddress, serverOf, type Endpoint, type LedgerEntry } from '../../../shared/network';
import type { EndpointItem } from '../../../shared/network-view';
import type { EndpointView, Stage } from '../../../shared/placement';

const REMEMBERED_REQUESTS = 20;
/** Shorter transfers say nothing about a line: they fit into one or two packets. */
const MEASURABLE_BYTES = 16 * 1024;

/** How an endpoint did last at a stage, or at a test of its address since; null when it was never asked. */
export function healthOf(url: string, stage: Stage, ledger: readonly LedgerEntry[]): EndpointItem['last'] {
  const past = pastOf(url, stage, ledger);
  const last = past.at(-1);
  if (last === undefined) return null;
  const times = past.filter(({ outcome, stage: at }) => outcome === 'ok' && at === stage);
  return {
    at: Date.parse(last.time),
    isWell: last.outcome === 'ok',
    ms: times.length === 0 ? null : times.reduce((sum, { ms }) => sum + ms, 0) / times.length,
  };
}

/** Those whose last request failed come last; otherwise the faster first. The order given breaks ties. */
export function healthyFirst<E extends Pick<Endpoint, 'url'>>(
  endpoints: readonly E[],
  stage: Stage,
  ledger: readonly LedgerEntry[],
): E[] {
  const score = ({ url }: E): number => {
    const health = healthOf(url, stage, ledger);
    if (health === null) return 0;
    return health.isWell ? (health.ms ?? 0) : Infinity;
  };
  return endpoints
    .map((endpoint) => ({ endpoint, score: score(endpoint) }))
    .sort((a, b) => (a.score === b.score ? 0 : a.score - b.score))
    .map(({ endpoint }) => endpoint);
}

/** What was measured of the way to an endpoint and of its work at a stage; null: not measured yet. */
export function linkOf(
  url: string,
  stage: Stage,
  ledger: readonly LedgerEntry[],
): Omit<EndpointView, 'url' | 'isAllowed'> {
  const ok = ledger.filter((entry) => entry.outcome === 'ok' && isSameServer(entry.endpoint, url));
  const timed = ok.flatMap((entry) => (entry.timing === undefined ? [] : [{ ...entry, ...entry.timing }]));
  // A connection under TLS stands after two round trips.
  const trips = url.startsWith('https:') ? 2 : 1;
  const roundTripMs = median(timed.map(({ connectMs }) => connectMs / trips));
  const whole = timed.filter(({ stage: at }) => at !== 'generate');
  const down = whole.flatMap(({ bytesReceived, ms, connectMs, waitMs }) =>
    bytesReceived < MEASURABLE_BYTES ? [] : [perSecond(bytesReceived, ms - connectMs - waitMs)],
  );
  const up = whole.flatMap(({ bytesSent, waitMs, workMs }) =>
    bytesSent < MEASURABLE_BYTES || workMs === null
      ? []
      : [perSecond(bytesSent, waitMs - workMs - (roundTripMs ?? 0))],
  );
  const work = timed.flatMap(({ stage: at, ms, connectMs, waitMs, workMs, megapixels, steps }) => {
    if (at !== stage || megapixels === 0) return [];
    if (at === 'generate') return [Math.max(0, ms - connectMs) / (megapixels * Math.max(1, steps))];
    // Without the server's word the time to send is in it; both grow with the picture.
    return [(workMs ?? Math.max(0, waitMs - (roundTripMs ?? 0))) / megapixels];
  });
  return {
    uploadBytesPerSecond: median(up),
    downloadBytesPerSecond: median(down),
    roundTripMs,
    msPerMegapixel: median(work),
  };
}

/** Requests that ended at all; one that the person cancelled says nothing. */
function pastOf(url: string, stage: Stage, ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger
    .filter(
      (entry) =>
        (entry.stage === 'test' ? isSameServer(entry.endpoint, url) : entry.stage === stage) &&
        entry.outcome !== 'started' &&
        entry.outcome !== 'cancelled' &&
        (entry.stage === 'test' || sameAddress(entry.endpoint, url)),
    )
    .slice(-REMEMBERED_REQUESTS);
}

const isSameServer = (one: string, other: string): boolean => serverOf(one) === serverOf(other);

const perSecond = (bytes: number, ms: number): number => (bytes * 1000) / Math.max(1, ms);

function median(values: readonly number[]): number | null {
  const sorted = values.slice(-REMEMBERED_REQUESTS).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
