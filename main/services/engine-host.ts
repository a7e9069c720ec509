/** Supervises the engine: starts it when needed, matches answers to requests, ends it when it hangs, and survives its death. */
import type { z } from 'zod';
import { AppError, fromErrorBody } from '../../shared/errors';
import type { JobProgress } from '../../shared/job';
import {
  ENGINE_ANSWER_SCHEMAS,
  ENGINE_METHODS,
  type EngineAnswers,
  type EngineMethod,
  type FromEngine,
  type ToEngine,
} from '../engine/messages';
import { EngineChild } from './engine-child';

/** Method name → what the caller passes. */
export type EngineParams = { [M in EngineMethod]: z.input<(typeof ENGINE_METHODS)[M]> };

const paramSchemas: { [M in EngineMethod]: z.ZodType<unknown, EngineParams[M]> } = ENGINE_METHODS;
const answerSchemas: { [M in EngineMethod]: z.ZodType<EngineAnswers[M]> } = ENGINE_ANSWER_SCHEMAS;

export interface EngineHostOptions {
  /** Resolves the Node executable at each start; may throw an AppError. */
  nodePath: () => string;
  enginePath: string;
  env: Record<string, string>;
  log: (text: string) => void;
  /** Leaves the processor to the window and to other programs when they want it. */
  isYielding?: boolean;
  /** Said to every process before its first request. */
  greeting?: () => ToEngine | null;
  /** How long a cancelled request may go unanswered before the process is ended. */
  cancelGraceMs?: number;
  /** How long the process may take until it says `ready`. */
  readyTimeoutMs?: number;
  /** How long the process may live without a request; its memory is given back then. */
  idleExitMs?: number;
  /** This many deaths within `deathWindowMs` make the host give up until the person tries again. */
  maxDeaths?: number;
  deathWindowMs?: number;
}

export interface EngineRequestOptions {
  onProgress?: (progress: JobProgress) => void;
  /** Aborting it cancels the request before the engine's next step. */
  signal?: AbortSignal;
  /** Aborting it ends the picture in work after its next step; the answer is what was there. */
  finish?: AbortSignal;
  /** How long it may go unanswered after that before the process is ended; the host's own time when left out. */
  cancelGraceMs?: number;
}

interface PendingRequest {
  child: EngineChild;
  accept: (value: unknown) => void;
  reject: (error: AppError) => void;
  onProgress: ((progress: JobProgress) => void) | undefined;
  isCancelled: boolean;
}

