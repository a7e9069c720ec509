/** Asks an endpoint whether it is there; nothing of the person's work goes out with the question. */
import { z } from 'zod';
import { normalAddress } from '../../../shared/network';
import type { Network } from './network';
import { parseJson } from '../parse-json';

/** Health is a small question. */
const TEST_WITHIN_MS = 15_000;

const healthSchema = z.object({
  status: z.string(),
  model: z.object({ name: z.string(), family: z.string(), revision: z.string() }).optional(),
});

export interface EndpointHealth {
  readonly url: string;
  readonly ms: number;
  /** What it serves, where it tells: name, family and revision. */
  readonly model: { readonly name: string; readonly family: string; readonly revision: string } | null;
}

/** Throws `EndpointError` when it does not answer, `AppError` when the network may not be used. */
export async function testEndpoint(
  network: Network,
  url: string,
  signal: AbortSignal,
): Promise<EndpointHealth> {
  const startedAt = performance.now();
  const base = new URL(url);
  const answer = await network.send({
    url: normalAddress(base.origin),
    path: '/health',
    stage: 'test',
    kinds: [],
    request: { method: 'GET', query: '', headers: { accept: '*/*' }, body: Buffer.alloc(0) },
    signal,
    onNotice: () => undefined,
    maxReplyBytes: 64 * 1024,
    totalMs: () => TEST_WITHIN_MS,
  });
  // Hugging Face's endpoints answer a plain "Ok".
  const health = healthSchema.safeParse(parseJson(answer.body.toString('utf8')));
  return {
    url: normalAddress(url),
    ms: performance.now() - startedAt,
    model: health.data?.model ?? null,
  };
}
