/** The open sessions of one model: which provider each runs on, what is tried next, and what is released when memory is short. */
import type { Provider } from '../../../shared/placement';
import { AppError, toErrorBody } from '../../../shared/errors';
import type { OptimizationLevel } from '../onnx/options';
import { openByParts } from '../onnx/parts';
import { openByPrepared } from '../onnx/prepared';
import type { SessionOpener } from '../onnx/providers';
import type { Session } from '../onnx/session';
import { ProviderUnavailable } from '../onnx/session-errors';
import { COMPONENTS, type Component } from './component';
import { partOf, type ModelFolder } from './model-folder-parts';

/** One way of running a graph. The last rung of every ladder is the CPU with few graph optimisations (pipelines.md 4.6). */
export interface Rung {
  readonly provider: Provider;
  readonly optimization: OptimizationLevel;
}

/** Every provider in order, then the CPU once more without graph rewrites. */
export function ladderOf(providers: readonly Provider[]): Rung[] {
  const rungs: Rung[] = providers.map((provider) => ({ provider, optimization: 'all' }));
  return [...rungs, { provider: 'cpu', optimization: 'basic' }];
}

const PLAIN_NAMES: Readonly<Record<Component, string>> = {
  text_encoder: 'text encoder',
  text_encoder_2: 'second text encoder',
  unet: 'UNet',
  transformer: 'transformer',
  vae_encoder: 'VAE encoder',
  vae_decoder: 'VAE decoder',
};

/** What runs once for a picture and takes much memory meanwhile: more than a gigabyte at 512 px, which the steps need as well. */
const RUNS_ONCE: ReadonlySet<Component> = new Set(['vae_encoder', 'vae_decoder']);

export interface RuntimeOptions {
  readonly providers: readonly Provider[];
  readonly open: SessionOpener;
}

export class ModelRuntime {
  readonly folder: ModelFolder;
  /** Sessions created so far; a second picture with the same model must not raise it. */
  sessionsOpened = 0;
  private readonly options: RuntimeOptions;
  private readonly ladder: readonly Rung[];
  private readonly rungs = new Map<Component, number>();
  /** Rungs below which a component is not tried again: what failed there was not for want of memory. */
  private readonly floors = new Map<Component, number>();
  /** False: only one session is open at a time. */
  private keepsTogether = false;
  private readonly sessions = new Map<Component, Session>();
  private onNotice: (message: string) => void = () => undefined;
  private onOutOfMemory: (component: Component, provider: Provider) => Promise<void> = () =>
    Promise.resolve();

  constructor(folder: ModelFolder, options: RuntimeOptions) {
    this.folder = folder;
    this.options = options;
    this.ladder = ladderOf(options.providers);
  }

  /** Who is told, in a plain sentence, whenever another way of running has to be taken; the runtime outlives a job. */
  listen(
    onNotice: (message: string) => void,
    onOutOfMemory: (component: Component, provider: Provider) => Promise<void> = () => Promise.resolve(),
  ): void {
    this.onNotice = onNotice;
    this.onOutOfMemory = onOutOfMemory;
  }

  /** Starts each component on the provider of a plan, unless it has failed there; sessions that lie elsewhere are released. */
  async follow(starts: ReadonlyMap<Component, Provider>, keepsTogether: boolean): Promise<void> {
    this.keepsTogether = keepsTogether;
    for (const [component, provider] of starts) {
      const planned = this.ladder.findIndex((rung) => rung.provider === provider);
      const index = Math.max(planned, this.floors.get(component) ?? 0, 0);
      if (index === (this.rungs.get(component) ?? 0)) continue;
      await this.release(component);
      this.rungs.set(component, index);
    }
  }

  /** The sessions that are open, and where. */
  open(): [Component, Provider][] {
    return [...this.sessions].map(([component, { provider }]) => [component, provider]);
  }

  isOpen(component: Component): boolean {
    return this.sessions.has(component);
  }

  /** Tells that a component ran out of memory. */
  reportOutOfMemory(component: Component, provider: Provider): Promise<void> {
    return this.onOutOfMemory(component, provider);
  }

  /** The provider that a component runs on, or would be tried on next. */
  expectedProvider(component: Component): Provider | null {
    return (
      this.sessions.get(component)?.provider ?? this.ladder[this.rungs.get(component) ?? 0]?.provider ?? null
    );
  }

