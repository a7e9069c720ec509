/**
 * The only way out of this machine: every request of the app goes through `Network.send`. It asks the offline switch and the person's
 * permission before a socket is opened, writes the ledger, bounds every wait, and repeats what is worth repeating.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildConnector, Client } from 'undici';
import { AppError } from '../../../shared/errors';
import {
  isAllowed,
  normalAddress,
  type DataKind,
  type LedgerEntry,
  type NetworkSettings,
  type WaitLimits,
} from '../../../shared/network';
import type { Permission } from '../../../shared/network-view';
import { cancelledError } from '../context';
import { APP_VERSION } from '../version';
import { appendToLedger } from './ledger';
import {
  backoffMs,
  explainBroken,
  explainStatus,
  isWorthRepeating,
  ReplyTooLarge,
  retryAfterMs,
} from './network-errors';
import { readNetworkSettings } from './network-settings';
import type { WireReply } from './wire-reply';
import type { WireRequest } from './wire-request';

export interface NetworkOptions {
  /** `--offline`: refuses everything, whatever the settings say. */
  readonly offline?: boolean;
  /** Addresses that the person named for this run, which allows them. */
  readonly named?: readonly string[];
  /** What the person allowed for this run alone. */
  readonly allowedOnce?: readonly Permission[];
  /** Bearer token of an address; null: none. */
  readonly tokenFor?: (url: string) => string | null;
  /** Read before every request, so that a switch takes effect at once. */
  readonly settings?: () => Promise<NetworkSettings>;
  readonly record?: (entry: LedgerEntry) => Promise<void>;
}

export interface Call {
  readonly url: string;
  readonly stage: LedgerEntry['stage'];
  readonly kinds: readonly DataKind[];
  readonly request: WireRequest & { readonly method?: 'GET' | 'POST' };
  /** Appended to the address's own path; nothing for the root. */
  readonly path?: string | undefined;
  readonly signal: AbortSignal;
  /** A plain sentence about a wait or another try. */
  readonly onNotice: (message: string) => void;
  /** Replies larger than this are cut off and refused. */
  readonly maxReplyBytes: number;
  readonly totalMs: (limits: WaitLimits) => number;
  /** How much is asked for, so that its time teaches something. */
  readonly work?: { readonly megapixels: number; readonly steps: number };
  /** Sees a reply's bytes as they come, and how the reply began. */
  readonly onData?: (chunk: Buffer, headers: WireReply['headers']) => void;
  /** `refusals`: only after a reply that says that nothing was begun (503, 429); a broken connection may have cost work. */
  readonly repeats?: 'all' | 'refusals';
}

export interface Answer extends WireReply {
  /** Written to all connections of this call, headers included. */
  readonly bytesSent: number;
}

/** What went wrong before or in a reply, with what is needed to decide about another try. */
export class EndpointError extends AppError {
  constructor(
    message: string,
    readonly bytesSent: number,
    options: { cause?: unknown; details?: string } = {},
  ) {
    super('endpoint', message, options);
  }
}

interface Attempt {
  readonly reply: WireReply | null;
  readonly error: unknown;
  readonly bytesSent: number;
}

/** Nothing is received any more after this, and what came counts as all. */
const CLOSE_WITHIN_MS = 1000;

export class Network {
  constructor(private readonly options: NetworkOptions = {}) {}

  settings(): Promise<NetworkSettings> {
    return (this.options.settings ?? readNetworkSettings)();
  }

  /** True when nothing may be sent at all. */
  async isOffline(): Promise<boolean> {
    return this.options.offline === true || (await this.settings()).offline;
  }

  /** Null when this address may get these kinds of data now, else why not, as a whole sentence. */
  async refusal(url: string, kinds: readonly DataKind[]): Promise<string | null> {
    const settings = await this.settings();
    if (this.options.offline === true) return 'Nothing may be sent, because --offline was given.';
    if (settings.offline) return 'Nothing may be sent, because the offline switch is on.';
    const isNamed = this.options.named?.some((named) => normalAddress(named) === normalAddress(url)) ?? false;
    const allowed = [...settings.allowed, ...(this.options.allowedOnce ?? [])];
    if (isNamed || kinds.length === 0 || isAllowed(url, kinds, { ...settings, allowed })) return null;
    return `${normalAddress(url)} has not been allowed to receive the ${kinds.join(' and the ')}; allow it first.`;
  }

  /**
   * Sends one request and answers its reply with status 2xx. Throws `EndpointError` for everything else that an endpoint can do,
   * `AppError('endpoint')` when it may not be sent, `AppError('cancelled')` when the signal fires.
   */
  async send(call: Call): Promise<Answer> {
    const { limits } = await this.settings();
    const deadline = performance.now() + call.totalMs(limits);
    let bytesSent = 0;
    for (let tries = 1; ; tries += 1) {
      const refusal = await this.refusal(call.url, call.kinds);
      if (refusal !== null) throw new AppError('endpoint', refusal);
      const attempt = await this.attempt(call, limits, deadline);
      bytesSent += attempt.bytesSent;
      if (call.signal.aborted) throw cancelledError();
      const { reply } = attempt;
      if (reply !== null && reply.status >= 200 && reply.status < 300) return { ...reply, bytesSent };

      const problem = reply === null ? explainBroken(attempt.error) : explainStatus(reply);
      const where = normalAddress(call.url);
      const failure = new EndpointError(
        `The endpoint ${where} ${problem.what}; ${problem.advice}.`,
        bytesSent,
        {
          cause: attempt.error ?? undefined,
        },
      );
      const isLost = call.repeats === 'refusals' && reply?.status !== 503 && reply?.status !== 429;
      if (isLost || !isWorthRepeating(attempt.error, reply, tries, limits)) throw failure;
      const waitMs = (reply === null ? null : retryAfterMs(reply)) ?? backoffMs(tries, limits);
      if (performance.now() + waitMs >= deadline) throw failure;
      call.onNotice(
        `The endpoint ${where} ${problem.what}; trying again in ${(waitMs / 1000).toFixed(waitMs < 9950 ? 1 : 0)} s.`,
      );
      await sleep(waitMs, undefined, { signal: call.signal }).catch(() => {
        throw cancelledError();
      });
    }
  }

