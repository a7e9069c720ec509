/** What the ledger teaches: which endpoints are well, how fast the way there is, and what the planner makes of it. */
import { describe, expect, it } from 'vitest';
import { healthOf, healthyFirst, linkOf } from '../../../main/engine/remote/endpoint-health';
import { networkPolicyFor } from '../../../main/engine/plan/network-policy';
import { Network, type Answer } from '../../../main/engine/remote/network';
import { planStages } from '../../../main/placement/planner';
import { networkSettingsSchema, type LedgerEntry } from '../../../shared/network';
import { answers, rawServer, reply } from '../../support/raw-server';
import { inputFor } from '../../support/plan-table';

const NEAR = 'http://near:8765';
const FAR = 'https://far.example';

let count = 0;
const entry = (changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id: String((count += 1)),
  time: new Date(1_700_000_000_000 + count * 1000).toISOString(),
  endpoint: NEAR,
  stage: 'decode',
  kinds: ['latent'],
  bytesSent: 1_000_000,
  bytesReceived: 3_000_000,
  ms: 1310,
  outcome: 'ok',
  // 1 MB sent in 200 ms, 500 ms of work, 3 MB received in 600 ms.
  timing: { connectMs: 5, waitMs: 705, workMs: 500, megapixels: 1, steps: 1 },
  ...changes,
});

describe('health', () => {
  it('puts those that failed last behind, and the faster before the slower; the order given breaks ties', () => {
    const all = ['http://a', 'http://b', 'http://c', 'http://d'].map((url) => ({ url }));
    const ledger = [
      entry({ endpoint: 'http://a', ms: 900 }),
      entry({ endpoint: 'http://a', outcome: 'HTTP 503' }),
      entry({ endpoint: 'http://b', ms: 800 }),
      entry({ endpoint: 'http://c', ms: 300 }),
      entry({ endpoint: 'http://c', outcome: 'cancelled' }),
      entry({ endpoint: 'http://c', outcome: 'started' }),
      entry({ endpoint: 'http://b', stage: 'encode', outcome: 'HTTP 500' }),
    ];
    const order = healthyFirst(all, 'decode', ledger).map(({ url }) => url);
    expect(order).toEqual(['http://d', 'http://c', 'http://b', 'http://a']);
    // A test that was answered since makes it worth another try.
    const tested = [...ledger, entry({ endpoint: 'http://a', stage: 'test', kinds: [] })];
    expect(healthyFirst(all, 'decode', tested).at(-1)?.url).toBe('http://a');
    expect(healthOf('http://a', 'decode', ledger)).toMatchObject({ isWell: false, ms: 900 });
    expect(healthOf('http://a', 'decode', tested)).toMatchObject({ isWell: true, ms: 900 });
    expect(healthOf('http://d', 'decode', ledger)).toBeNull();
  });
});

describe('the way there', () => {
  it('is measured from what was sent, waited and received, without the work that the server tells', () => {
    expect(linkOf(NEAR, 'decode', [entry()])).toEqual({
      roundTripMs: 5,
      uploadBytesPerSecond: 1_000_000 / 0.2,
      downloadBytesPerSecond: 3_000_000 / 0.6,
      msPerMegapixel: 500,
    });
  });

  it('of a server that tells nothing is one time for sending and work; of one that was never asked nothing', () => {
    const silent = entry({
      endpoint: FAR,
      timing: { connectMs: 60, waitMs: 830, workMs: null, megapixels: 2, steps: 1 },
    });
    expect(linkOf(FAR, 'decode', [silent])).toMatchObject({
      roundTripMs: 30,
      uploadBytesPerSecond: null,
      msPerMegapixel: 400,
    });
    expect(linkOf('http://other', 'decode', [silent])).toEqual({
      roundTripMs: null,
      uploadBytesPerSecond: null,
      downloadBytesPerSecond: null,
      msPerMegapixel: null,
    });
    // The line is the server's, the work is the stage's.
    expect(linkOf(FAR, 'encode', [silent])).toMatchObject({ roundTripMs: 30, msPerMegapixel: null });
  });

  it('of generate is the time of a step; short transfers and failures say nothing about the line', () => {
    const steps = entry({
      stage: 'generate',
      ms: 12_010,
      timing: { connectMs: 10, waitMs: 900, workMs: null, megapixels: 0.5, steps: 12 },
    });
    expect(linkOf(NEAR, 'generate', [steps])).toMatchObject({
      msPerMegapixel: 2000,
      uploadBytesPerSecond: null,
    });
    const short = entry({ bytesSent: 400, bytesReceived: 300 });
    expect(linkOf(NEAR, 'decode', [short])).toMatchObject({
      uploadBytesPerSecond: null,
      downloadBytesPerSecond: null,
    });
    expect(linkOf(NEAR, 'decode', [entry({ outcome: 'HTTP 500' })]).roundTripMs).toBeNull();
  });
});

