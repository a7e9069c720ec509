/** Asks another program a question: time-boxed, and ended with all its children when it hangs. */
import { spawn } from 'node:child_process';

export type ToolAnswer =
  | { readonly ok: true; readonly stdout: string }
  /** `missing`: there is no such program. `stdout`: what came before it failed. */
  | {
      readonly ok: false;
      readonly reason: 'missing' | 'timeout' | 'failed';
      readonly stdout: string;
      readonly detail: string;
    };

export interface ToolOptions {
  readonly timeoutMs: number;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** No answer that is of use is longer. */
const MAX_ANSWER_BYTES = 1 << 20;

/** Runs a program and answers what it wrote to stdout; never rejects and never takes longer than the limit. */
export function runTool(command: string, args: readonly string[], options: ToolOptions): Promise<ToolAnswer> {
  return new Promise((settle) => {
    // A group of its own, so that what a hanging script has started ends with it.
    const isGroup = process.platform !== 'win32';
    const child = spawn(command, args, {
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isGroup,
      windowsHide: true,
    });
    let stdout = '';
    let stderr = '';
    const fail = (reason: 'missing' | 'timeout' | 'failed', detail: string): void => {
      end();
      settle({ ok: false, reason, stdout, detail });
    };
    const end = (): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      if (child.exitCode === null && child.pid !== undefined) kill(child.pid, isGroup);
      child.unref();
    };
    const timer = setTimeout(
      () => fail('timeout', `no answer within ${options.timeoutMs} ms`),
      options.timeoutMs,
    );

    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.length > MAX_ANSWER_BYTES) fail('failed', 'endless output');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < MAX_ANSWER_BYTES) stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ENOENT' ? 'missing' : 'failed', error.message),
    );
    child.on('close', (code, signal) => {
      if (code === 0) {
        clearTimeout(timer);
        settle({ ok: true, stdout });
      } else {
        const said = firstLine(stderr) || firstLine(stdout);
        fail('failed', said === '' ? `ended with ${signal ?? code}` : said);
      }
    });
  });
}

function kill(pid: number, isGroup: boolean): void {
  try {
    process.kill(isGroup ? -pid : pid, 'SIGKILL');
  } catch (error) {
    // It has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const firstLine = (text: string): string => (text.trim().split('\n')[0] ?? '').trim().slice(0, 200);
