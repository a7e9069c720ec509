/** Runs the built command line as a person or a script does. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environment, programPath } from './programs';

export interface CliOptions {
  /** UNDERPAINT_HOME of this run. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** A program and arguments that start the command line in its place, such as `prlimit --fsize=…`. */
  readonly wrapper?: readonly string[];
  /** Sees every line of stderr at once; `kill` sends a signal to the command line. */
  readonly onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Lines of stderr. */
  readonly lines: readonly string[];
}

/** Runs `underpaint <args>` to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const [program = '', ...rest] = [...(options.wrapper ?? []), process.execPath, programPath('cli'), ...args];
  return new Promise((settle, fail) => {
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment({ UNDERPAINT_DEBUG: undefined, UNDERPAINT_HOME: options.home, ...options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = '';
    let pending = '';
    const lines: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const parts = (pending + text).split('\n');
      pending = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        options.onLine?.(line, (signal) => child.kill(signal));
      }
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      if (pending !== '') lines.push(pending);
      settle({ code, signal, stdout, lines });
    });
  });
}

const PROGRESS = /^(Encode|Generate|Decode)(: | on | done in )|^ {2}(step|tile) \d+ of \d+/;

/** Everything on stderr that is not progress: notices, and the one sentence of a failure. */
export const sentences = (result: CliResult): string[] => result.lines.filter((line) => !PROGRESS.test(line));

/** Numbers of the steps that a run reported. */
export const stepsOf = (result: CliResult): number[] =>
  result.lines.flatMap((line) => {
    const step = /^ {2}step (\d+) of/.exec(line)?.[1];
    return step === undefined ? [] : [Number(step)];
  });

/** Journals that the command line left in its home. */
export function journalsIn(home: string): string[] {
  const folder = join(home, 'cli-jobs');
  return existsSync(folder) ? readdirSync(folder) : [];
}
