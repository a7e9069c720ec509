/** The one way out: permission first, bounded waits, useful repetitions, and a ledger that agrees with what the server counted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { appendToLedger, ledgerCsv, readLedger } from '../../../main/engine/remote/ledger';
import { Network, type Answer, type Call, type NetworkOptions } from '../../../main/engine/remote/network';
import { backoffMs, retryAfterMs } from '../../../main/engine/remote/network-errors';
import { readNetworkSettings } from '../../../main/engine/remote/network-settings';
import {
  endpointsFor,
  isAllowed,
  networkSettingsSchema,
  PRESET_ENDPOINTS,
  type LedgerEntry,
  type NetworkSettings,
} from '../../../shared/network';
import { answers, rawServer, reply, type RawServer } from '../../support/raw-server';

const folder = mkdtempSync(join(tmpdir(), 'underpaint-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const QUICK = { connectMs: 300, idleMs: 300, totalMs: 1500, networkRetries: 2, backoffMs: 20 };
const settingsWith = (changes: object = {}): NetworkSettings =>
  networkSettingsSchema.parse({ limits: QUICK, ...changes });

interface Sent {
  readonly answer: Promise<Answer>;
  readonly notices: string[];
  readonly entries: LedgerEntry[];
}

function send(
  url: string,
  options: {
    settings?: NetworkSettings;
    named?: boolean;
    offline?: boolean;
    call?: Partial<Call>;
    network?: NetworkOptions;
  } = {},
): Sent {
  const notices: string[] = [];
  const entries: LedgerEntry[] = [];
  const network = new Network({
    named: options.named === false ? [] : [url],
    offline: options.offline ?? false,
    settings: async () => options.settings ?? settingsWith(),
    record: async (entry) => void entries.push(entry),
    ...options.network,
  });
  const answer = network.send({
    url,
    stage: 'decode',
    kinds: ['latent'],
    request: { query: 'a=1', headers: { accept: '*/*' }, body: Buffer.from('body') },
    signal: new AbortController().signal,
    onNotice: (message) => notices.push(message),
    maxReplyBytes: 1000,
    totalMs: (limits) => limits.totalMs,
    ...options.call,
  });
  return { answer, notices, entries };
}

const failure = (sent: Sent): Promise<string> =>
  sent.answer.then(
    () => 'it was answered',
    (error: Error) => error.message,
  );

describe('permission', () => {
  const friendly = (): Promise<RawServer> => rawServer(answers(reply(200, {}, 'ok')));

  it('opens no connection before the address was allowed for this kind of data', async () => {
    const server = await friendly();
    const pictureOnly = settingsWith({ allowed: [{ url: server.url, kinds: ['picture'] }] });
    expect(await failure(send(server.url, { named: false }))).toContain(
      'has not been allowed to receive the latent',
    );
    expect(await failure(send(server.url, { named: false, settings: pictureOnly }))).toContain(
      'allow it first',
    );
    expect(server.connections).toBe(0);
    const both = settingsWith({ allowed: [{ url: `${server.url}/`, kinds: ['picture', 'latent'] }] });
    expect((await send(server.url, { named: false, settings: both }).answer).body.toString()).toBe('ok');
  });

  it('opens none offline, whatever is allowed', async () => {
    const server = await friendly();
    const allowed = { allowed: [{ url: server.url, kinds: ['latent'] }] };
    expect(await failure(send(server.url, { offline: true, settings: settingsWith(allowed) }))).toContain(
      '--offline was given',
    );
    expect(
      await failure(send(server.url, { settings: settingsWith({ ...allowed, offline: true }) })),
    ).toContain('offline switch is on');
    expect(server.connections).toBe(0);
  });

  it('sends nothing that cannot be written into the ledger', async () => {
    const server = await friendly();
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    const sent = send(server.url, {
      network: { record: (entry) => appendToLedger(entry, join(blocked, 'ledger.jsonl')) },
    });
    expect(await failure(sent)).toMatch(/could not be saved|nothing can be saved|cannot be made/i);
    expect(server.connections).toBe(0);
  });

  it('gives the token only to its own address', async () => {
    const server = await friendly();
    await send(server.url, { network: { tokenFor: (url) => (url === server.url ? 'secret' : null) } }).answer;
    await send(server.url).answer;
    expect(server.requests.map(({ head }) => /authorization: .*/i.exec(head)?.[0])).toEqual([
      'authorization: Bearer secret',
      undefined,
    ]);
  });
});