  /** The open session of a component, opened on the best rung that starts. */
  async acquire(component: Component): Promise<Session> {
    const open = this.sessions.get(component);
    if (open !== undefined) return open;
    if (!this.keepsTogether) await this.releaseAll();

    for (;;) {
      const index = this.rungs.get(component) ?? 0;
      const rung = this.ladder[index];
      if (rung === undefined)
        throw new AppError('internal', `No way is left to run the ${PLAIN_NAMES[component]}.`);
      try {
        const path = await partOf(this.folder, component).graph.pathFor(rung.provider);
        const session = await openByPrepared(path, rung, (graph, how) =>
          openByParts(graph, { ...how, keepsMemory: !RUNS_ONCE.has(component) }, this.options.open),
        );
        this.sessionsOpened += 1;
        this.sessions.set(component, session);
        return session;
      } catch (error) {
        const isOutOfMemory = error instanceof AppError && error.code === 'out-of-memory';
        if (isOutOfMemory) await this.onOutOfMemory(component, rung.provider);
        const isLast = index >= this.options.providers.length - 1;
        if (isLast) throw error;
        if (error instanceof ProviderUnavailable) {
          this.leaveProvider(index, error.message);
        } else {
          this.moveTo(component, index + 1, isOutOfMemory);
          this.announce(component, index + 1, toErrorBody(error).message);
        }
      }
    }
  }

  /** Moves every component that would be tried on this rung to the next one, and says so once. */
  private leaveProvider(index: number, reason: string): void {
    for (const component of COMPONENTS) {
      const isOpen = this.sessions.has(component);
      if (!isOpen && (this.rungs.get(component) ?? 0) === index) this.moveTo(component, index + 1, false);
    }
    this.onNotice(`This job runs on "${this.ladder[index + 1]?.provider ?? 'cpu'}": ${reason}`);
  }

  /** What failed for want of memory may be tried again by the next job, whose plan knows of it. */
  private moveTo(component: Component, index: number, isOutOfMemory: boolean): void {
    this.rungs.set(component, index);
    if (!isOutOfMemory) this.floors.set(component, index);
  }

  /** Moves a component to its next rung and says why; false when there is none left. */
  async demote(component: Component, reason: string, isOutOfMemory = false): Promise<boolean> {
    const next = (this.rungs.get(component) ?? 0) + 1;
    await this.release(component);
    if (next >= this.ladder.length) return false;
    this.moveTo(component, next, isOutOfMemory);
    this.announce(component, next, reason);
    return true;
  }

  async release(component: Component): Promise<void> {
    const session = this.sessions.get(component);
    this.sessions.delete(component);
    await session?.release();
  }

  async releaseAll(): Promise<void> {
    for (const component of [...this.sessions.keys()]) await this.release(component);
  }

  private announce(component: Component, index: number, reason: string): void {
    const rung = this.ladder[index];
    const place =
      rung?.optimization === 'basic' ? 'the CPU without graph optimisation' : `"${rung?.provider ?? 'cpu'}"`;
    this.onNotice(`The ${PLAIN_NAMES[component]} goes on with ${place}: ${reason}`);
  }
}

/**
 * Runs `work` with a component's session and checks what it made. A result that `check` finds unusable, or a failure of the provider,
 * is tried again on the next rung; the last problem is thrown when no rung is left.
 * @param check null when the result is usable, else what is wrong with it in a few words
 */
export async function runGuarded<T>(
  runtime: ModelRuntime,
  component: Component,
  work: (session: Session) => Promise<T>,
  check: (result: T) => string | null,
): Promise<{ result: T; session: Session }> {
  for (;;) {
    const session = await runtime.acquire(component);
    const outcome = await attempt(session, work);
    if (outcome.error !== null) {
      const isOutOfMemory = outcome.error.code === 'out-of-memory';
      if (isOutOfMemory) await runtime.reportOutOfMemory(component, session.provider);
      const isWorthRetrying = outcome.error.code === 'model' || isOutOfMemory;
      if (!isWorthRetrying || session.provider === 'cpu') throw outcome.error;
      if (!(await runtime.demote(component, outcome.error.message, isOutOfMemory))) throw outcome.error;
      continue;
    }
    const fault = check(outcome.result);
    if (fault === null) return { result: outcome.result, session };
    if (!(await runtime.demote(component, `it made ${fault}.`))) {
      throw new AppError(
        'model',
        `The model's ${PLAIN_NAMES[component]} made ${fault} in every way that was tried, so no picture was saved; try another model or a float32 export of this one.`,
      );
    }
  }
}

type Outcome<T> = { result: T; error: null } | { error: AppError };

async function attempt<T>(session: Session, work: (session: Session) => Promise<T>): Promise<Outcome<T>> {
  try {
    return { result: await work(session), error: null };
  } catch (error) {
    if (error instanceof AppError) return { error };
    throw error;
  }
}
