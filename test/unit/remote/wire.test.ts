/** Hybrid Inference's wire: requests byte for byte, tensors bit for bit (hybrid-inference.md 2, 3, 4.6, 12.4, 12.5). */
import { describe, expect, it } from 'vitest';
import { packLatents, unpackLatents } from '../../../main/engine/latents/packing';
import { bytesToTensor, tensorToBytes } from '../../../main/engine/remote/tensor-bytes';
import {
  assertShape,
  errorTextOf,
  imageTypeOf,
  readTensorReply,
} from '../../../main/engine/remote/wire-reply';
import {
  decodeRequest,
  encodeImageRequest,
  encodeTensorRequest,
  pythonQuery,
  type WireRequest,
} from '../../../main/engine/remote/wire-request';
import { Network } from '../../../main/engine/remote/network';
import { networkSettingsSchema } from '../../../shared/network';
import { answers, rawServer, reply } from '../../support/raw-server';

const SD = { factor: 0.18215, shift: 0 };
const FLUX = { factor: 0.3611, shift: 0.1159 };
const zeros = (...shape: number[]): { data: Float32Array; shape: number[] } => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  shape,
});
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

/** What arrives at a server. */
async function arriving(request: WireRequest): Promise<{ head: string; body: Buffer }> {
  const server = await rawServer(answers(reply(200, {}, '')));
  const network = new Network({
    named: [server.url],
    record: async () => undefined,
    settings: async () => networkSettingsSchema.parse({}),
  });
  await network.send({
    url: server.url,
    stage: 'decode',
    kinds: ['latent'],
    request,
    signal: new AbortController().signal,
    onNotice: () => undefined,
    maxReplyBytes: 10,
    totalMs: (limits) => limits.totalMs,
  });
  const [first] = server.requests;
  if (first === undefined) throw new Error('nothing arrived');
  return { head: first.head.replace(/^host: .*\r\n/im, ''), body: first.body };
}

