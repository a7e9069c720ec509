/** `underpaint serve`: this machine as a Hybrid Inference endpoint (hybrid-inference.md; docs/hybrid-protocol.md). No picture is kept. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError, toErrorBody } from '../../../shared/errors';
import { sizeMultiplePx } from '../families/detect';
import type { LoadedModel } from '../model/loaded-model';
import { eventText } from '../remote/server-sent-events';
import { APP_VERSION } from '../version';
import { answerGenerate } from './generate-requests';
import { Query } from './query';
import { RequestError } from './request-error';
import { answerDecode, answerEncode, type ServeReply, type ServeRequest } from './vae-requests';
import { QueueFull, WorkQueue } from './work-queue';

export interface ServeOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Null: everyone who reaches the port may ask; only for loopback. */
  readonly token: string | null;
  /** How many requests may wait. */
  readonly queueLength: number;
  readonly maxBodyBytes: number;
  /** One line per request: method, path, status, time. Never what was in it. */
  readonly log: (line: string) => void;
}

export const SERVE_DEFAULTS = { queueLength: 16, maxBodyBytes: 64 * 1024 * 1024 } as const;

/** Slow clients: longest time for a request's headers, and for all of it. */
const HEADERS_WITHIN_MS = 30_000;
const REQUEST_WITHIN_MS = 120_000;
const HEARTBEAT_MS = 5000;
const CLOSE_IDLE_EVERY_MS = 50;
/** A running encode or decode may end within this time after a stop. */
const STOP_WITHIN_MS = 30_000;
const MAX_CONNECTIONS = 512;

const stopping = (): RequestError =>
  new RequestError(503, 'This endpoint is being stopped.', { 'retry-after': '30' });
const gone = (): RequestError => new RequestError(499, 'The client has gone.');

type Role = 'encode' | 'decode' | 'generate';

export class HybridServer {
  private readonly http: Server;
  private readonly queue: WorkQueue;
  private readonly running = new Set<AbortController>();
  private isStopping = false;

  constructor(
    private readonly model: LoadedModel,
    private readonly options: ServeOptions,
  ) {
    this.queue = new WorkQueue(options.queueLength);
    this.http = createServer(
      { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, maxHeaderSize: 64 * 1024 },
      (request, response) => void this.serve(request, response),
    );
    this.http.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens; answers the address. Throws `AppError('usage')` when the port cannot be taken. */
  async start(): Promise<string> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'another program uses it' : (cause.code ?? cause.message);
        reject(
          new AppError(
            'usage',
            `The endpoint cannot listen on ${host} port ${port}, because ${why}; give another --port or --host.`,
            { cause },
          ),
        );
      });
      this.http.listen(port, host, resolve);
    });
    const { address, family, port: taken } = this.http.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
  }

  /** Takes nothing new, tells who waits, lets a running encode or decode end, stops a generate before its next step. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    for (const controller of this.running) controller.abort(stopping());
    // Connections that clients keep open become idle one by one, as their last answers go out.
    const idle = setInterval(() => this.http.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
    const last = setTimeout(() => this.http.closeAllConnections(), STOP_WITHIN_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(last);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const controller = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) controller.abort(gone());
      const { path } = targetOf(request);
      const ms = Math.round(performance.now() - startedAt);
      this.options.log(`${request.method ?? ''} ${path.slice(0, 200)} ${response.statusCode} ${ms} ms`);
    });
    this.running.add(controller);
    try {
      await this.route(request, response, controller.signal);
    } catch (error) {
      await refuse(request, response, errorReply(error));
    } finally {
      this.running.delete(controller);
    }
  }

  private async route(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { path, parameters } = targetOf(request);
    // Browsers say where a page came from: no web page has business here.
    if (request.headers.origin !== undefined)
      throw new RequestError(403, 'Web pages may not use this endpoint.');
    const isHealth = path === '/health' || path === '/';
    if (isHealth && (request.method === 'GET' || request.method === 'HEAD')) {
      sendJson(response, 200, this.isAuthorized(request) ? this.health() : { status: 'ok' });
      return;
    }
    if (!this.isAuthorized(request)) {
      throw new RequestError(401, 'A token is needed: send "Authorization: Bearer <token>".', {
        'www-authenticate': 'Bearer',
      });
    }
    const query = new Query(parameters);
    const role = roleOf(path, query);
    if (role === null)
      throw new RequestError(
        404,
        `There is nothing at ${path.slice(0, 100)}; POST to /encode, /decode or /generate.`,
      );
    if (request.method !== 'POST') throw new RequestError(405, 'Send it with POST.', { allow: 'POST' });
    if (this.isStopping) throw stopping();
    if (Number(request.headers['content-length'] ?? 0) > this.options.maxBodyBytes) throw this.tooLarge();

    const sse = role === 'generate' && (request.headers.accept ?? '').includes('text/event-stream');
    const events = sse ? new EventStream(response) : null;
    let readAt = 0;
    try {
      const reply = await this.queue.run(
        signal,
        async () => {
          const body = await this.readBody(request);
          readAt = performance.now();
          return body;
        },
        (body) =>
          this.infer(
            role,
            {
              query,
              body,
              accept: (request.headers.accept ?? '').toLowerCase(),
              contentType: (request.headers['content-type'] ?? '').toLowerCase(),
              signal,
            },
            events,
          ),
      );
      if (events !== null)
        return events.end('done', {
          shape: reply.headers['shape'],
          dtype: reply.headers['dtype'],
          latents: reply.body.toString('base64'),
        });
      response.writeHead(200, {
        ...reply.headers,
        'content-length': reply.body.length,
        // What is not in it was the way here and back; with the wait for its turn.
        'server-timing': `work;dur=${(performance.now() - readAt).toFixed(1)}`,
      });
      response.end(reply.body);
    } catch (thrown) {
      const error: unknown = signal.aborted ? signal.reason : thrown;
      if (events?.isOpen !== true) throw error;
      const { status, message } = errorReply(error);
      events.end('error', { status, error: message });
    }
  }

  private infer(role: Role, request: ServeRequest, events: EventStream | null): Promise<ServeReply> {
    switch (role) {
      case 'encode':
        return answerEncode(this.model, request);
      case 'decode':
        return answerDecode(this.model, request);
      case 'generate':
        return answerGenerate(
          this.model,
          request,
          events === null ? null : (event, data) => events.send(event, data),
        );
    }
  }

  /** Throws 413. */
  private async readBody(request: IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > this.options.maxBodyBytes) throw this.tooLarge();
      parts.push(chunk);
    }
    return Buffer.concat(parts);
  }

  private tooLarge(): RequestError {
    return new RequestError(
      413,
      `This endpoint takes at most ${this.options.maxBodyBytes} bytes in one request.`,
    );
  }

  private health(): object {
    const { folder, traits } = this.model;
    return {
      status: 'ok',
      server: 'underpaint',
      version: APP_VERSION,
      protocol: 1,
      model: { id: folder.id, name: folder.name, family: traits.family, revision: folder.revision },
      sizeMultiplePx: sizeMultiplePx(folder),
      queue: { length: this.queue.size, limit: this.options.queueLength },
    };
  }

  private isAuthorized(request: IncomingMessage): boolean {
    const { token } = this.options;
    if (token === null) return true;
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(given), digest(token));
  }
}