describe('repetitions', () => {
  it('waits for an endpoint that starts, and says so', async () => {
    const server = await rawServer(
      answers(
        reply(503, {}, '{"error":"503 Service Unavailable"}'),
        reply(502, {}, ''),
        reply(200, {}, 'ok'),
      ),
    );
    const sent = send(server.url);
    expect((await sent.answer).body.toString()).toBe('ok');
    expect(sent.notices).toEqual([
      `The endpoint ${server.url} is not ready or busy (503); trying again in 0.0 s.`,
      `The endpoint ${server.url} cannot be reached behind its gateway (502); trying again in 0.0 s.`,
    ]);
    expect(sent.entries.map(({ outcome }) => outcome)).toEqual([
      'started',
      'HTTP 503',
      'started',
      'HTTP 502',
      'started',
      'ok',
    ]);
  });

  it('obeys Retry-After, and gives up when that lies beyond the limit', async () => {
    const soon = await rawServer(answers(reply(429, { 'retry-after': '0.3' }, ''), reply(200, {}, 'ok')));
    const startedAt = performance.now();
    await send(soon.url).answer;
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    const late = await rawServer(answers(reply(503, { 'retry-after': '3600' }, '')));
    expect(await failure(send(late.url))).toContain('is not ready or busy (503)');
    expect(late.requests).toHaveLength(1);
  });

  it('ends with a 503 that never ends, within the limit', async () => {
    const server = await rawServer(answers(reply(503, {}, '')));
    const startedAt = performance.now();
    expect(await failure(send(server.url))).toContain('try again in a few minutes');
    expect(performance.now() - startedAt).toBeLessThan(2500);
    expect(server.requests.length).toBeGreaterThan(3);
  });

  it.each([400, 401, 403, 404, 413, 429, 500, 301])('asks only once after %i', async (status) => {
    const server = await rawServer(
      answers(reply(status, { location: 'http://example.invalid/' }, '{"error":"no"}')),
    );
    expect(await failure(send(server.url))).toContain(`(${status === 500 ? 'HTTP 500' : status})`);
    expect(server.requests).toHaveLength(1);
  });

  it('tries a broken connection a few times, a work that must not be repeated once', async () => {
    const server = await rawServer((socket) => socket.resetAndDestroy());
    expect(await failure(send(server.url))).toContain('broke the connection');
    expect(server.requests).toHaveLength(3);
    expect(await failure(send(server.url, { call: { repeats: 'refusals' } }))).toContain(
      'broke the connection',
    );
    expect(server.requests).toHaveLength(4);
  });

  it('doubles its waits up to 15 s and reads Retry-After as seconds or date', () => {
    const limits = networkSettingsSchema.parse({}).limits;
    expect([1, 2, 3, 4, 5, 6].map((tries) => backoffMs(tries, limits))).toEqual([
      1000, 2000, 4000, 8000, 15000, 15000,
    ]);
    const now = Date.parse('2026-01-01T00:00:00Z');
    const after = (text: string): number | null => retryAfterMs({ headers: { 'retry-after': text } }, now);
    expect([
      after('7'),
      after('Thu, 01 Jan 2026 00:01:00 GMT'),
      after('soon'),
      retryAfterMs({ headers: {} }),
    ]).toEqual([7000, 60000, null, null]);
  });
});

