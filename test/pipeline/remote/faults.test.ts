/** Everything that an endpoint can do wrong: the job ends in a picture made here, or in the stated sentence; no step runs twice. */
import { afterAll, describe, expect, it } from 'vitest';
import { encodeStep } from '../../../main/engine/journal/step-file';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { TorchGenerator } from '../../../main/engine/latents/noise';
import { tensorToBytes } from '../../../main/engine/remote/tensor-bytes';
import { encodePlainPng } from '../../../main/engine/image/plain';
import { networkSettingsSchema, type NetworkSettings } from '../../../shared/network';
import type { Stage } from '../../../shared/placement';
import { readCase, withFolder } from '../../support/golden';
import { answers, rawServer, reply, type Script } from '../../support/raw-server';
import { runJob, type RunResult } from '../../support/run-job';
import { accessTo, QUICK_LIMITS } from '../../support/served';
import { smallJob } from '../../support/settings';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();
const { inputPath, width, height } = readCase('sd1-euler');
const models = new ModelCache();
const quick = async (): Promise<NetworkSettings> => networkSettingsSchema.parse({ limits: QUICK_LIMITS });
afterAll(() => models.release());

/** One job on the fixture model whose `stage` goes to `url`. */
async function run(stage: Stage, url: string, mayFallBack = true): Promise<RunResult> {
  let result: RunResult | null = null;
  await withFolder(async (folder) => {
    result = await runJob({
      folder,
      inputPath,
      settings: smallJob({ [stage]: 'remote' }),
      context: { models, remote: accessTo({ [stage]: url }, { mayFallBack, settings: quick }) },
    });
  });
  if (result === null) throw new Error('nothing was made');
  return result;
}

const stepsOf = ({ progress }: RunResult): number[] =>
  progress.flatMap((event) => (event.kind === 'step' ? [event.step] : []));

async function expectFallback(
  stage: Stage,
  script: Script,
  sentence: RegExp,
  requests?: number,
): Promise<void> {
  const server = await rawServer(script);
  const result = await run(stage, server.url);
  expect(result.report.stages.map(({ where }) => where)).toEqual(['local', 'local', 'local']);
  expect(stepsOf(result)).toEqual([1, 2]);
  expect(result.report.notices.join('\n')).toMatch(sentence);
  expect(result.report.notices.join('\n')).toContain(`The ${stage} stage goes on on this machine.`);
  expect(result.report.stages.find((report) => report.stage === stage)?.bytesSent).toBe(server.bytesReceived);
  if (requests !== undefined) expect(server.requests).toHaveLength(requests);
  // The same fault without a fallback is the endpoint's error, exit code 5.
  const again = await rawServer(script);
  await expect(run(stage, again.url, false)).rejects.toMatchObject({
    code: 'endpoint',
    message: expect.stringMatching(sentence),
  });
}