describe('the planner', () => {
  const settings = networkSettingsSchema.parse({
    endpoints: { decode: [{ url: FAR }, { url: NEAR }] },
    allowed: [FAR, NEAR].map((url) => ({ url, kinds: ['latent'] })),
  });
  const decodeWith = async (ledger: LedgerEntry[]) => {
    const network = await networkPolicyFor('sd1', {
      network: new Network({ settings: () => Promise.resolve(settings) }),
      named: {},
      mayFallBack: true,
      history: () => Promise.resolve(ledger),
    });
    const input = inputFor(0, 'sd1', 512, { network });
    const decode = planStages(input).stages.find(({ stage }) => stage === 'decode');
    return { endpoint: network.endpoints.decode?.url, ...decode };
  };

  it('sends a stage over a line that was measured as fast, and keeps it here when that line is slow', async () => {
    const slow = { connectMs: 200, waitMs: 40_000, workMs: 1000, megapixels: 1, steps: 1 };
    expect(await decodeWith([entry()])).toMatchObject({ where: 'remote' });
    const kept = await decodeWith([
      entry({ ms: 80_000, timing: slow }),
      entry({ endpoint: FAR, ms: 80_000, timing: slow }),
    ]);
    expect(kept).toMatchObject({ where: 'local' });
  });

  it('counts the transfer, and takes the healthiest of several endpoints', async () => {
    const planned = await decodeWith([entry({ endpoint: FAR, outcome: 'HTTP 503' }), entry()]);
    expect(planned.endpoint).toBe(NEAR);
    const megapixels = 0.512 ** 2;
    const latentBytes = 4 * 64 * 64 * 4;
    const pictureBytes = 512 * 512 * 3;
    const expected = 5 + (latentBytes / 5e6 + pictureBytes / 5e6) * 1000 + 500 * megapixels;
    expect(planned.ms).toBeCloseTo(expected, 5);
  });
});

describe('a real transfer', () => {
  it('leaves its times in the ledger: connection, wait, what the server says of its work, size', async () => {
    const body = Buffer.alloc(64 * 1024);
    const told = reply(200, { 'server-timing': 'cache;dur=1, work;dur=30.5' }, body);
    const server = await rawServer((socket) => setTimeout(() => socket.write(told), 80));
    const entries: LedgerEntry[] = [];
    const network = new Network({
      settings: () => Promise.resolve(networkSettingsSchema.parse({})),
      record: async (one) => void entries.push(one),
    });
    const send = (url: string): Promise<Answer> =>
      network.send({
        url,
        stage: 'decode',
        kinds: [],
        request: { query: '', headers: {}, body },
        signal: new AbortController().signal,
        onNotice: () => undefined,
        maxReplyBytes: 1e6,
        totalMs: (limits) => limits.totalMs,
        work: { megapixels: 0.25, steps: 1 },
      });
    await send(server.url);
    const last = entries.at(-1);
    expect(last?.timing).toMatchObject({ workMs: 30.5, megapixels: 0.25, steps: 1 });
    expect(last?.timing?.waitMs).toBeGreaterThan(75);
    expect(linkOf(server.url, 'decode', entries)).toMatchObject({ msPerMegapixel: 122 });
    const failing = await rawServer(answers(reply(404, {}, '')));
    await expect(send(failing.url)).rejects.toThrow('(404)');
    expect(entries.at(-1)).toMatchObject({ outcome: 'HTTP 404' });
    expect(entries.at(-1)?.timing).toBeUndefined();
  });
});
