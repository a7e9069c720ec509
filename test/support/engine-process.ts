/** Starts the built engine as the main process does, and talks to it over its pipe. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fromEngineSchema, type Img2ImgParams } from '../../main/engine/messages';
import type { ErrorBody } from '../../shared/errors';
import { jobReportSchema, type JobProgress, type JobReport } from '../../shared/job';
import { environment, programPath } from './programs';

export type Answer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ErrorBody };

export interface Call {
  readonly id: number;
  /** Rejects when the engine ends before it answers. */
  readonly answer: Promise<Answer>;
  /** Events so far. */
  readonly progress: JobProgress[];
}

/** How long after a process has ended its last messages may still arrive. */
const MESSAGES_WITHIN_MS = 100;

interface Pending {
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
  readonly onProgress: (progress: JobProgress) => void;
}

export class EngineProcess {
  readonly child: ChildProcess;
  /** The version that the engine said in its first message. */
  readonly ready: Promise<string>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What the engine wrote to stdout and stderr. */
  output = '';
  private lastId = 0;
  private readonly pending = new Map<number, Pending>();

  constructor(env: Readonly<Record<string, string | undefined>> = {}) {
    this.child = spawn(process.execPath, [programPath('engine')], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: environment(env),
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.ready = new Promise((settle, fail) => {
      this.child.on('message', (raw) => {
        const message = fromEngineSchema.parse(raw);
        if (message.type === 'ready') return settle(message.version);
        const call = this.pending.get(message.id);
        if (message.type === 'progress') return call?.onProgress(message.progress);
        this.pending.delete(message.id);
        call?.settle(message);
      });
      this.child.on('error', fail);
    });
    this.ended = new Promise((settle) => {
      // Not `close`: Node never emits it after this side has closed the pipe. Messages may come a moment after `exit`.
      this.child.on('exit', (code, signal) => {
        setTimeout(() => {
          for (const call of this.pending.values()) call.fail(new Error(`the engine ended: ${this.output}`));
          settle({ code, signal });
        }, MESSAGES_WITHIN_MS);
      });
    });
  }

  /** Sends a request; events are kept, and told to `onProgress` as they come. */
  call(method: string, params: unknown, onProgress?: (progress: JobProgress) => void): Call {
    const id = (this.lastId += 1);
    const progress: JobProgress[] = [];
    const answer = new Promise<Answer>((settle, fail) => {
      this.pending.set(id, {
        settle,
        fail,
        onProgress: (event) => {
          progress.push(event);
          onProgress?.(event);
        },
      });
    });
    this.send({ type: 'request', id, method, params });
    return { id, answer, progress };
  }

  /** Runs a job to its end; throws what the engine refused with. */
  async img2img(params: Img2ImgParams): Promise<{ report: JobReport; progress: readonly JobProgress[] }> {
    const { answer, progress } = this.call('img2img', params);
    const settled = await answer;
    if (!settled.ok) throw new Error(`${settled.error.code}: ${settled.error.message}`);
    return { report: jobReportSchema.parse(settled.value), progress };
  }

  cancel(id: number): void {
    this.send({ type: 'cancel', id });
  }

  /** Sends anything, also what no engine understands. */
  send(message: unknown): void {
    this.child.send(JSON.parse(JSON.stringify(message)));
  }

  /** Ends the process at once and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
