/** One life of the engine process: its pipe, its stderr's tail, and how it ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants, getPriority, setPriority } from 'node:os';
import { fromEngineSchema, type FromEngine, type ToEngine } from '../engine/messages';

/** How much of the engine's stderr is kept for an error's details, in characters. */
const STDERR_TAIL_CHARS = 8000;
/** After `exit`, pipes that a stray grandchild holds open are waited for no longer than this. */
const CLOSE_WAIT_MS = 1000;

export interface EngineChildOptions {
  nodePath: string;
  enginePath: string;
  env: Record<string, string>;
  /** Leaves the processor to whatever a person looks at: the window, and other programs. */
  isYielding: boolean;
  onMessage: (message: FromEngine) => void;
  /** A message that is none of `fromEngineSchema`. */
  onGarbage: (message: unknown) => void;
  /** Called once, when the process is gone (or never came up); `how` names the exit code, signal or error. */
  onEnd: (how: string) => void;
  /** Every line of the engine's stdout and stderr, for logs. */
  onOutput: (text: string) => void;
}

/** Starts the engine and forwards its parsed messages until it ends. */
export class EngineChild {
  readonly #process: ChildProcess;
  readonly #onEnd: (how: string) => void;
  #stderrTail = '';
  #hasEnded = false;
  #isEnding = false;

  constructor(options: EngineChildOptions) {
    this.#onEnd = options.onEnd;
    this.#process = spawn(options.nodePath, [options.enginePath], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
      env: options.env,
      windowsHide: true,
    });
    if (options.isYielding) this.#yield(options.onOutput);
    this.#process.on('message', (raw) => {
      const message = fromEngineSchema.safeParse(raw);
      if (message.success) options.onMessage(message.data);
      else options.onGarbage(raw);
    });
    this.#process.stdout?.setEncoding('utf8').on('data', options.onOutput);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL_CHARS);
      options.onOutput(text);
    });
    this.#process.on('error', (error) => {
      // `error` also reports a failed send; only a process that never started has no pid.
      if (this.#process.pid === undefined) this.#end(error.message);
    });
    // `close` comes after the last message was read, `exit` may come before it.
    this.#process.on('close', (code, signal) => this.#end(describeEnd(code, signal)));
    this.#process.on('exit', (code, signal) => {
      setTimeout(() => this.#end(describeEnd(code, signal)), CLOSE_WAIT_MS).unref();
    });
  }

  /** Process id; undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The last lines the engine wrote to stderr. */
  get stderrTail(): string {
    return this.#stderrTail.trim();
  }

  /** Sends a message; a pipe that is already broken is not an error, because `onEnd` follows. */
  send(message: ToEngine): void {
    if (this.#hasEnded || !this.#process.connected) return;
    this.#process.send(message, () => undefined);
  }

  /** True once `end` was called: the end that follows was wanted and takes no new request. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Ends the process at once, on purpose. */
  end(): void {
    this.#isEnding = true;
    this.kill();
  }

  /** Ends the process at once because it misbehaves; this counts as a death. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** At once, so that every thread that the process makes takes it over. */
  #yield(tell: (text: string) => void): void {
    const { pid } = this;
    if (pid === undefined) return;
    try {
      setPriority(pid, Math.max(getPriority(pid), constants.priority.PRIORITY_BELOW_NORMAL));
    } catch (error) {
      tell(`the engine keeps its priority: ${String(error)}`);
    }
  }

  #end(how: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd(how);
  }
}

const describeEnd = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