  /** One connection, one request; the ledger knows of it before the first byte leaves. */
  private async attempt(call: Call, limits: WaitLimits, deadline: number): Promise<Attempt> {
    const startedAt = performance.now();
    const started: LedgerEntry = {
      id: randomUUID(),
      time: new Date().toISOString(),
      endpoint: normalAddress(call.url),
      stage: call.stage,
      kinds: [...call.kinds],
      bytesSent: call.request.body.length,
      bytesReceived: 0,
      ms: 0,
      outcome: 'started',
    };
    const record = this.options.record ?? appendToLedger;
    await record(started);
    const leftMs = Math.max(1, Math.ceil(deadline - startedAt));
    const connection = new Connection(new URL(call.url), limits, leftMs);
    let reply: WireReply | null = null;
    let error: unknown = null;
    try {
      reply = await connection.run(call, this.options.tokenFor?.(call.url) ?? null);
    } catch (thrown) {
      error = thrown;
    } finally {
      await connection.close();
    }
    const { bytesSent, bytesReceived } = connection;
    await record({
      ...started,
      bytesSent,
      bytesReceived,
      ms: performance.now() - startedAt,
      outcome:
        reply === null
          ? call.signal.aborted
            ? 'cancelled'
            : explainBroken(error).what
          : reply.status < 300
            ? 'ok'
            : `HTTP ${reply.status}`,
      ...(reply !== null && reply.status < 300 ? { timing: connection.timing(reply, call.work) } : {}),
    });
    return { reply, error, bytesSent };
  }
}

/** One connection of its own per request, so that the bytes on it are this request's bytes. */
class Connection {
  bytesSent = 0;
  bytesReceived = 0;
  private readonly client: Client;
  private readonly timeout: AbortSignal;
  private socket: { readonly bytesWritten: number; readonly bytesRead: number } | null = null;
  private readonly beganAt = performance.now();
  private connectedAt = this.beganAt;
  private repliedAt = this.beganAt;

  constructor(
    private readonly url: URL,
    limits: WaitLimits,
    leftMs: number,
  ) {
    const connect = buildConnector({ timeout: Math.min(limits.connectMs, leftMs) });
    this.client = new Client(url.origin, {
      headersTimeout: Math.min(limits.idleMs, leftMs),
      bodyTimeout: Math.min(limits.idleMs, leftMs),
      connect: (options, done) => {
        connect(options, (...result) => {
          if (result[0] === null) this.socket = result[1];
          this.connectedAt = performance.now();
          done(...result);
        });
      },
    });
    this.timeout = AbortSignal.timeout(leftMs);
  }

  async run(call: Call, token: string | null): Promise<WireReply> {
    const { request, maxReplyBytes, onData } = call;
    const own = this.url.search.slice(1);
    const query = [own, request.query].filter((part) => part !== '').join('&');
    const base =
      call.path === undefined ? this.url.pathname : `${this.url.pathname.replace(/\/$/, '')}${call.path}`;
    const method = request.method ?? 'POST';
    const response = await this.client.request({
      path: query === '' ? base : `${base}?${query}`,
      method,
      headers: {
        'user-agent': `underpaint/${APP_VERSION}`,
        ...request.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(method === 'GET' ? {} : { body: request.body }),
      signal: AbortSignal.any([call.signal, this.timeout]),
    });
    this.repliedAt = performance.now();
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
    }
    const parts: Buffer[] = [];
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxReplyBytes) throw new ReplyTooLarge(maxReplyBytes);
      if (onData === undefined || response.statusCode >= 300) parts.push(chunk);
      else onData(chunk, headers);
    }
    return { status: response.statusCode, headers, body: Buffer.concat(parts) };
  }

  timing(
    { headers }: WireReply,
    work: Call['work'] = { megapixels: 0, steps: 0 },
  ): NonNullable<LedgerEntry['timing']> {
    const waitMs = this.repliedAt - this.connectedAt;
    const told = /(?:^|,)\s*work;dur=(\d+(?:\.\d+)?)/.exec(headers['server-timing'] ?? '')?.[1];
    return {
      connectMs: this.connectedAt - this.beganAt,
      waitMs,
      workMs: told === undefined ? null : Math.min(Number(told), waitMs),
      ...work,
    };
  }

  async close(): Promise<void> {
    this.bytesSent = this.socket?.bytesWritten ?? 0;
    this.bytesReceived = this.socket?.bytesRead ?? 0;
    const closed = this.client.destroy();
    await Promise.race([closed, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
  }
}
