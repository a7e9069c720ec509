/** The command line: `underpaint <command>` (contract.md). Results go to stdout, everything else to stderr. */
import { Command, CommanderError } from 'commander';
import { AppError, EXIT_CODES, toErrorBody } from '../../../shared/errors';
import { APP_VERSION } from '../version';
import { addBench } from './commands/bench';
import { addDemo } from './commands/demo';
import { addDoctor } from './commands/doctor';
import { addEndpoints } from './commands/endpoints';
import { addImg2Img } from './commands/img2img';
import { addModels } from './commands/models';
import { addPlan } from './commands/plan';
import { addServe } from './commands/serve';
import { addStageCommands } from './commands/stages';

/** Runs the command line; answers the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const abort = new AbortController();
  const onSignal = (): void => {
    // A second signal means: now, not after the step.
    if (abort.signal.aborted) process.exit(EXIT_CODES.cancelled);
    abort.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  try {
    await buildProgram(abort.signal).parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

function buildProgram(signal: AbortSignal): Command {
  const program = new Command('underpaint');
  program
    .description('Turns a picture into another picture.')
    .version(APP_VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(false);
  addImg2Img(program, signal);
  addStageCommands(program, signal);
  addPlan(program);
  addDoctor(program, signal);
  addDemo(program, signal);
  addModels(program, signal);
  addBench(program, signal);
  addServe(program, signal);
  addEndpoints(program, signal);
  for (const command of program.commands)
    command.exitOverride().configureOutput({ outputError: () => undefined });
  return program;
}

/** Writes one plain sentence; the stack only with UNDERPAINT_DEBUG=1. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return 0;
    const error = new AppError('usage', usageSentence(thrown));
    return report(error);
  }
  const error = toErrorBody(thrown);
  process.stderr.write(`${error.message}\n`);
  if (process.env['UNDERPAINT_DEBUG'] === '1' && error.details !== undefined)
    process.stderr.write(`${error.details}\n`);
  return EXIT_CODES[error.code];
}

/** Commander's own words ("error: unknown option '--x'") as a sentence that says what to do. */
function usageSentence(error: CommanderError): string {
  if (error.code === 'commander.help') return 'A command is missing; "underpaint --help" lists them.';
  const what = error.message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '');
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}; "underpaint --help" shows how to call it.`;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
