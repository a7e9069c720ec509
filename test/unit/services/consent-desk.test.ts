/** The question before a job begins: one after the other, each answer holds for what it says, nothing starts without one. */
import { describe, expect, it } from 'vitest';
import { ConsentDesk } from '../../../main/services/consent-desk';
import type { EngineParams } from '../../../main/services/engine-host';
import type { EventOf } from '../../../shared/contract';
import { generationSettingsSchema } from '../../../shared/generation';
import type { ConsentQuestion } from '../../../shared/network-view';

const STUDIO = 'http://studio:8765';
const wanted = generationSettingsSchema.parse({ prompt: '', encode: 'remote', decode: 'remote' });
const question = (stage: ConsentQuestion['stage'], kinds: ConsentQuestion['kinds']): ConsentQuestion => ({
  stage,
  url: STUDIO,
  kinds,
});

/** A desk whose engine needs these answers. */
function desk(needed: ConsentQuestion[]) {
  const asked: EventOf<'consent.asked'>[] = [];
  const changes: EngineParams['network.change'][] = [];
  const requests: string[] = [];
  const made = new ConsentDesk({
    engine: {
      request: async (method, params) => {
        requests.push(method);
        if (method === 'network.change') changes.push(params as EngineParams['network.change']);
        return needed as never;
      },
    },
    ask: (one) => asked.push(one),
  });
  return { made, asked, changes, requests };
}

describe('consent', () => {
  it('is not asked for when everything stays here', async () => {
    const { made, requests } = desk([]);
    const settings = generationSettingsSchema.parse({ prompt: '' });
    await expect(made.settle(settings)).resolves.toEqual({ settings, allowedOnce: [] });
    expect(requests).toEqual([]);
  });

  it("is asked per address and kind, one question at a time; always is kept, once is the job's, local stays here", async () => {
    const { made, asked, changes } = desk([
      question('encode', ['picture']),
      question('generate', ['latent', 'prompt']),
      question('decode', ['latent']),
    ]);
    const settled = made.settle(wanted);
    await expect.poll(() => asked.length).toBe(1);
    made.answer(asked[0]!.id, 'local');
    await expect.poll(() => asked.length).toBe(2);
    made.answer(asked[0]!.id, 'always'); // too late for the first
    made.answer(asked[1]!.id, 'always');
    // Decode needs nothing more than what generate was just allowed.
    await expect(settled).resolves.toEqual({
      settings: { ...wanted, encode: 'local' },
      allowedOnce: [{ url: STUDIO, kinds: ['latent', 'prompt'] }],
    });
    expect(asked.map(({ stage }) => stage)).toEqual(['encode', 'generate']);
    expect(changes).toEqual([
      { change: { kind: 'allow', url: STUDIO, data: ['latent', 'prompt'], isAllowed: true } },
    ]);
  });

  it('once changes no settings; a page that begins anew, or Escape, starts nothing', async () => {
    const { made, asked, changes } = desk([question('decode', ['latent'])]);
    const once = made.settle(wanted);
    await expect.poll(() => asked.length).toBe(1);
    made.answer(asked[0]!.id, 'once');
    await expect(once).resolves.toMatchObject({ allowedOnce: [{ url: STUDIO, kinds: ['latent'] }] });
    expect(changes).toEqual([]);
    const lost = made.settle(wanted);
    await expect.poll(() => asked.length).toBe(2);
    made.reset();
    await expect(lost).rejects.toMatchObject({ code: 'cancelled' });
  });
});
