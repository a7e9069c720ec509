/** `underpaint serve`: this machine as a Hybrid Inference endpoint. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../../shared/errors';
import type { DeviceChoice } from '../../../../shared/placement';
import { ModelCache } from '../../model/loaded-model';
import { HybridServer, SERVE_DEFAULTS } from '../../serve/server';
import { parseDevice, parseInteger } from '../parse-options';

interface ServeCommandOptions {
  host: string;
  port: number;
  model?: string;
  device?: DeviceChoice;
  token?: string;
  queue: number;
}

const DEFAULT_PORT = 8765;

export function addServe(program: Command, signal: AbortSignal): void {
  program
    .command('serve')
    .description('answer encode, decode and generate for other machines')
    .option('--host <address>', 'the address to listen on; other than loopback needs --token', '127.0.0.1')
    .option(
      '--port <n>',
      'the port to listen on; 0 takes a free one',
      (text) => parseInteger('--port', text, { min: 0, max: 65535 }),
      DEFAULT_PORT,
    )
    .option('--model <folder>', 'model folder or checkpoint; without it the bundled starter model')
    .option('--device <device>', 'auto, gpu or cpu', parseDevice)
    .option('--token <text>', 'what clients must send as "Authorization: Bearer <text>"')
    .option(
      '--queue <n>',
      'how many requests may wait; more are answered with 503',
      (text) => parseInteger('--queue', text, { min: 0, max: 1000 }),
      SERVE_DEFAULTS.queueLength,
    )
    .action((options: ServeCommandOptions) => serve(options, signal));
}

/** Runs until the signal fires. */
async function serve(options: ServeCommandOptions, signal: AbortSignal): Promise<void> {
  const { host, port, token } = options;
  if (token === '')
    throw new AppError('usage', '--token is empty; give a text that only your own machines know.');
  if (token === undefined && !isLoopback(host)) {
    throw new AppError(
      'usage',
      `The endpoint would be open to everyone who reaches ${host}; give a --token that clients must send, or leave out --host.`,
    );
  }
  const models = new ModelCache();
  try {
    const model = await models.load(
      options.model === undefined ? null : resolve(options.model),
      options.device ?? 'auto',
    );
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    model.runtime.listen(say);
    const server = new HybridServer(model, {
      host,
      port,
      token: token ?? null,
      queueLength: options.queue,
      maxBodyBytes: SERVE_DEFAULTS.maxBodyBytes,
      log: say,
    });
    const address = await server.start();
    process.stdout.write(`${address}\n`);
    say(`Serving ${model.folder.name} (${model.traits.family}); Ctrl+C ends it.`);
    await new Promise<void>((done) => {
      if (signal.aborted) done();
      else signal.addEventListener('abort', () => done(), { once: true });
    });
    say('Stopping …');
    await server.stop();
  } finally {
    await models.release();
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
