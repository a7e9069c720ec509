/** `underpaint serve` and `--offline` as a person meets them: real processes, real sockets, or none at all. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readLedger } from '../../main/engine/remote/ledger';
import { runCli, sentences } from '../support/cli';
import { goldenModel, readCase } from '../support/golden';
import { ensurePrograms, ROOT } from '../support/programs';
import { answers, rawServer, reply } from '../support/raw-server';
import { asArguments, smallJob } from '../support/settings';

const home = mkdtempSync(join(tmpdir(), 'underpaint-serve-'));
const { inputPath } = readCase('sd1-euler');
beforeAll(ensurePrograms, 300_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const job = [...asArguments(smallJob()), '-o', home, '--json'];

describe('--offline', () => {
  const env = { NODE_OPTIONS: `--require ${join(ROOT, 'test', 'fixtures', 'deny-sockets.cjs')}` };

  it('opens no socket for the whole main job', async () => {
    const result = await runCli(['img2img', inputPath, ...job, '--offline'], { home, env });
    expect(result.lines.filter((line) => line.startsWith('DENIED'))).toEqual([]);
    expect(result.code).toBe(0);
  });

  it('where the same denial is felt as soon as an endpoint is asked', async () => {
    const result = await runCli(['img2img', inputPath, ...job, '--decode-endpoint', 'http://127.0.0.1:9'], {
      home,
      env,
    });
    expect(result.lines).toContain('DENIED connect');
    expect(result.code).toBe(99);
  });
});

describe('the ledger', () => {
  it('agrees with what the server counted, and an endpoint without a fallback is exit code 5', async () => {
    const server = await rawServer(answers(reply(401, {}, '{"error":"who are you"}')));
    const own = join(home, 'ledger-home');
    const env = { UNDERPAINT_TOKEN: 'secret' };
    const result = await runCli(
      ['img2img', inputPath, ...job, '--encode-endpoint', server.url, '--no-fallback'],
      { home: own, env },
    );
    expect(result.code).toBe(5);
    expect(sentences(result)).toEqual([
      `The endpoint ${server.url} wants a token or refused the one it got (401): "who are you"; give it the right token.`,
    ]);
    const [entry] = await readLedger(join(own, 'ledger.jsonl'));
    expect(entry).toMatchObject({
      stage: 'encode',
      kinds: ['picture'],
      outcome: 'HTTP 401',
      bytesSent: server.bytesReceived,
    });
    expect(server.requests[0]?.head).toMatch(/^authorization: Bearer secret$/im);
    const listed = await runCli(['ledger', '--json'], { home: own });
    expect(JSON.parse(listed.stdout)).toMatchObject({ bytesSent: server.bytesReceived });
  });
});

describe('many clients', () => {
  const figuresSchema = z.object({
    answered: z.number(),
    busy: z.number(),
    wrong: z.number(),
    exit: z.object({ code: z.number().nullable() }),
    problems: z.array(z.string()),
  });

  it('get right answers or an honest 503, and a signal ends the server cleanly while they ask', async () => {
    const stdout = await new Promise<string>((done) => {
      const script = join(ROOT, 'scripts', 'load.mjs');
      execFile(process.execPath, [script, '4', '50', goldenModel('sd1-onnx')], (_error, text) => done(text));
    });
    const figures = figuresSchema.parse(JSON.parse(stdout));
    expect(figures).toMatchObject({ wrong: 0, problems: [], exit: { code: 0 } });
    expect(figures.answered).toBeGreaterThan(0);
    expect(figures.busy).toBeGreaterThan(0);
  });
});
