// A virtual display of our own (Xvfb) for windows on a machine without a screen.
import { spawn } from 'node:child_process';
import { ScriptError } from './bootstrap.mjs';

const START_TIMEOUT_MS = 15_000;

/** Starts Xvfb on a free display number; answers { display: ':N', stop }. Linux only. */
export async function startDisplay() {
  // Xvfb finds a free number itself and writes it to file descriptor 3.
  const server = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1440x1000x24', '-nolisten', 'tcp', '-noreset'],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
  let complaint = '';
  server.stderr.on('data', (part) => (complaint += part));
  const stop = () => server.kill();
  process.on('exit', stop);
  const number = await new Promise((done, fail) => {
    const giveUp = (reason) =>
      fail(new ScriptError(`The virtual display (Xvfb) did not start: ${reason} ${complaint.trim()}`));
    const timer = setTimeout(() => giveUp(`no answer in ${START_TIMEOUT_MS / 1000} s.`), START_TIMEOUT_MS);
    let text = '';
    server.stdio[3].on('data', (part) => {
      text += part;
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      done(text.trim());
    });
    server.on('error', (error) => giveUp(error.message));
    server.on('exit', (code) => giveUp(`it ended with code ${code}.`));
  });
  server.stdio[3].destroy();
  // Neither the server nor what it might still say keeps a script that is done from ending.
  server.stderr.unref();
  server.unref();
  return { display: `:${number}`, stop };
}
