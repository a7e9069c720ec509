/** What `underpaint serve` answers to every kind of client, and to nonsense (hybrid-inference.md 12.5, docs/hybrid-protocol.md). */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { tensorToBytes } from '../../../main/engine/remote/tensor-bytes';
import { HybridServer, SERVE_DEFAULTS, type ServeOptions } from '../../../main/engine/serve/server';
import { goldenModel, maxDifference } from '../../support/golden';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();
const models = new ModelCache();
const servers: HybridServer[] = [];
let url = '';

async function start(options: Partial<ServeOptions> = {}): Promise<{ server: HybridServer; url: string }> {
  const server = new HybridServer(await models.load(goldenModel('sd1-onnx'), 'cpu'), {
    host: '127.0.0.1',
    port: 0,
    token: null,
    ...SERVE_DEFAULTS,
    log: () => undefined,
    ...options,
  });
  servers.push(server);
  return { server, url: await server.start() };
}

beforeAll(async () => {
  ({ url } = await start());
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await models.release();
});

interface Sent {
  readonly request: ClientRequest;
  readonly answer: Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>;
}

function send(
  path: string,
  body: Uint8Array | string = '',
  headers: Record<string, string> = {},
  { to = url, method = 'POST', onData = (_text: string): void => undefined } = {},
): Sent {
  let request!: ClientRequest;
  const answer = new Promise<Awaited<Sent['answer']>>((resolve, reject) => {
    request = httpRequest(`${to}${path}`, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response
        .on('data', (part: Buffer) => {
          parts.push(part);
          onData(part.toString('latin1'));
        })
        .on('error', reject)
        .on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          }),
        );
    });
    request.on('error', reject).end(body);
  });
  return { request, answer };
}

const LATENTS = Float32Array.from({ length: 4 * 8 * 8 }, (_, i) => Math.sin(i));
const BODY = tensorToBytes(LATENTS, 'float32');
const SHAPE = 'shape=1&shape=4&shape=8&shape=8&dtype=float32';
const bytesOf = async (query: string, body = BODY): Promise<Buffer> => {
  const { status, headers, body: answer } = await send(`/?output_type=pt&${SHAPE}&${query}`, body).answer;
  expect(answer.toString('latin1', 0, status === 200 ? 0 : 300)).toBe('');
  expect([headers['shape'], headers['dtype']]).toEqual(['[1,64,64,3]', 'uint8']);
  return answer;
};

describe('decode as clients ask for it', () => {
  it('takes booleans of any case and passes over what it does not know', async () => {
    const scaled = 'scaling_factor=0.18215';
    const python = await bytesOf(`partial_postprocess=True&${scaled}`);
    expect(
      await bytesOf(`partial_postprocess=true&${scaled}&input_tensor_type=binary&output_tensor_type=binary`),
    ).toEqual(python);
    expect(await bytesOf('partial_postprocess=True&do_scaling=True'), "the model's own factor").toEqual(
      python,
    );
    const plain = await bytesOf('partial_postprocess=True&do_scaling=False&height=64&width=64');
    expect(plain).not.toEqual(python);
    expect(
      maxDifference(
        await bytesOf(
          `partial_postprocess=True`,
          tensorToBytes(
            LATENTS.map((v) => v / 0.18215),
            'float32',
          ),
        ),
        python,
      ),
    ).toBeLessThanOrEqual(1);
  });

  it('takes several items and answers them in order', async () => {
    const query =
      '/decode?output_type=pt&partial_postprocess=True&dtype=float32&shape=2&shape=4&shape=8&shape=8';
    const { headers, body } = await send(
      query,
      Buffer.concat([
        BODY,
        tensorToBytes(
          LATENTS.map((v) => -v),
          'float32',
        ),
      ]),
    ).answer;
    expect(headers['shape']).toBe('[2,64,64,3]');
    expect(body.subarray(0, body.length / 2)).toEqual(await bytesOf('partial_postprocess=True'));
  });
});

