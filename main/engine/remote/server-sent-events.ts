/** Server-sent events (WHATWG HTML, "event stream"): read in pieces as they come, and written. */

import { UnusableReply } from './wire-reply';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event: a step's latents at the largest size fit many times. */
const MAX_EVENT_CHARS = 256 * 1024 * 1024;

export class EventReader {
  private pending = '';
  private readonly decoder = new TextDecoder();

  constructor(private readonly onEvent: (event: ServerSentEvent) => void) {}

  /** Throws `UnusableReply` for an event that does not end. */
  push(chunk: Uint8Array): void {
    this.pending += this.decoder.decode(chunk, { stream: true }).replaceAll('\r\n', '\n');
    for (let end = this.pending.indexOf('\n\n'); end >= 0; end = this.pending.indexOf('\n\n')) {
      const event = parse(this.pending.slice(0, end));
      this.pending = this.pending.slice(end + 2);
      if (event !== null) this.onEvent(event);
    }
    if (this.pending.length > MAX_EVENT_CHARS) throw new UnusableReply('an event that does not end');
  }
}

/** Null for a comment, which only keeps the connection awake. */
function parse(block: string): ServerSentEvent | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join('\n') };
}

export const eventText = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