const h = height / 8;
const w = width / 8;
const pixels = (shape: number[], headers: Record<string, string> = {}): Buffer => {
  const count = shape.reduce((a, b) => a * b, 1);
  const bytes = Buffer.from(Uint8Array.from({ length: count }, (_, i) => (i * 7) % 251));
  return reply(200, { shape: JSON.stringify(shape), dtype: 'uint8', ...headers }, bytes);
};
const stall: Script = () => undefined;
const drip: Script = (socket) => {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${width * height * 3}\r\n\r\n`);
  const timer = setInterval(() => socket.write('x'), 50);
  socket.on('close', () => clearInterval(timer));
};

const COMMON: [string, Script, RegExp, number?][] = [
  ['404', answers(reply(404, {}, 'Not Found')), /does not exist or does not serve this stage \(404\)/, 1],
  [
    '401',
    answers(reply(401, {}, '{"error":"Unauthorized"}')),
    /wants a token or refused the one it got \(401\): "Unauthorized"/,
    1,
  ],
  ['429', answers(reply(429, {}, '')), /gets too many requests \(429\)/, 1],
  [
    '503 for ever',
    answers(reply(503, {}, '{"error":"503 Service Unavailable"}')),
    /is not ready or busy \(503\)/,
  ],
  [
    'an error page',
    answers(reply(500, { 'content-type': 'text/html' }, '<h1>Internal <b>error</b></h1>')),
    /failed \(HTTP 500\): "Internal error"/,
    1,
  ],
  ['a reset', (socket) => socket.resetAndDestroy(), /broke the connection/],
  ['a stall', stall, /did not (answer|finish) in time/],
  ['a slow drip', drip, /did not finish in time/],
  [
    'a web page instead of a tensor',
    answers(reply(200, { 'content-type': 'text/html' }, '<p>hi</p>')),
    /a web page \(HTML\) without the headers/,
  ],
  ['an unknown type', answers(pixels([1, height, width, 3], { dtype: 'int4' })), /unknown type "int4"/],
  [
    'a wrong length',
    answers(pixels([1, 8, 8, 3], { shape: JSON.stringify([1, height, width, 3]) })),
    /192 bytes where the shape/,
  ],
  ['a wrong shape', answers(pixels([1, 8, 8, 3])), /a tensor of the shape \[1, 8, 8, 3\] where/],
];

describe('decode', () => {
  it.each(COMMON)('%s', (_name, script, sentence, requests) =>
    expectFallback('decode', script, sentence, requests),
  );

  it('numbers where bytes should be, a picture of one colour', async () => {
    const nan = reply(
      200,
      { shape: `[1,${height},${width},3]`, dtype: 'float32' },
      Buffer.alloc(width * height * 12, 0xff),
    );
    await expectFallback('decode', answers(nan), /NaN/);
    const flat = reply(
      200,
      { shape: `[1,${height},${width},3]`, dtype: 'uint8' },
      Buffer.alloc(width * height * 3),
    );
    await expectFallback('decode', answers(flat), /one flat colour/);
  });

  it('a picture file of another picture', async () => {
    const png = await encodePlainPng({ rgb: Buffer.alloc(8 * 8 * 3, 9), width: 8, height: 8 });
    await expectFallback(
      'decode',
      answers(reply(200, { 'content-type': 'image/png' }, png)),
      /a picture \(image\/png\) without the headers/,
    );
  });

  it('503, then it works: nothing falls back', async () => {
    const server = await rawServer(answers(reply(503, {}, ''), pixels([1, height, width, 3])));
    const { report } = await run('decode', server.url);
    expect(report.stages[2]).toMatchObject({ where: 'remote', bytesSent: server.bytesReceived });
    expect(report.notices.join()).toContain('is not ready or busy (503); trying again in');
    expect(server.requests).toHaveLength(2);
  });
});

describe('encode', () => {
  const latents = (values: Float32Array, shape: number[]): Buffer =>
    reply(200, { shape: JSON.stringify(shape), dtype: 'float32' }, tensorToBytes(values, 'float32'));

  it.each(COMMON.filter(([name]) => ['503 for ever', 'a reset', 'a wrong shape'].includes(name)))(
    '%s',
    (_name, script, sentence, requests) => expectFallback('encode', script, sentence, requests),
  );

  it('NaN, a constant, another number of channels', async () => {
    const count = 4 * h * w;
    await expectFallback('encode', answers(latents(new Float32Array(count).fill(NaN), [1, 4, h, w])), /NaN/);
    await expectFallback(
      'encode',
      answers(latents(new Float32Array(count), [1, 4, h, w])),
      /one constant instead of latents/,
    );
    await expectFallback(
      'encode',
      answers(latents(new Float32Array(4 * count), [1, 16, h, w])),
      /a tensor of the shape \[1, 16,/,
    );
  });
});

describe('generate', () => {
  const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  const stream = (...events: string[]): Buffer =>
    reply(200, { 'content-type': 'text/event-stream' }, events.join(''));
  const step = (stepsDone: number, changes: { of?: number; count?: number; value?: number } = {}): string => {
    const { of = 2, count = 4 * h * w, value = 0.5 } = changes;
    const generator = new TorchGenerator(1).exportState();
    const state = {
      stepsDone,
      latents: new Float32Array(count).fill(value),
      scheduler: { numbers: {}, tensors: {} },
      generator,
    };
    return event('step', { step: stepsDone, of, ms: 1, checkpoint: encodeStep(state).toString('base64') });
  };

  const cases: [string, Script, RegExp][] = [
    ...COMMON.filter(([name]) => ['404', '401', '503 for ever', 'a stall'].includes(name)).map(
      ([name, script, sentence]): [string, Script, RegExp] => [name, script, sentence],
    ),
    ['a web page', answers(reply(200, { 'content-type': 'text/html' }, '<p>hi</p>')), /only 0 of 2 steps/],
    ['steps out of order', answers(stream(step(2))), /step 2 of 2 where step 1 of 2 was due/],
    ['another number of steps', answers(stream(step(1, { of: 9 }))), /step 1 of 9 where step 1 of 2 was due/],
    ['latents of another size', answers(stream(step(1, { count: 4 }))), /latents of another size/],
    ['NaN', answers(stream(step(1, { value: NaN }))), /NaN/],
    [
      'a step that is garbage',
      answers(stream(event('step', { step: 1, of: 2, ms: 1, checkpoint: 'AAAA' }))),
      /a step that is not readable/,
    ],
    [
      'an error in the stream',
      answers(stream(event('error', { error: 'out of memory', status: 503 }))),
      /stopped after 0 of 2 steps \("out of memory"\)/,
    ],
  ];
  it.each(cases)('%s', (_name, script, sentence) => expectFallback('generate', script, sentence));

  it('is asked once after a broken connection, since a second time could repeat steps', async () => {
    const server = await rawServer((socket) => socket.resetAndDestroy());
    expect(stepsOf(await run('generate', server.url))).toEqual([1, 2]);
    expect(server.requests).toHaveLength(1);
  });
});
