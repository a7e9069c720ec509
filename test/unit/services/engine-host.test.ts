/** The engine host against a child that dies, hangs, and talks nonsense. */
import { constants, getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { EngineHost, type EngineHostOptions } from '../../../main/services/engine-host';

const enginePath = fileURLToPath(new URL('../../support/fake-engine.mjs', import.meta.url));
const hosts: EngineHost[] = [];

function makeHost(env: Record<string, string> = {}, options: Partial<EngineHostOptions> = {}): EngineHost {
  const host = new EngineHost({
    nodePath: () => process.execPath,
    enginePath,
    env,
    log: () => {},
    ...options,
  });
  hosts.push(host);
  return host;
}

const count = (host: EngineHost, prompt: string): Promise<{ tokens: number }> =>
  host.request('prompt.count-tokens', { prompt, model: null });

/** An img2img request, which the fake engine only ends when it is cancelled. */
const paint = (
  host: EngineHost,
  signal: AbortSignal,
  onProgress: (message: string) => void = () => {},
): Promise<unknown> =>
  host.request(
    'img2img',
    {
      inputPath: '/in.png',
      settings: { prompt: 'a boat' },
      outputFolder: '/out',
      outputName: 'job',
      jobFolder: '/job',
      previews: true,
    },
    {
      signal,
      onProgress: (progress) => onProgress(progress.kind === 'notice' ? progress.message : progress.kind),
    },
  );

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries++) await sleep(25);
  expect(condition()).toBe(true);
}

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

describe('EngineHost', () => {
  it('starts the engine at the first request and matches answers to requests', async () => {
    const host = makeHost();
    expect(host.pid).toBeNull();
    const answers = await Promise.all([count(host, 'four'), count(host, 'seventh'), count(host, 'pid')]);
    expect(answers.map((answer) => answer.tokens)).toEqual([4, 7, host.pid]);
  });

  it('lets an engine that yields, and only that, stand back behind the window', async () => {
    const own = getPriority();
    const [painter, reader] = [makeHost({}, { isYielding: true }), makeHost()];
    await Promise.all([count(painter, 'one'), count(reader, 'one')]);
    expect(getPriority(painter.pid ?? 0)).toBe(Math.max(own, constants.priority.PRIORITY_BELOW_NORMAL));
    expect(getPriority(reader.pid ?? 0)).toBe(own);
  });

  it('passes only the given environment on', async () => {
    const { tokens } = await count(makeHost({ UNDERPAINT_HOME: '/h' }), 'environment');
    // UNDERPAINT_HOME, NODE_CHANNEL_FD and NODE_CHANNEL_SERIALIZATION_MODE; macOS adds one of its own.
    expect(tokens).toBeLessThanOrEqual(4);
  });

  it("hands on the engine's own error", async () => {
    await expect(count(makeHost(), 'refuse')).rejects.toMatchObject({ code: 'input', message: 'No.' });
  });

  it('refuses an answer that is not what the method answers', async () => {
    const host = makeHost();
    await expect(count(host, 'bad answer')).rejects.toMatchObject({ code: 'internal' });
    await expect(count(host, 'bad envelope')).rejects.toMatchObject({ code: 'internal' });
    expect((await count(host, 'still here')).tokens).toBe(10);
  });

  it('drops garbage and goes on', async () => {
    expect((await count(makeHost(), 'garbage first')).tokens).toBe(13);
  });

  it('reads an answer that was sent just before the end', async () => {
    expect((await count(makeHost(), 'answer and die')).tokens).toBe(7);
  });

  it('fails what runs when the engine dies, and starts it again for the next request', async () => {
    const host = makeHost();
    const running = paint(host, new AbortController().signal);
    running.catch(() => {});
    await expect(count(host, 'die')).rejects.toMatchObject({ code: 'engine-died' });
    await expect(running).rejects.toMatchObject({
      code: 'engine-died',
      message: expect.stringContaining('134'),
    });
    expect((await count(host, 'again')).tokens).toBe(5);
  });

  it('names memory when the system ended the engine, and keeps what it wrote last', async () => {
    await expect(count(makeHost(), 'out of memory')).rejects.toMatchObject({
      message: expect.stringContaining('memory'),
    });
    await expect(count(makeHost(), 'complain and die')).rejects.toMatchObject({
      details: expect.stringContaining('the reason is written here'),
    });
  });

  it('gives up after three deaths, until the person tries again', async () => {
    const host = makeHost();
    for (let death = 0; death < 3; death++)
      await expect(count(host, 'die')).rejects.toMatchObject({ code: 'engine-died' });
    await expect(count(host, 'hello')).rejects.toMatchObject({
      code: 'engine-died',
      message: expect.stringContaining('3 times'),
    });
    expect(host.pid).toBeNull();
    host.tryAgain();
    expect((await count(host, 'hello')).tokens).toBe(5);
    expect((await count(host, 'hello')).tokens).toBe(5);
  });

  it('forgets deaths that are long ago', async () => {
    const host = makeHost({}, { maxDeaths: 1, deathWindowMs: 300 });
    await expect(count(host, 'die')).rejects.toMatchObject({ code: 'engine-died' });
    await expect(count(host, 'hello')).rejects.toMatchObject({ code: 'engine-died' });
    await sleep(350);
    expect((await count(host, 'hello')).tokens).toBe(5);
  });

  it('fails an engine that dies at start or cannot be started', async () => {
    await expect(count(makeHost({ UNDERPAINT_FAKE_START: 'die' }), 'x')).rejects.toMatchObject({
      code: 'engine-died',
      message: expect.stringContaining('exit code 3'),
    });
    const missing = makeHost({}, { nodePath: () => '/nonexistent/node' });
    await expect(count(missing, 'x')).rejects.toMatchObject({ code: 'engine-died' });
  });

  it('ends an engine that never becomes ready', async () => {
    const host = makeHost({ UNDERPAINT_FAKE_START: 'silent' }, { readyTimeoutMs: 200, maxDeaths: 1 });
    await expect(paint(host, new AbortController().signal)).rejects.toMatchObject({ code: 'engine-died' });
    await expect(count(host, 'x')).rejects.toMatchObject({ message: expect.stringContaining('1 times') });
  });

  it('cancels a request without ending the engine', async () => {
    const host = makeHost();
    const controller = new AbortController();
    const running = paint(host, controller.signal, () => controller.abort());
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect((await count(host, 'pid')).tokens).toBe(host.pid);
  });

  it('sends nothing when the request was cancelled before', async () => {
    const host = makeHost();
    await expect(paint(host, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    expect(host.pid).toBeNull();
  });

  it('ends an engine that does not answer a cancel, which is not a death', async () => {
    const host = makeHost({ UNDERPAINT_FAKE_CANCEL: 'ignore' }, { cancelGraceMs: 150, maxDeaths: 1 });
    const controller = new AbortController();
    let pid = 0;
    const running = paint(host, controller.signal, () => {
      pid = host.pid ?? 0;
      controller.abort();
    });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await waitUntil(() => !isAlive(pid));
    expect((await count(host, 'hello')).tokens).toBe(5);
  });

  it('gives the memory back when it has nothing to do, and ends with the app', async () => {
    const host = makeHost({}, { idleExitMs: 100, maxDeaths: 1 });
    const first = (await count(host, 'pid')).tokens;
    await waitUntil(() => !isAlive(first));
    const second = (await count(host, 'pid')).tokens;
    expect(second).not.toBe(first);
    const running = paint(host, new AbortController().signal);
    host.close();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await waitUntil(() => !isAlive(second));
    await expect(count(host, 'x')).rejects.toMatchObject({ code: 'cancelled' });
  });
});
