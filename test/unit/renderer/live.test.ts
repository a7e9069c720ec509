/** Live mode of the page: which settings a quick picture gets, and that the newest wish is the only one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../renderer/state/app';
import { liveSettings } from '../../../renderer/state/live';
import type { LivePicture } from '../../../shared/live';
import { fail, ok } from '../../../shared/result';
import { createPageBridge } from '../../support/page-bridge';
import { appState, job, settings, STARTER } from './samples';

const PICTURE: LivePicture = {
  id: 'live-1',
  url: 'app://x',
  width: 64,
  height: 64,
  seed: 5,
  stepsRun: 4,
  ms: 9,
};

const open = async () => {
  const page = createPageBridge(appState());
  const app = createApp(page.bridge);
  await app.actions.load();
  await vi.advanceTimersByTimeAsync(0);
  const sent = (name: string) => page.calls.filter((call) => call.name === name).map((call) => call.payload);
  return { ...page, ...app, sent, live: () => app.store.getState().live };
};

describe('settings of a quick picture', () => {
  it('run few steps with one seed, and leave a few-step model and an own choice alone', () => {
    expect(liveSettings(settings({ count: 4, seed: null }), STARTER, 77)).toMatchObject({
      steps: 7, // of which 7 × 0.6 = 4 run
      seed: 77,
      count: 1,
    });
    expect(liveSettings(settings({ seed: 5, strength: 1 }), STARTER, 77)).toMatchObject({
      steps: 4,
      seed: 5,
    });
    expect(liveSettings(settings({ steps: 3 }), STARTER, 1)).toMatchObject({ steps: 3 });
    const lcm = { ...STARTER, stepRule: 'all', defaults: { ...STARTER.defaults, steps: 4 } } as const;
    expect(liveSettings(settings(), lcm, 1)).toMatchObject({ steps: 4 });
  });
});

describe('live mode', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is off at first, and asks once what decides the picture rests', async () => {
    const { actions, sent, live } = await open();
    actions.changeSettings({ strength: 0.5 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('livePaint')).toEqual([]);
    actions.switchLive();
    await vi.advanceTimersByTimeAsync(150);
    expect(sent('livePaint')).toHaveLength(1);
    for (const strength of [0.6, 0.7, 0.8]) {
      actions.changeSettings({ strength });
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(150);
    expect(sent('livePaint')).toHaveLength(2);
    actions.addMark({ kind: 'all' });
    await vi.advanceTimersByTimeAsync(150);
    expect(sent('livePaint')[2]).toMatchObject({ marks: [{ kind: 'all' }], maxPixels: 256 * 256 });
    const seeds = sent('livePaint').map((request) => Reflect.get(Object(request), 'settings').seed);
    expect(new Set(seeds).size).toBe(1);
    expect(live().picture?.id).toMatch(/^live-/);
    actions.switchLive();
    expect(live().picture).toBeNull();
  });

  it('gives up the one in work for a newer one, and never shows the older', async () => {
    const { actions, answer, sent, live } = await open();
    const answers: (() => void)[] = [];
    answer('livePaint', () => {
      const id = `live-${answers.length}`;
      return new Promise((done) => answers.push(() => done(ok({ ...PICTURE, id }))));
    });
    actions.switchLive();
    await vi.advanceTimersByTimeAsync(150);
    actions.addMark({ kind: 'all' });
    expect(sent('liveStop')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(150);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(live().picture).toBeNull();
    answers[1]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(live().picture?.id).toBe('live-1');
  });

  it('pauses while the window is hidden, waits for the queue, and goes on', async () => {
    const { actions, sent, tell, live } = await open();
    actions.switchLive();
    await vi.advanceTimersByTimeAsync(150);
    tell('window.shown', { isShown: false });
    actions.changeSettings({ strength: 0.9 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('livePaint')).toHaveLength(1);
    expect(live().status).toBe('paused');
    tell('window.shown', { isShown: true });
    await vi.advanceTimersByTimeAsync(150);
    expect(sent('livePaint')).toHaveLength(2);
    tell('job.changed', job({ state: 'running' }));
    expect(live().status).toBe('waiting');
    actions.changeSettings({ strength: 0.3 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('livePaint')).toHaveLength(2);
    tell('job.changed', job({ state: 'done' }));
    await vi.advanceTimersByTimeAsync(150);
    expect(sent('livePaint')).toHaveLength(3);
    // Where nothing has changed meanwhile, the picture is still the right one.
    tell('window.shown', { isShown: false });
    expect(live().status).toBe('paused');
    tell('window.shown', { isShown: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('livePaint')).toHaveLength(3);
    expect(live().status).toBe('idle');
  });

  it('says what went wrong, and tries again at the next change only', async () => {
    const { actions, answer, sent, live } = await open();
    answer('livePaint', async () => fail({ code: 'out-of-memory', message: 'Too large.' }));
    actions.switchLive();
    await vi.advanceTimersByTimeAsync(2000);
    expect(live().error?.message).toBe('Too large.');
    expect(sent('livePaint')).toHaveLength(1);
    answer('livePaint', async () => ok(PICTURE));
    actions.changeSettings({ strength: 0.3 });
    await vi.advanceTimersByTimeAsync(150);
    expect(live()).toMatchObject({ error: null, picture: PICTURE });
  });
});
