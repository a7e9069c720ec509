// `node scripts/load.mjs [seconds] [clients] [model]`: many clients on one `underpaint serve`. Every request must end in a right answer or an honest
// 503 with Retry-After, memory must stay bounded, and a signal with requests in flight must end the process cleanly. Prints one JSON object.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './bootstrap.mjs';

const [seconds = '60', clients = '50', model] = process.argv.slice(2);
const programs = process.env.TEST_PROGRAMS ?? join(root, 'out', 'main');
const server = spawn(
  process.execPath,
  [
    join(programs, 'cli.cjs'),
    'serve',
    '--port',
    '0',
    '--device',
    'cpu',
    ...(model === undefined ? [] : ['--model', model]),
  ],
  { stdio: ['ignore', 'pipe', 'ignore'] },
);
const ended = new Promise((done) => server.on('exit', (code, signal) => done({ code, signal })));
const url = await new Promise((found, fail) => {
  let text = '';
  server.stdout.on('data', (chunk) => {
    text += chunk;
    if (text.includes('\n')) found(text.trim());
  });
  server.on('exit', () => fail(new Error('the server did not start')));
});

const [channels, h, w] = [4, 8, 8];
const latents = Float32Array.from({ length: channels * h * w }, (_, i) => Math.sin(i));
const query = `?output_type=pt&partial_postprocess=True&shape=1&shape=${channels}&shape=${h}&shape=${w}&dtype=float32&scaling_factor=0.18215`;
const agent = new Agent({ keepAlive: true, maxSockets: Number(clients) });

/** One decode; answers status, headers and body. */
const decode = () =>
  new Promise((done, fail) => {
    const sent = request(
      `${url}/decode${query}`,
      { method: 'POST', agent, headers: { 'content-type': 'tensor/binary' } },
      (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part)).on('error', fail);
        response.on('end', () =>
          done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
        );
      },
    );
    sent.on('error', fail).end(Buffer.from(latents.buffer));
  });

/** Resident memory of the server in MiB; null where /proc is missing. */
function memory() {
  try {
    return Math.round(
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024,
    );
  } catch {
    return null;
  }
}

const right = (await decode()).body;
const figures = {
  seconds: Number(seconds),
  clients: Number(clients),
  answered: 0,
  busy: 0,
  wrong: 0,
  memoryMiB: [memory()],
};
const until = Date.now() + Number(seconds) * 1000;
let isStopping = false;
const problems = new Set();

async function client() {
  while (!isStopping) {
    try {
      const { status, headers, body } = await decode();
      if (status === 200 && body.equals(right)) figures.answered += 1;
      else if (status === 503 && Number(headers['retry-after']) > 0) {
        figures.busy += 1;
        await sleep(50);
      } else {
        figures.wrong += 1;
        problems.add(`status ${status}, ${body.length} bytes`);
      }
    } catch (error) {
      // After the signal the port is closed.
      if (isStopping && ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code)) return;
      figures.wrong += 1;
      problems.add(String(error));
    }
  }
}

const running = Array.from({ length: Number(clients) }, client);
while (Date.now() < until) {
  await sleep(Math.min(1000, Number(seconds) * 250));
  figures.memoryMiB.push(memory());
}
server.kill('SIGTERM');
const signalledAt = Date.now();
isStopping = true;
const end = await Promise.race([ended, sleep(20_000, { code: null, signal: 'did not end' })]);
await Promise.all(running);
agent.destroy();
server.kill('SIGKILL');

const settled = figures.memoryMiB.slice(Math.floor(figures.memoryMiB.length / 2));
const report = {
  ...figures,
  memoryMiB: {
    first: figures.memoryMiB[0],
    most: Math.max(...figures.memoryMiB),
    growth: settled.at(-1) - settled[0],
  },
  exit: end,
  endedAfterMs: Date.now() - signalledAt,
  problems: [...problems],
};
process.stdout.write(`${JSON.stringify(report)}\n`);
const isGood = report.wrong === 0 && report.answered > 0 && end.code === 0 && report.memoryMiB.growth < 100;
process.exitCode = isGood ? 0 : 1;