describe('bad connections end', () => {
  const cases: [string, Parameters<typeof rawServer>[0], RegExp][] = [
    ['a server that never answers', () => undefined, /did not (answer|finish) in time/],
    [
      'a body that stops',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'),
      /stopped in the middle|did not finish in time/,
    ],
    [
      'a slow drip',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
        const drip = setInterval(() => socket.write('x'), 50);
        socket.on('close', () => clearInterval(drip));
      },
      /did not finish in time/,
    ],
    [
      'a short body',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'),
      /broke the connection|another number of bytes/,
    ],
    ['something that is not HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'), /not HTTP/],
    [
      'a reply without an end',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const flood = setInterval(() => socket.write(Buffer.alloc(4096)), 5);
        socket.on('close', () => clearInterval(flood));
      },
      /sent more than it should/,
    ],
  ];
  it.each(cases)('%s', async (_name, script, message) => {
    const server = await rawServer(script);
    const startedAt = performance.now();
    expect(await failure(send(server.url))).toMatch(message);
    expect(performance.now() - startedAt).toBeLessThan(3500);
  });

  it('a port that nobody listens on', async () => {
    const server = await rawServer(() => undefined);
    const free = server.url.replace(/\d+$/, '1');
    expect(await failure(send(free))).toContain('does not accept connections; check that it is running');
  });

  it('a cancel ends a request at once', async () => {
    const server = await rawServer(() => undefined);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await expect(send(server.url, { call: { signal: abort.signal } }).answer).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('the ledger', () => {
  it('counts what the server counted, also for requests that failed', async () => {
    const server = await rawServer(answers(reply(503, {}, ''), reply(200, {}, 'fine')));
    const path = join(folder, 'ledger.jsonl');
    const { bytesSent } = await send(server.url, {
      network: { record: (entry) => appendToLedger(entry, path) },
    }).answer;
    const entries = await readLedger(path);
    expect(
      entries.map(({ outcome, stage, kinds, endpoint }) => ({ outcome, stage, kinds, endpoint })),
    ).toEqual(
      ['HTTP 503', 'ok'].map((outcome) => ({
        outcome,
        stage: 'decode',
        kinds: ['latent'],
        endpoint: server.url,
      })),
    );
    expect(entries.reduce((sum, entry) => sum + entry.bytesSent, 0)).toBe(server.bytesReceived);
    expect(bytesSent).toBe(server.bytesReceived);
  });

  it('keeps what was begun when the app ends, passes over a half-written line, and becomes a table', async () => {
    const path = join(folder, 'broken.jsonl');
    const entry: LedgerEntry = {
      id: '1',
      time: '2026-01-01T00:00:00.000Z',
      endpoint: 'https://a.example/x,y',
      stage: 'generate',
      kinds: ['latent', 'prompt'],
      bytesSent: 10,
      bytesReceived: 0,
      ms: 0,
      outcome: 'started',
    };
    await appendToLedger(entry, path);
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"id":"2","ti`);
    expect(await readLedger(path)).toEqual([entry]);
    expect(ledgerCsv([entry]).split('\r\n')).toEqual([
      'time,endpoint,stage,kinds,bytes sent,bytes received,ms,outcome',
      '2026-01-01T00:00:00.000Z,"https://a.example/x,y",generate,latent prompt,10,0,0,started',
      '',
    ]);
    expect(await readLedger(join(folder, 'none.jsonl'))).toEqual([]);
  });
});

describe('network.json', () => {
  it('is the defaults when it is missing, and an error when it is not readable', async () => {
    const path = join(folder, 'network.json');
    expect(await readNetworkSettings(path)).toEqual(networkSettingsSchema.parse({}));
    writeFileSync(path, '{"offline": "yes"}');
    await expect(readNetworkSettings(path)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('"offline"'),
    });
    writeFileSync(path, '{');
    await expect(readNetworkSettings(path)).rejects.toThrow('it is not JSON');
  });

  it('replaces the presets of a stage; no preset is allowed at first', () => {
    const defaults = networkSettingsSchema.parse({});
    expect(endpointsFor('decode', 'sdxl', defaults).map(({ url }) => url)).toEqual([
      'https://x2dmsqunjd6k9prw.us-east-1.aws.endpoints.huggingface.cloud/',
    ]);
    const all = [...PRESET_ENDPOINTS.encode, ...PRESET_ENDPOINTS.decode];
    expect(all.some(({ url }) => isAllowed(url, [], defaults) && isAllowed(url, ['latent'], defaults))).toBe(
      false,
    );
    const own = networkSettingsSchema.parse({ endpoints: { decode: [{ url: 'http://studio:8765' }] } });
    expect(endpointsFor('decode', 'sdxl', own)).toEqual([
      { url: 'http://studio:8765', protocol: 'underpaint', families: [], dtype: 'float32', reply: 'tensor' },
    ]);
    expect(networkSettingsSchema.safeParse({ allowed: [{ url: 'file:///etc', kinds: [] }] }).success).toBe(
      false,
    );
  });
});