/** Server-sent events of one generate; the connection is kept awake while nothing happens. */
class EventStream {
  isOpen = false;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(private readonly response: ServerResponse) {
    this.heartbeat = setInterval(() => this.isOpen && response.write(': waiting\n\n'), HEARTBEAT_MS);
    response.on('close', () => clearInterval(this.heartbeat));
  }

  send(event: string, data: object): void {
    if (!this.isOpen)
      this.response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.isOpen = true;
    this.response.write(eventText(event, data));
  }

  end(event: string, data: object): void {
    this.send(event, data);
    clearInterval(this.heartbeat);
    this.response.end();
  }
}

function targetOf({ url = '/' }: IncomingMessage): { path: string; parameters: URLSearchParams } {
  const [path = '/', ...query] = url.split('?');
  return { path, parameters: new URLSearchParams(query.join('?')) };
}

/** By path; at the root by what only a decode has (diffusers always says `output_type`). */
function roleOf(pathname: string, query: Query): Role | null {
  const name = pathname.replace(/\/$/, '');
  if (name === '/encode' || name === '/decode' || name === '/generate') return name.slice(1) as Role;
  if (name !== '' && name !== '/predict') return null;
  const isDecode = ['output_type', 'image_format', 'partial_postprocess', 'do_scaling'].some((key) =>
    query.has(key),
  );
  return isDecode ? 'decode' : 'encode';
}

function errorReply(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof QueueFull) {
    const after = String(error.retryAfterS);
    return new RequestError(503, 'This endpoint is busy and its queue is full; try again later.', {
      'retry-after': after,
    });
  }
  const { code, message } = toErrorBody(error);
  return new RequestError(
    code === 'usage' || code === 'input' ? 400 : code === 'out-of-memory' ? 503 : 500,
    message,
  );
}

/** Longest time for what is still coming of a request that was refused. */
const DRAIN_WITHIN_MS = 10_000;

/** What is still coming of the request's body is read and forgotten first, so that the client gets to see the answer. */
async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, headers }: RequestError,
): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!request.complete) {
    const timer = setTimeout(() => request.destroy(), DRAIN_WITHIN_MS);
    await new Promise((done) => request.on('end', done).on('close', done).resume());
    clearTimeout(timer);
  }
  if (!response.destroyed)
    sendJson(response, status, { error: message }, { ...headers, connection: 'close' });
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...headers,
  });
  response.end(body);
}