/** One supervised engine process. Several requests may run in it; they share its fate. */
export class EngineHost {
  readonly #options: Required<EngineHostOptions>;
  readonly #pending = new Map<number, PendingRequest>();
  #child: EngineChild | null = null;
  #isClosed = false;
  #nextId = 1;
  #deathTimes: number[] = [];
  #readyTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: EngineHostOptions) {
    this.#options = {
      isYielding: false,
      cancelGraceMs: 5000,
      readyTimeoutMs: 60_000,
      idleExitMs: 60_000,
      maxDeaths: 3,
      deathWindowMs: 5 * 60_000,
      greeting: () => null,
      ...options,
    };
  }

  /** Process id of the running engine; null when none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Sends one request and answers with the engine's parsed answer. Rejects with the engine's own AppError,
   * `cancelled` after an abort, or `engine-died` when the process ended or cannot be started.
   */
  request<M extends EngineMethod>(
    method: M,
    params: EngineParams[M],
    options: EngineRequestOptions = {},
  ): Promise<EngineAnswers[M]> {
    return new Promise((resolve, reject: (error: unknown) => void) => {
      if (options.signal?.aborted === true) throw cancelled();
      const parsedParams = paramSchemas[method].parse(params);
      const child = this.#ensureChild();
      const id = this.#nextId++;
      const onFinish = (): void => child.send({ type: 'finish', id });
      const onAbort = (): void => this.#cancel(id, options.cancelGraceMs ?? this.#options.cancelGraceMs);
      const settle = (): void => {
        options.signal?.removeEventListener('abort', onAbort);
        options.finish?.removeEventListener('abort', onFinish);
        this.#pending.delete(id);
        this.#restIfIdle();
      };
      this.#pending.set(id, {
        child,
        accept: (value) => {
          settle();
          const answer = answerSchemas[method].safeParse(value);
          if (answer.success) resolve(answer.data);
          else reject(nonsense(method, answer.error.message));
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        onProgress: options.onProgress,
        isCancelled: false,
      });
      clearTimeout(this.#idleTimer);
      options.signal?.addEventListener('abort', onAbort, { once: true });
      options.finish?.addEventListener('abort', onFinish, { once: true });
      child.send({ type: 'request', id, method, params: parsedParams });
    });
  }

  /** The person asked for something just now: a host that gave up starts the engine again. */
  tryAgain(): void {
    this.#deathTimes = [];
  }

  /** What is said at the start has changed: the running process is told again. */
  greet(): void {
    const greeting = this.#options.greeting();
    if (greeting !== null) this.#child?.send(greeting);
  }

  /** Ends the process for good; running requests are rejected with `cancelled`. */
  close(): void {
    this.#isClosed = true;
    this.#child?.end();
    for (const request of [...this.#pending.values()]) request.reject(cancelled());
  }

  #ensureChild(): EngineChild {
    if (this.#isClosed) throw cancelled();
    if (this.#child !== null && !this.#child.isEnding) return this.#child;
    const now = Date.now();
    this.#deathTimes = this.#deathTimes.filter((time) => now - time < this.#options.deathWindowMs);
    if (this.#deathTimes.length >= this.#options.maxDeaths) throw gaveUp(this.#options.maxDeaths);

    const child: EngineChild = new EngineChild({
      nodePath: this.#options.nodePath(),
      enginePath: this.#options.enginePath,
      env: this.#options.env,
      isYielding: this.#options.isYielding,
      onMessage: (message) => this.#receive(child, message),
      onGarbage: (message) => this.#receiveGarbage(message),
      onEnd: (how) => this.#childEnded(child, how),
      onOutput: this.#options.log,
    });
    this.#child = child;
    this.greet();
    clearTimeout(this.#readyTimer);
    this.#readyTimer = setTimeout(() => {
      this.#options.log(`engine ${child.pid ?? '?'} did not become ready`);
      child.kill();
    }, this.#options.readyTimeoutMs);
    this.#readyTimer.unref();
    return child;
  }

  #receive(child: EngineChild, message: FromEngine): void {
    if (message.type === 'ready') {
      if (this.#child === child) clearTimeout(this.#readyTimer);
      return;
    }
    // An answer may come after its request was given up.
    const request = this.#pending.get(message.id);
    if (request === undefined) return;
    if (message.type === 'progress') {
      if (!request.isCancelled) request.onProgress?.(message.progress);
    } else if (message.ok) {
      request.accept(message.value);
    } else {
      request.reject(fromErrorBody(message.error));
    }
  }

  /** A malformed progress must not cost a person a long job; a malformed answer must not leave the request waiting. */
  #receiveGarbage(message: unknown): void {
    this.#options.log(`engine sent a message that makes no sense: ${JSON.stringify(message)?.slice(0, 500)}`);
    if (typeof message !== 'object' || message === null || !('type' in message) || !('id' in message)) return;
    if (message.type !== 'answer' || typeof message.id !== 'number') return;
    this.#pending.get(message.id)?.reject(nonsense('request', 'malformed answer envelope'));
  }

  #cancel(id: number, graceMs: number): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    request.isCancelled = true;
    request.child.send({ type: 'cancel', id });
    setTimeout(() => {
      if (this.#pending.has(id)) request.child.end();
    }, graceMs).unref();
  }

  #childEnded(child: EngineChild, how: string): void {
    if (this.#child === child) {
      this.#child = null;
      clearTimeout(this.#readyTimer);
      clearTimeout(this.#idleTimer);
    }
    if (!child.isEnding) {
      this.#deathTimes.push(Date.now());
      this.#options.log(`engine died: ${how}`);
    }
    for (const request of [...this.#pending.values()]) {
      if (request.child !== child) continue;
      request.reject(request.isCancelled ? cancelled() : died(how, child.stderrTail));
    }
  }

  #restIfIdle(): void {
    if (this.#pending.size > 0) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#child?.end(), this.#options.idleExitMs);
    this.#idleTimer.unref();
  }
}

const cancelled = (): AppError => new AppError('cancelled', 'The work was cancelled.');

const died = (how: string, stderrTail: string): AppError =>
  new AppError(
    'engine-died',
    how === 'signal SIGKILL'
      ? 'The engine was ended by the system, most likely because memory ran out; close other programs, then resume or try again.'
      : `The engine stopped unexpectedly (${how}), but nothing is lost; resume or try again.`,
    { details: stderrTail === '' ? how : `${how}\n${stderrTail}` },
  );

const gaveUp = (deaths: number): AppError =>
  new AppError(
    'engine-died',
    `The engine stopped ${deaths} times within a few minutes, so it is not started again by itself; try a smaller size or another model, then press Generate.`,
  );

const nonsense = (method: string, details: string): AppError =>
  new AppError(
    'internal',
    'The engine gave an answer that makes no sense; try again, and report it if it happens twice.',
    {
      details: `${method}: ${details}`,
    },
  );