describe('request lines', () => {
  it('decode of Stable Diffusion latents to a picture', async () => {
    const { head, body } = await arriving(
      decodeRequest({ ...zeros(1, 4, 64, 64), dtype: 'float16', scale: SD, outputType: 'pil' }),
    );
    expect(head.split('\r\n')).toEqual([
      'POST /?image_format=jpg&output_type=pil&partial_postprocess=False&shape=1&shape=4&shape=64&shape=64&dtype=float16&scaling_factor=0.18215 HTTP/1.1',
      'connection: keep-alive',
      'user-agent: underpaint/0.1.0',
      'content-type: tensor/binary',
      'accept: image/jpeg',
      'content-length: 32768',
    ]);
    expect(body.length).toBe(32768);
  });

  it('decode of packed Flux latents to bytes of pixels', async () => {
    const { head } = await arriving(
      decodeRequest({
        ...zeros(1, 4096, 64),
        dtype: 'bfloat16',
        scale: FLUX,
        outputType: 'pt',
        partialPostprocess: true,
        height: 1024,
        width: 1024,
      }),
    );
    expect(head.split('\r\n')).toEqual([
      'POST /?image_format=jpg&output_type=pt&partial_postprocess=True&shape=1&shape=4096&shape=64&dtype=bfloat16&scaling_factor=0.3611&shift_factor=0.1159&height=1024&width=1024 HTTP/1.1',
      'connection: keep-alive',
      'user-agent: underpaint/0.1.0',
      'content-type: tensor/binary',
      'accept: tensor/binary',
      'content-length: 524288',
    ]);
  });

  it('encode of a PNG file for Flux', async () => {
    const { head, body } = await arriving(encodeImageRequest(PNG, FLUX));
    expect(head.split('\r\n')).toEqual([
      'POST /?scaling_factor=0.3611&shift_factor=0.1159 HTTP/1.1',
      'connection: keep-alive',
      'user-agent: underpaint/0.1.0',
      'accept: */*',
      'content-length: 8',
    ]);
    expect(body.equals(PNG)).toBe(true);
  });

  it('encode of pixels', async () => {
    const { head } = await arriving(encodeTensorRequest({ ...zeros(1, 3, 512, 768), dtype: 'float16' }, SD));
    expect(head.split('\r\n')).toEqual([
      'POST /?scaling_factor=0.18215&shape=1&shape=3&shape=512&shape=768&dtype=float16 HTTP/1.1',
      'connection: keep-alive',
      'user-agent: underpaint/0.1.0',
      'accept: */*',
      'content-length: 2359296',
    ]);
  });

  it('decode without scaling names no factor, and a PNG is asked for as one', () => {
    const request = decodeRequest({
      ...zeros(1, 4, 1, 1),
      dtype: 'float32',
      scale: null,
      outputType: 'pil',
      imageFormat: 'png',
    });
    expect(request.query).toBe(
      'image_format=png&output_type=pil&partial_postprocess=False&shape=1&shape=4&shape=1&shape=1&dtype=float32',
    );
    expect(request.headers['accept']).toBe('image/png');
  });

  it('writes numbers and text as Python does', () => {
    expect(
      pythonQuery({ a: 1e-5, b: 0.00001234, c: 0.476986, d: 'a b&c=ü+(1)', e: undefined, f: [1, 2], g: 20 }),
    ).toBe('a=1e-05&b=1.234e-05&c=0.476986&d=a+b%26c%3D%C3%BC%2B%281%29&f=1&f=2&g=20');
  });

  it('refuses packed latents with only one side, wrong shapes and unusable numbers before anything is sent', () => {
    const packed = { ...zeros(1, 4, 64), dtype: 'float16', scale: FLUX, outputType: 'pt' } as const;
    expect(() => decodeRequest({ ...packed, height: 32 })).toThrow('the height and the width');
    expect(() => decodeRequest(packed)).toThrow('the height and the width');
    expect(() => decodeRequest({ ...packed, shape: [1, 4, 8, 9] })).toThrow('does not hold 256 values');
    const data = Float32Array.of(0, NaN, 0, 0);
    expect(() => decodeRequest({ ...packed, data, shape: [1, 4, 1, 1] })).toThrow('NaN');
  });
});

describe('tensor bytes', () => {
  const values = Float32Array.of(1, -2);

  it.each([
    ['float16', '003c00c0'],
    ['bfloat16', '803f00c0'],
    ['float32', '0000803f000000c0'],
  ] as const)('%s of [1, -2]', (dtype, hex) => {
    expect(tensorToBytes(values, dtype).toString('hex')).toBe(hex);
    expect(bytesToTensor(Buffer.from(hex, 'hex'), dtype, [2]).data).toEqual(values);
  });

  it('uint8 stays bytes', () => {
    expect(tensorToBytes(Float32Array.of(0, 7, 255), 'uint8').toString('hex')).toBe('0007ff');
    expect(bytesToTensor(Buffer.from('0007ff', 'hex'), 'uint8', [3]).data).toEqual(Uint8Array.of(0, 7, 255));
  });

  it('bfloat16 rounds to nearest even and keeps infinities, NaN, subnormals and signs', () => {
    const cases: [number, number][] = [
      [1.00390625, 0x3f80],
      [1.01171875, 0x3f82],
      [3.4e38, 0x7f80],
      [Infinity, 0x7f80],
      [-Infinity, 0xff80],
      [-0, 0x8000],
      [1e-40, 0x0001],
    ];
    for (const [value, pattern] of cases) {
      expect(tensorToBytes(Float32Array.of(value), 'bfloat16').readUInt16LE(), String(value)).toBe(pattern);
    }
    expect(bytesToTensor(tensorToBytes(Float32Array.of(NaN), 'bfloat16'), 'bfloat16', [1]).data[0]).toBeNaN();
  });

  it('reads tensors that lie at an odd place, and every 16-bit pattern comes back as it was', () => {
    const odd = Buffer.concat([Buffer.alloc(1), tensorToBytes(values, 'float32')]).subarray(1);
    expect(bytesToTensor(odd, 'float32', [2]).data).toEqual(values);
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const bytes = Buffer.from(patterns.buffer);
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const { data } = bytesToTensor(bytes, dtype, [65536]);
      const back = new Uint16Array(new Uint8Array(tensorToBytes(data, dtype)).buffer);
      const isSame = patterns.every((pattern, i) => back[i] === pattern || Number.isNaN(data[i]));
      expect(isSame, dtype).toBe(true);
    }
  });
});

