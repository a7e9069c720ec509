/** `underpaint serve` and our own client: a job on endpoints makes the picture that the same job makes here. */
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../main/engine/image/read';
import { maxDifference, readCase, withFolder } from '../../support/golden';
import { runJob, type RunResult } from '../../support/run-job';
import { accessTo, serveModel } from '../../support/served';
import { smallJob } from '../../support/settings';
import { useTemporaryHome } from '../../support/temporary-home';
import type { GenerationSettings } from '../../../shared/generation';
import type { RemoteAccess } from '../../../main/engine/remote/places';
import { rawServer } from '../../support/raw-server';

useTemporaryHome();
const { inputPath } = readCase('sd1-euler');

interface Made extends RunResult {
  /** All pictures, one after the other. */
  readonly rgb: Buffer;
}

async function make(changes: Partial<GenerationSettings>, remote?: RemoteAccess): Promise<Made> {
  let made: Made | null = null;
  await withFolder(async (folder) => {
    const result = await runJob({ folder, inputPath, settings: smallJob(changes), context: { remote } });
    const pictures = await Promise.all(result.report.outputs.map(({ path }) => readPicture(path)));
    made = { ...result, rgb: Buffer.concat(pictures.map(({ rgb }) => rgb)) };
  });
  if (made === null) throw new Error('nothing was made');
  return made;
}

const placesOf = ({ report }: Made): string[] => report.stages.map(({ stage, where }) => `${stage} ${where}`);
const stepsOf = ({ progress }: Made): number[] =>
  progress.flatMap((event) => (event.kind === 'step' ? [event.step] : []));

describe('a job on endpoints', () => {
  it('makes the same picture with remote encode and decode as here, and says what left', async () => {
    const { url, lines } = await serveModel();
    const access = accessTo({ encode: url, decode: url });
    const here = await make({});
    const there = await make({ encode: 'remote', decode: 'remote' }, access);
    expect(maxDifference(there.rgb, here.rgb)).toBeLessThanOrEqual(1);
    expect(placesOf(there)).toEqual(['encode remote', 'generate local', 'decode remote']);
    expect(lines.map((line) => line.replace(/\d+ ms/, 'ms'))).toEqual(['POST / 200 ms', 'POST / 200 ms']);
    const [encode, generate, decode] = there.report.stages;
    expect([encode, generate, decode].map((stage) => stage?.bytesSent)).toEqual([
      access.ledger.find(({ stage }) => stage === 'encode')?.bytesSent,
      0,
      access.ledger.find(({ stage }) => stage === 'decode')?.bytesSent,
    ]);
    expect(encode).toMatchObject({ device: 'none', provider: null, reason: `the endpoint ${url}` });
    expect(access.ledger.map(({ stage, kinds, outcome }) => [stage, kinds, outcome])).toEqual([
      ['encode', ['picture'], 'ok'],
      ['decode', ['latent'], 'ok'],
    ]);
  });

  it.each(['euler', 'euler-ancestral', 'dpmpp-2m', 'pndm'] as const)(
    'generates the same latents there with %s',
    async (scheduler) => {
      const { url, lines } = await serveModel();
      const settings = { scheduler, negativePrompt: 'rain & fog' } as const;
      const here = await make(settings);
      const there = await make({ ...settings, generate: 'remote' }, accessTo({ generate: url }));
      expect(maxDifference(there.rgb, here.rgb)).toBe(0);
      expect(placesOf(there)).toEqual(['encode local', 'generate remote', 'decode local']);
      expect(stepsOf(there)).toEqual(stepsOf(here));
      expect(lines.join()).toContain('POST /generate 200');
    },
  );

  it('asks nothing of an endpoint for what it still knows, and counts pictures up like here', async () => {
    const { url } = await serveModel();
    const access = accessTo({ encode: url, generate: url, decode: url });
    const all = { encode: 'remote', generate: 'remote', decode: 'remote' } as const;
    const there = await make({ ...all, count: 2 }, access);
    expect(access.ledger.map(({ stage }) => stage)).toEqual([
      'encode',
      'generate',
      'decode',
      'generate',
      'decode',
    ]);
    expect(maxDifference(there.rgb, (await make({ count: 2 })).rgb)).toBeLessThanOrEqual(1);
  });
});

describe('an endpoint that dies', () => {
  it('in the middle of generate: no step is repeated, the rest runs here, the picture is the same', async () => {
    const { url } = await serveModel();
    const { hostname, port } = new URL(url);
    // Hands two steps through and then breaks the connection.
    let steps = 0;
    const { connect } = await import('node:net');
    const relay = await rawServer((socket, request) => {
      const upstream = connect(Number(port), hostname);
      upstream.write(`${request.head}\r\n\r\n`);
      upstream.write(request.body);
      let text = '';
      upstream
        .on('error', () => undefined)
        .on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          steps = text.split('event: step').length - 1;
          socket.write(chunk);
          if (steps >= 2 && text.endsWith('\n\n\r\n')) {
            upstream.destroy();
            setTimeout(() => socket.resetAndDestroy(), 20);
          }
        });
    });
    const settings = { steps: 10, strength: 0.5, scheduler: 'dpmpp-2m' } as const;
    const here = await make(settings);
    const there = await make({ ...settings, generate: 'remote' }, accessTo({ generate: relay.url }));
    expect(stepsOf(there)).toEqual([1, 2, 3, 4, 5]);
    expect(maxDifference(there.rgb, here.rgb)).toBe(0);
    expect(there.report.notices.join()).toMatch(
      /broke the connection.* The generate stage goes on on this machine\./,
    );
    expect(relay.requests).toHaveLength(1);
  });

  it('before decode: the latents are kept and decoded here; without a fallback it is exit code 5', async () => {
    const server = await rawServer((socket) => socket.resetAndDestroy());
    const there = await make({ decode: 'remote' }, accessTo({ decode: server.url }));
    expect(placesOf(there)).toEqual(['encode local', 'generate local', 'decode local']);
    expect(stepsOf(there)).toEqual([1, 2]);
    expect(there.report.stages[2]?.bytesSent).toBe(server.bytesReceived);
    await expect(
      make({ decode: 'remote' }, accessTo({ decode: server.url }, { mayFallBack: false })),
    ).rejects.toMatchObject({
      code: 'endpoint',
      message: expect.stringContaining('broke the connection'),
    });
  });
});
