/** What diffusers' own `remote_encode` and `remote_decode` sent (test/interop/record_remote.py) is answered as it was when they were content. */
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodePictureBytes } from '../../../main/engine/image/read';
import { ModelCache } from '../../../main/engine/model/loaded-model';
import { readTensorReply, type WireReply } from '../../../main/engine/remote/wire-reply';
import { HybridServer, SERVE_DEFAULTS } from '../../../main/engine/serve/server';
import { goldenModel, maxDifference } from '../../support/golden';
import { useTemporaryHome } from '../../support/temporary-home';

useTemporaryHome();

const trafficSchema = z.object({
  calls: z.array(
    z.object({
      request: z.object({
        method: z.string(),
        path: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.base64(),
      }),
      reply: z.object({
        status: z.number(),
        headers: z.record(z.string(), z.string().nullable()),
        body: z.base64(),
      }),
    }),
  ),
});
type RecordedCall = z.infer<typeof trafficSchema>['calls'][number];

/** Sends a recorded request, header for header. */
function replay(url: string, { request }: RecordedCall): Promise<WireReply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${url}${request.path}`,
      { method: request.method, headers: request.headers },
      (response) => {
        const parts: Buffer[] = [];
        response
          .on('data', (part: Buffer) => parts.push(part))
          .on('error', reject)
          .on('end', () => {
            const headers = Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
            );
            resolve({ status: response.statusCode ?? 0, headers, body: Buffer.concat(parts) });
          });
      },
    );
    sent.on('error', reject);
    sent.end(Buffer.from(request.body, 'base64'));
  });
}

describe.each([
  ['sd1', 'sd1-onnx'],
  ['sdxl', 'sdxl'],
  ['flux', 'flux-schnell'],
])('diffusers against a served %s model', (name, model) => {
  const file = join(import.meta.dirname, '..', '..', 'interop', 'traffic', `${name}.json`);
  const { calls } = trafficSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const models = new ModelCache();
  let server: HybridServer;
  let url = '';
  beforeAll(async () => {
    server = new HybridServer(await models.load(goldenModel(model), 'cpu'), {
      host: '127.0.0.1',
      port: 0,
      token: null,
      ...SERVE_DEFAULTS,
      log: () => undefined,
    });
    url = await server.start();
  });
  afterAll(async () => {
    await server.stop();
    await models.release();
  });

  it.each(
    calls.map((call, index): [string, RecordedCall] => [`${index} ${call.request.path.slice(0, 90)}`, call]),
  )('%s', async (_path, call) => {
    const { reply } = call;
    const answer = await replay(url, call);
    expect(answer.status).toBe(reply.status);
    for (const header of ['content-type', 'shape', 'dtype']) {
      expect(answer.headers[header] ?? null, header).toBe(reply.headers[header] ?? null);
    }
    const body = Buffer.from(reply.body, 'base64');
    if (reply.status !== 200) expect(answer.body.toString()).toBe(body.toString());
    else if (reply.headers['dtype'] === null) {
      const [now, then] = await Promise.all(
        [answer.body, body].map((bytes) => decodePictureBytes(bytes, 'reply')),
      );
      expect(maxDifference(now?.rgb ?? [], then?.rgb ?? [])).toBeLessThanOrEqual(2);
    } else {
      const headers = { shape: reply.headers['shape'] ?? '', dtype: reply.headers['dtype'] ?? '' };
      const then = readTensorReply({ status: 200, headers, body });
      const bound = then.dtype === 'uint8' ? 1 : 0.01;
      expect(maxDifference(readTensorReply(answer).data, then.data)).toBeLessThanOrEqual(bound);
    }
  });
});
