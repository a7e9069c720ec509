/** The page's actions over a bridge: what is sent, when, and what an answer does. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../renderer/state/app';
import { fail, ok } from '../../../shared/result';
import { createPageBridge } from '../../support/page-bridge';
import { appState, job, result, settings, STARTER } from './samples';

const open = async (patch: Parameters<typeof appState>[0] = {}) => {
  const page = createPageBridge(appState(patch));
  const app = createApp(page.bridge);
  await app.actions.load();
  const sent = (name: string) => page.calls.filter((call) => call.name === name).map((call) => call.payload);
  return { ...page, ...app, sent };
};

describe('the page', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('remembers the form once the person pauses, and at once when the page goes away', async () => {
    const { actions, sent } = await open();
    expect(sent('draftSave')).toEqual([]);
    actions.changeSettings({ prompt: 'a' });
    actions.changeSettings({ prompt: 'ab' });
    await vi.advanceTimersByTimeAsync(299);
    expect(sent('draftSave')).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent('draftSave')).toMatchObject([{ settings: { prompt: 'ab' } }]);
    actions.changeSettings({ prompt: 'abc' });
    void actions.flushDraft();
    expect(sent('draftSave')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('draftSave')).toHaveLength(2);
  });

  it('keeps what was just typed before the window closes', async () => {
    const { actions, sent, answer, tell } = await open();
    let save: () => void = () => undefined;
    answer('draftSave', () => new Promise((resolve) => (save = () => resolve(ok(null)))));
    actions.changeSettings({ prompt: 'last words' });
    tell('window.closing', {});
    await vi.advanceTimersByTimeAsync(0);
    expect(sent('draftSave')).toMatchObject([{ settings: { prompt: 'last words' } }]);
    expect(sent('windowClose')).toEqual([]);
    save();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent('windowClose')).toHaveLength(1);
  });

  it('keeps what is typed without a pause, too', async () => {
    const { actions, sent } = await open();
    for (let letters = 1; letters <= 30; letters += 1) {
      actions.changeSettings({ prompt: 'a'.repeat(letters) });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(sent('draftSave')).toMatchObject([{ settings: { prompt: 'a'.repeat(20) } }]);
    await vi.advanceTimersByTimeAsync(200);
    expect(sent('draftSave').at(-1)).toMatchObject({ settings: { prompt: 'a'.repeat(30) } });
  });

  it('asks for results and whatever needs the engine only once the window is drawn', async () => {
    const { bridge, calls } = createPageBridge(appState({ results: null }));
    let draw: () => void = () => undefined;
    const app = createApp(bridge, new Promise((done) => (draw = done)));
    await app.actions.load();
    await vi.advanceTimersByTimeAsync(5000);
    const later = ['resultsRead', 'networkRead', 'promptCountTokens', 'planMake'];
    const asked = () => calls.map(({ name }) => name).filter((name) => later.includes(name));
    expect(asked()).toEqual([]);
    draw();
    await vi.advanceTimersByTimeAsync(0);
    expect(new Set(asked())).toEqual(new Set(later));
    expect(app.store.getState().areResultsRead).toBe(true);
  });

  it('drops a token count that comes too late', async () => {
    const { actions, store, answer } = await open();
    const answers: ((tokens: number) => void)[] = [];
    answer(
      'promptCountTokens',
      () => new Promise((resolve) => answers.push((tokens) => resolve(ok({ tokens, limit: 75 })))),
    );
    await vi.advanceTimersByTimeAsync(250);
    actions.changeSettings({ prompt: 'longer words' });
    await vi.advanceTimersByTimeAsync(250);
    answers[1]?.(9);
    await vi.advanceTimersByTimeAsync(0);
    answers[0]?.(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.getState().tokenCount).toEqual({ tokens: 9, limit: 75 });
  });

  it('asks where the stages would run when what decides it rests, and again after a job', async () => {
    const { actions, store, answer, sent, tell } = await open();
    const planned = {
      stage: 'decode',
      where: 'local',
      device: 'gpu',
      provider: 'webgpu',
      tiled: true,
      tilePx: 512,
      memoryBytes: 2e9,
      ms: 900,
      reason: 'the graphics card has room for it',
      problem: null,
    } as const;
    const whole = { left: 0, top: 0, width: 640, height: 480 };
    const fit = { input: { width: 640, height: 480 }, source: whole, content: whole };
    answer('planMake', async () => ok({ width: 640, height: 480, fit, stages: [planned] }));
    actions.changeSettings({ device: 'gpu' });
    await vi.advanceTimersByTimeAsync(200);
    actions.changeSettings({ size: { width: 512, height: 512 } });
    await vi.advanceTimersByTimeAsync(299);
    expect(sent('planMake')).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent('planMake')).toMatchObject([
      { sourceId: 'sketch', settings: { device: 'gpu', size: { width: 512, height: 512 } } },
    ]);
    expect(store.getState().plan?.stages).toEqual([planned]);
    // The words of the prompt decide nothing.
    actions.changeSettings({ prompt: 'another' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('planMake')).toHaveLength(1);
    await actions.generate();
    tell('job.changed', job({ id: 'job-1', state: 'running' }));
    actions.changeSettings({ decode: 'local' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent('planMake')).toHaveLength(1);
    tell('job.changed', job({ id: 'job-1', state: 'done' }));
    await vi.advanceTimersByTimeAsync(300);
    expect(sent('planMake')).toHaveLength(2);
  });

  it('sends one job for two quick presses, with the seed only when it is locked', async () => {
    const { actions, sent } = await open();
    await Promise.all([actions.generate(), actions.generate()]);
    expect(sent('jobStart')).toMatchObject([
      { sourceId: 'sketch', settings: { seed: null, prompt: 'a house' } },
    ]);
  });

  it('asks for the prompt inside its style, and counts the words that are asked for', async () => {
    const { actions, sent, store } = await open();
    actions.chooseStyle({ name: 'Ink', prompt: '{prompt}, ink', negativePrompt: 'photo' });
    await vi.advanceTimersByTimeAsync(250);
    expect(sent('promptCountTokens').at(-1)).toMatchObject({ prompt: 'a house, ink' });
    await actions.generate();
    expect(sent('jobStart')).toMatchObject([
      {
        settings: {
          prompt: 'a house, ink',
          negativePrompt: 'photo',
          style: { typed: { prompt: 'a house' } },
        },
      },
    ]);
    expect(store.getState().draft.settings).toMatchObject({ prompt: 'a house', style: { typed: null } });
    await actions.removeStyle('Ink');
    expect(store.getState().draft.settings.style).toBeNull();
  });

  it('keeps the prompt that another one replaces', async () => {
    const { actions, sent, store } = await open();
    await actions.takePrompt({ prompt: 'a hill', negativePrompt: 'fog' });
    expect(store.getState().draft.settings).toMatchObject({ prompt: 'a hill', negativePrompt: 'fog' });
    expect(sent('promptsRemember')).toEqual([{ prompt: 'a house', negativePrompt: '' }]);
  });

  it('makes a result the input, with its settings but another seed', async () => {
    const style = {
      name: 'Ink',
      prompt: '{prompt}, ink',
      negativePrompt: '',
      typed: { prompt: 'a hill', negativePrompt: '' },
    };
    const made = result({
      seed: 99,
      settings: { ...settings({ prompt: 'a hill, ink', steps: 4 }), style, count: 3 },
    });
    const { actions, store, sent } = await open({ results: [made] });
    await actions.makeResultInput();
    expect(store.getState()).toMatchObject({
      source: { id: 'from-result-1' },
      draft: { settings: { prompt: 'a house' } },
    });
    await actions.makeResultInput(true);
    expect(store.getState().draft).toMatchObject({
      settings: { prompt: 'a hill', style: { name: 'Ink', typed: null }, steps: 4, count: 1 },
      isSeedLocked: false,
    });
    expect(sent('sourceUseResult')).toHaveLength(2);
  });

  it('says that there is nothing to paste, and why something could not be copied', async () => {
    const { actions, store, answer } = await open({ results: [result()] });
    await actions.pasteFromSystem();
    expect(store.getState()).toMatchObject({
      notice: { key: 'nothingToPaste' },
      isImporting: false,
      source: { id: 'sketch' },
    });
    answer('resultCopy', async () => fail({ code: 'input', message: 'It is gone.' }));
    await actions.copyResult('file');
    expect(store.getState().problem?.error.message).toBe('It is gone.');
  });

  it('locks the seed of the shown result', async () => {
    const { actions, store } = await open({ results: [result({ seed: 99 })] });
    actions.toggleSeedLock();
    expect(store.getState().draft).toMatchObject({ isSeedLocked: true, settings: { seed: 99 } });
    actions.toggleSeedLock();
    expect(store.getState().draft.isSeedLocked).toBe(false);
  });

  it('keeps what quick events already told when the answer comes after them', async () => {
    const { actions, store, answer, tell } = await open();
    answer('jobStart', async () => {
      tell('job.changed', job({ id: 'quick', state: 'queued' }));
      tell('job.changed', job({ id: 'quick', state: 'done' }));
      return ok(job({ id: 'quick', state: 'queued' }));
    });
    await actions.generate();
    expect(store.getState().runs['quick']?.view.state).toBe('done');
    expect(store.getState().isStarting).toBe(false);
  });

  it('shows why a job was refused and lets it be tried again', async () => {
    const { actions, store, answer, sent } = await open();
    answer('jobStart', async () => fail({ code: 'disk-full', message: 'The disk is full.' }));
    await actions.generate();
    expect(store.getState()).toMatchObject({ isStarting: false, problem: { error: { code: 'disk-full' } } });
    await actions.retry();
    expect(sent('jobStart')).toHaveLength(2);
  });

  it('goes over to the CPU: chooses it, drops the failed job, starts anew', async () => {
    const { actions, tell, sent } = await open();
    await actions.generate();
    const error = { code: 'out-of-memory', message: 'The card is full.' } as const;
    tell('job.changed', job({ id: 'job-1', state: 'failed', error, canResume: true }));
    await actions.switchToCpu();
    expect(sent('jobDiscard')).toEqual([{ jobId: 'job-1' }]);
    expect(sent('jobStart')).toMatchObject([
      { settings: { device: 'auto' } },
      { settings: { device: 'cpu' } },
    ]);
  });

  it('keeps the picture when another one cannot be read', async () => {
    const { actions, store, answer } = await open();
    answer('importFile', async () => fail({ code: 'input', message: 'broken.jpg is damaged.' }));
    await actions.importFile(new File(['x'], 'broken.jpg'));
    expect(store.getState()).toMatchObject({
      isImporting: false,
      source: { id: 'sketch' },
      problem: { origin: 'source', error: { message: 'broken.jpg is damaged.' } },
    });
  });

  it('sends the bytes of a pasted picture', async () => {
    const { actions, sent } = await open();
    await actions.importPasted(new File([new Uint8Array([1, 2, 3])], 'image.png'));
    expect(sent('sourceImportBytes')).toEqual([{ name: 'image.png', bytes: new Uint8Array([1, 2, 3]) }]);
  });

  it('sends the chosen LoRAs with their strengths, and knows which there are', async () => {
    const { actions, store, answer, sent } = await open();
    answer('loraList', async () => ok(['ink', 'oil']));
    await actions.listLoras();
    expect(store.getState().loras).toEqual(['ink', 'oil']);
    actions.changeSettings({ loras: [{ lora: 'ink', strength: 0.8 }] });
    await actions.generate();
    expect(sent('jobStart')).toMatchObject([{ settings: { loras: [{ lora: 'ink', strength: 0.8 }] } }]);
  });

  it('confirms what was saved for a moment', async () => {
    const { actions, store } = await open({ results: [result()] });
    await actions.saveResult();
    expect(store.getState().notice).toEqual({ key: 'saved', values: { path: '/pictures/result.png' } });
    await vi.advanceTimersByTimeAsync(8000);
    expect(store.getState().notice).toBeNull();
  });

  it('does nothing more when a dialog is closed', async () => {
    const { actions, store, answer } = await open({ results: [result()] });
    answer('resultSave', async () => ok(null));
    await actions.saveResult();
    await actions.openModel();
    expect(store.getState()).toMatchObject({ notice: null, problem: null, models: [STARTER] });
  });
});