describe('nonsense is answered, as JSON', () => {
  const cases: [string, string, Uint8Array | string, Record<string, string>, number, RegExp][] = [
    ['no shape', '/decode?dtype=float32', BODY, {}, 400, /"shape" and "dtype" are needed/],
    [
      'an unknown type',
      '/decode?shape=1&dtype=int4',
      BODY,
      {},
      400,
      /must be float16, float32, bfloat16 or uint8/,
    ],
    ['a wrong length', `/decode?${SHAPE}`, BODY.subarray(4), {}, 400, /needs 1024 bytes, but 1020 came/],
    ['a shape of words', '/decode?shape=a&dtype=float32', BODY, {}, 400, /must be whole numbers/],
    ['NaN', `/decode?${SHAPE}`, Buffer.alloc(1024, 0xff), {}, 400, /NaN/],
    [
      'packed without a size',
      '/decode?shape=1&shape=16&shape=16&dtype=float32',
      BODY,
      {},
      400,
      /"height" and "width"/,
    ],
    [
      'too large a picture',
      '/decode?shape=1&shape=4&shape=1&shape=257&dtype=uint8',
      Buffer.alloc(1028),
      {},
      400,
      /at most 2048 pixels/,
    ],
    ['a factor of 0', `/decode?${SHAPE}&scaling_factor=0`, BODY, {}, 400, /must not be 0/],
    ['a video', `/decode?${SHAPE}&output_type=mp4`, BODY, {}, 400, /must be "pil" or "pt"/],
    [
      'an unknown picture type',
      `/decode?${SHAPE}`,
      BODY,
      { accept: 'image/webp' },
      400,
      /makes image\/png and image\/jpeg/,
    ],
    ['no picture', '/encode', '', {}, 400, /body is empty/],
    ['a text as picture', '/encode', 'hello there', {}, 400, /cannot open/],
    [
      'pixels of odd size',
      '/encode?shape=1&shape=3&shape=8&shape=9&dtype=uint8',
      Buffer.alloc(216),
      {},
      400,
      /multiples of 8/,
    ],
    ['another model', `/generate?${SHAPE}&model=other`, BODY, {}, 404, /serves the model sd1-onnx/],
    ['strength 0', `/generate?${SHAPE}&strength=0`, BODY, {}, 400, /no step would run/],
    [
      'an unknown scheduler',
      `/generate?${SHAPE}&scheduler=magic`,
      BODY,
      {},
      400,
      /"scheduler" is not usable/,
    ],
    [
      'a checkpoint that is none',
      `/generate?${SHAPE}`,
      BODY,
      { 'content-type': 'application/x-safetensors' },
      400,
      /safetensors/,
    ],
    ['an unknown path', '/admin', '', {}, 404, /nothing at \/admin/],
    ['a strange path', '//', '', {}, 404, /nothing at/],
    ['a web page', `/decode?${SHAPE}`, BODY, { origin: 'http://evil.example' }, 403, /Web pages/],
  ];
  it.each(cases)('%s', async (_name, path, body, headers, status, message) => {
    const answer = await send(path, body, headers).answer;
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body.toString())).toEqual({ error: expect.stringMatching(message) });
  });

  it('other methods, and bodies that are too large', async () => {
    expect((await send('/decode', '', {}, { method: 'GET' }).answer).status).toBe(405);
    const small = await start({ maxBodyBytes: 1000 });
    expect((await send(`/decode?${SHAPE}`, BODY, {}, { to: small.url }).answer).status).toBe(413);
    expect(
      (await send(`/decode?${SHAPE}`, BODY, { 'transfer-encoding': 'chunked' }, { to: small.url }).answer)
        .status,
    ).toBe(413);
  });
});

describe('a token', () => {
  it('is needed for everything but a bare health answer', async () => {
    const guarded = await start({ token: 'secret' });
    const to = { to: guarded.url };
    const wrong = await send(`/decode?${SHAPE}`, BODY, { authorization: 'Bearer guess' }, to).answer;
    expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await send(`/decode?${SHAPE}`, BODY, { authorization: 'Bearer secret' }, to).answer).status).toBe(
      200,
    );
    const health = (headers: Record<string, string>): Promise<unknown> =>
      send('/health', '', headers, { ...to, method: 'GET' }).answer.then(({ body }) =>
        JSON.parse(body.toString()),
      );
    expect(await health({})).toEqual({ status: 'ok' });
    expect(await health({ authorization: 'Bearer secret' })).toMatchObject({
      model: { family: 'sd1' },
      queue: { length: 0, limit: 16 },
    });
  });
});

describe('generate', () => {
  const long = `/generate?${SHAPE}&prompt=a&steps=1000&strength=1&seed=1&scheduler=euler`;
  const queueOf = async (to: string): Promise<number> => {
    const { body } = await send('/health', '', {}, { to, method: 'GET' }).answer;
    return (JSON.parse(body.toString()) as { queue: { length: number } }).queue.length;
  };

  it('answers the raw latents where no events are wanted', async () => {
    const { status, headers, body } = await send(
      `/generate?${SHAPE}&prompt=a&steps=2&strength=1&seed=1`,
      BODY,
    ).answer;
    expect([status, headers['shape'], headers['dtype'], body.length]).toEqual([
      200,
      '[1,4,8,8]',
      'float32',
      BODY.length,
    ]);
  });

  it('stops when the client goes; a full queue is an honest 503; a stop is told to who waits for steps', async () => {
    const { server, url: to } = await start({ queueLength: 0 });
    const events = { accept: 'text/event-stream' };
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const first = send(long, BODY, events, { to, onData: (text) => text.includes('event: step') && begin() });
    await begun;
    const full = await send(`/decode?${SHAPE}`, BODY, {}, { to }).answer;
    expect(full.status).toBe(503);
    expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);

    first.request.destroy();
    await expect(first.answer).rejects.toThrow();
    await expect.poll(() => queueOf(to), { timeout: 5000 }).toBe(0);

    const second = send(long, BODY, events, { to });
    await expect.poll(() => queueOf(to)).toBe(1);
    await server.stop();
    const { body } = await second.answer;
    const last = body.toString().trimEnd().split('\n\n').at(-1) ?? '';
    expect(last).toContain('This endpoint is being stopped.');
  });
});
