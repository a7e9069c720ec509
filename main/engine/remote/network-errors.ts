/** What endpoints and connections do wrong, in words, and when another try may help (hybrid-inference.md 6, 13). */
import type { WaitLimits } from '../../../shared/network';
import { errorTextOf, UnusableReply, type WireReply } from './wire-reply';

/** A reply that would not end. */
export class ReplyTooLarge extends Error {
  constructor(limitBytes: number) {
    super(`the reply is larger than ${limitBytes} bytes`);
  }
}

/** `what` completes "The endpoint …", `advice` says what to do. */
export interface Problem {
  readonly what: string;
  readonly advice: string;
}

const STATUS_WORDS: Readonly<Record<number, Problem>> = {
  400: { what: 'refused the request (400)', advice: 'check that it serves this model and this size' },
  401: { what: 'wants a token or refused the one it got (401)', advice: 'give it the right token' },
  403: { what: 'does not let this token in (403)', advice: 'give it another token' },
  404: { what: 'does not exist or does not serve this stage (404)', advice: 'check its address' },
  413: { what: 'takes no data of this size (413)', advice: 'work at a smaller size' },
  429: { what: 'gets too many requests (429)', advice: 'try again later' },
  502: { what: 'cannot be reached behind its gateway (502)', advice: 'try again later' },
  503: { what: 'is not ready or busy (503)', advice: 'try again in a few minutes' },
  504: { what: 'did not answer its gateway in time (504)', advice: 'try again later' },
};

/** A reply that is not 2xx. */
export function explainStatus(reply: WireReply): Problem {
  const { status } = reply;
  const known = STATUS_WORDS[status];
  const said = errorTextOf(reply);
  const quoted = said === '' || said.startsWith(String(status)) ? '' : `: "${said}"`;
  if (status >= 300 && status < 400) {
    return {
      what: `points to another address (${status}), which is not followed because that one was not allowed`,
      advice: 'use the new address',
    };
  }
  const { what, advice } = known ?? {
    what: `failed (HTTP ${status})`,
    advice: 'try again later or use another one',
  };
  return { what: `${what}${quoted}`, advice };
}

/** undici's parser, which names its errors instead of giving them a code. */
const isNotHttp = (error: Error): boolean =>
  error.name === 'HTTPParserError' || codeOf(error).startsWith('HPE_');

const CODE_WORDS: Readonly<Record<string, Problem>> = {
  ECONNREFUSED: {
    what: 'does not accept connections',
    advice: 'check that it is running and that its address is right',
  },
  ENOTFOUND: { what: 'is unknown to the network', advice: 'check its address and the connection' },
  EAI_AGAIN: { what: 'cannot be looked up', advice: 'check the connection' },
  ECONNRESET: { what: 'broke the connection', advice: 'try again, or see what it logged' },
  EPIPE: { what: 'broke the connection', advice: 'try again, or see what it logged' },
  EHOSTUNREACH: { what: 'cannot be reached', advice: 'check the connection' },
  ENETUNREACH: { what: 'cannot be reached', advice: 'check the connection' },
  ETIMEDOUT: { what: 'did not answer in time', advice: 'try again later' },
  UND_ERR_CONNECT_TIMEOUT: {
    what: 'did not accept a connection in time',
    advice: 'check its address and the connection',
  },
  UND_ERR_HEADERS_TIMEOUT: { what: 'did not answer in time', advice: 'try again later' },
  UND_ERR_BODY_TIMEOUT: { what: 'stopped in the middle of its answer', advice: 'try again later' },
  UND_ERR_SOCKET: { what: 'broke the connection', advice: 'try again, or see what it logged' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    what: 'sent another number of bytes than it announced',
    advice: 'try again',
  },
  UND_ERR_RES_EXCEEDED_MAX_SIZE: { what: 'sent more than it should', advice: 'check its address' },
};

/** A connection or a reply that broke. */
export function explainBroken(error: unknown): Problem {
  if (!(error instanceof Error)) return { what: 'failed', advice: 'try again later' };
  if (error.name === 'TimeoutError')
    return { what: 'did not finish in time', advice: 'try again later or work at a smaller size' };
  if (error instanceof UnusableReply) {
    return {
      what: `answered with ${error.message}, which cannot be used`,
      advice: "check that it serves this model's family",
    };
  }
  if (error instanceof ReplyTooLarge)
    return { what: 'sent more than it should', advice: 'check its address' };
  const code = codeOf(error);
  if (isNotHttp(error))
    return { what: 'answered with something that is not HTTP', advice: 'check its address' };
  if (/CERT|SSL|TLS|SELF_SIGNED/.test(code)) {
    return { what: `has no trustworthy certificate (${code})`, advice: 'check its address' };
  }
  return (
    CODE_WORDS[code] ?? {
      what: `failed (${code === '' ? error.message.slice(0, 100) : code})`,
      advice: 'try again later',
    }
  );
}

function codeOf(error: Error): string {
  const { code, cause, errors } = error as NodeJS.ErrnoException & { errors?: Error[] };
  if (typeof code === 'string') return code;
  // Several addresses of one name, each with its own refusal.
  const inner = cause ?? errors?.[0];
  return inner instanceof Error ? codeOf(inner) : '';
}

/** Statuses that a later try may change; a 429 only when it says when. */
const REPEATED = new Set([502, 503, 504]);

/** Broken connections a few times, a replica that starts for as long as the deadline allows; nothing that would fail the same way again. */
export function isWorthRepeating(
  error: unknown,
  reply: WireReply | null,
  tries: number,
  limits: WaitLimits,
): boolean {
  if (reply !== null)
    return REPEATED.has(reply.status) || (reply.status === 429 && retryAfterMs(reply) !== null);
  if (!(error instanceof Error) || tries > limits.networkRetries) return false;
  if (error.name === 'TimeoutError' || error instanceof ReplyTooLarge || error instanceof UnusableReply)
    return false;
  return !isNotHttp(error) && !/CERT|SSL|TLS|SELF_SIGNED/.test(codeOf(error));
}

const MAX_BACKOFF_MS = 15_000;

/** `backoffMs`, doubled for each try up to 15 s. */
export const backoffMs = (tries: number, limits: WaitLimits): number =>
  Math.min(MAX_BACKOFF_MS, limits.backoffMs * 2 ** (tries - 1));

/** `Retry-After` in milliseconds, from seconds or an HTTP date; null when there is none that can be read. */
export function retryAfterMs({ headers }: Pick<WireReply, 'headers'>, now = Date.now()): number | null {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