describe('Flux packing', () => {
  it('puts every cell where diffusers puts it, and back', () => {
    const latents = Float32Array.from({ length: 2 * 4 * 6 }, (_, i) => i);
    const packed = packLatents(latents, 2, 4, 6);
    // packed[y·3+x, c·4 + dy·2 + dx] = latent[c, 2y+dy, 2x+dx] for y=1, x=2, c=1, dy=1, dx=0: latent[1, 3, 4]
    expect(packed[(1 * 3 + 2) * 8 + 1 * 4 + 2]).toBe((1 * 4 + 3) * 6 + 4);
    expect(new Set(packed).size).toBe(latents.length);
    expect(unpackLatents(packed, 2, 4, 6)).toEqual(latents);
  });
});

describe('replies', () => {
  const good = {
    status: 200,
    headers: { shape: '[1,4, 2,2]', dtype: 'float32' },
    body: tensorToBytes(
      Float32Array.from({ length: 16 }, (_, i) => i),
      'float32',
    ),
  };

  it('reads a tensor by its headers', () => {
    const tensor = readTensorReply(good);
    expect(tensor.shape).toEqual([1, 4, 2, 2]);
    expect([...tensor.data]).toEqual([...Array(16).keys()]);
    expect(() => assertShape(tensor, [1, 4, 2, 2], [1, 8, 2, 2])).not.toThrow();
  });

  const bad: [string, Partial<typeof good>, string][] = [
    ['no headers', { headers: {} as typeof good.headers }, 'without the headers "shape" and "dtype"'],
    ['an unknown type', { headers: { ...good.headers, dtype: 'int4' } }, 'unknown type "int4"'],
    [
      'too few bytes',
      { body: good.body.subarray(4) },
      '60 bytes where the shape [1, 4, 2, 2] in float32 needs 64',
    ],
    [
      'a shape that is not JSON',
      { headers: { ...good.headers, shape: '1,4' } },
      'a shape that is not readable',
    ],
    ['a negative shape', { headers: { ...good.headers, shape: '[1,-4]' } }, 'a shape that is not readable'],
    ['NaN', { body: Buffer.alloc(64, 0xff) }, 'NaN'],
  ];
  it.each(bad)('refuses %s', (_name, change, message) => {
    expect(() => readTensorReply({ ...good, ...change })).toThrow(message);
  });

  it('refuses another shape than the expected one', () => {
    expect(() => assertShape(readTensorReply(good), [1, 4, 4, 4])).toThrow(
      'a tensor of the shape [1, 4, 2, 2] where [1, 4, 4, 4] was expected',
    );
  });

  it('tells picture files by their first bytes', () => {
    expect(
      ['ffd8ff', '89504e470d0a1a0a', '474946383961', '424d', '00'].map((hex) =>
        imageTypeOf(Buffer.from(hex, 'hex')),
      ),
    ).toEqual(['jpeg', 'png', 'gif', 'bmp', 'unknown']);
  });

  it('finds the words in an error, whatever it is written in', () => {
    const text = (body: string): string => errorTextOf({ status: 500, headers: {}, body: Buffer.from(body) });
    expect(text('{"error":"503 Service Unavailable"}')).toBe('503 Service Unavailable');
    expect(text('{"detail":[{"loc":1}]}')).toBe('[{"loc":1}]');
    expect(text('<html><style>p{}</style><h1>Bad\n gateway</h1></html>')).toBe('Bad gateway');
    expect(text('')).toBe('');
  });
});
