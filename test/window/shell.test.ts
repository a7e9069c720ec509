/** The shell in a real Electron: the walls around the page, what survives a restart, and the engine's death. */
import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppState, ResultView } from '../../shared/contract';
import type { JobView } from '../../shared/job';
import type { Result } from '../../shared/result';
import {
  endLeftovers,
  launchApp,
  launchParameters,
  makeHome,
  removeHome,
  waitFor,
  type RunningApp,
} from '../support/electron-app';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Calls a function of the bridge inside the page. */
function ask<T>(running: RunningApp, name: string, payload: unknown = null): Promise<Result<T>> {
  return running.page.evaluate(
    ([functionName, argument]) => {
      const bridge = Object.entries(globalThis).find(([key]) => key === 'underpaint')?.[1];
      return bridge[functionName](argument);
    },
    [name, payload] as const,
  );
}

async function value<T>(answer: Promise<Result<T>>): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const stateOf = (running: RunningApp): Promise<AppState> => value(ask<AppState>(running, 'appState'));

const jobOf = async (running: RunningApp, jobId: string): Promise<JobView | undefined> =>
  (await stateOf(running)).jobs.find(({ id }) => id === jobId);

async function startJob(running: RunningApp, more: Record<string, unknown> = {}): Promise<JobView> {
  const { source, draft } = await stateOf(running);
  const settings = { ...draft.settings, steps: 6, strength: 1, seed: 11, ...more };
  return value(ask<JobView>(running, 'jobStart', { sourceId: source?.id, settings }));
}

/** Starts a job of many steps and waits until it has done one. */
async function firstStepOf(running: RunningApp): Promise<void> {
  const stepDone = firstStep(running);
  await startJob(running, { steps: 200 });
  await stepDone;
}

/** Waits until the page was told that a job did its first step. */
const firstStep = (running: RunningApp): Promise<void> =>
  running.page.evaluate(
    () =>
      new Promise<void>((done) => {
        const bridge = Object.entries(globalThis).find(([key]) => key === 'underpaint')?.[1];
        const stop = bridge.onJobProgress((event: { progress: { kind: string } }) => {
          if (event.progress.kind !== 'step') return;
          stop();
          done();
        });
      }),
  );

const waitForState = (running: RunningApp, jobId: string, state: string): Promise<void> =>
  waitFor(`job becomes ${state}`, async () => (await jobOf(running, jobId))?.state === state, 60_000);

const resultOf = async (running: RunningApp, jobId: string): Promise<ResultView> => {
  const result = (await stateOf(running)).results?.find((view) => view.jobId === jobId);
  if (result === undefined) throw new Error(`job ${jobId} has no result`);
  return result;
};

/** SHA-256 of what an address of the app serves, computed in the page. */
const digest = (running: RunningApp, url: string): Promise<string> =>
  running.page.evaluate(async (address) => {
    const bytes = await (await fetch(address)).arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }, url);

describe('the walls', () => {
  const home = makeHome();
  let running: RunningApp;
  let server: Server;
  let address = '';
  const visits: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      visits.push(request.url ?? '');
      response.setHeader('Access-Control-Allow-Origin', '*').end('seen');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    address = `http://127.0.0.1:${bound.port}`;
    running = await launchApp({ home });
  });

  afterAll(async () => {
    await running.close();
    server.close();
    removeHome(home);
  });

  it('opens one window on the app origin, without an error in the page', async () => {
    expect(running.app.windows()).toHaveLength(1);
    expect(running.page.url()).toBe('app://underpaint/index.html');
    expect(await running.page.title()).toBe('Underpaint');
    await running.page.getByRole('button', { name: /generate/i }).waitFor();
    expect(running.pageErrors).toEqual([]);
  });

  it('keeps Node and Electron out of the page', async () => {
    const found = await running.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer', 'electron', '__dirname'].filter(
        (name) => name in globalThis,
      ),
    );
    expect(found).toEqual([]);
    const preferences = await running.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      // Not in the type declarations, but the only place that tells what is really in force.
      const read: unknown = Reflect.get(contents ?? {}, 'getLastWebPreferences');
      return typeof read === 'function' ? read.call(contents) : null;
    });
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
  });

  it('gives the page named functions and nothing generic', async () => {
    const names = await running.page.evaluate(() => {
      const bridge = Object.entries(globalThis).find(([key]) => key === 'underpaint')?.[1];
      return Object.entries(bridge).map(([name, member]) => `${name}: ${typeof member}`);
    });
    expect(names.sort()).toEqual(
      [
        'appState',
        'commandEnable',
        'commandRun',
        'consentAnswer',
        'diagnosticsCopy',
        'draftSave',
        'endpointTest',
        'exportChange',
        'exportRead',
        'galleryCount',
        'galleryModels',
        'gallerySearch',
        'importFile',
        'importMask',
        'jobCancel',
        'jobDiscard',
        'jobKeep',
        'jobResume',
        'jobStart',
        'jobStartGroup',
        'ledgerRead',
        'ledgerSave',
        'liveKeep',
        'livePaint',
        'liveStop',
        'loraList',
        'maskImportBytes',
        'maskOpen',
        'modelOpen',
        'networkChange',
        'networkRead',
        'onCommand',
        'onConsentAsked',
        'onJobChanged',
        'onJobProgress',
        'onModelsChanged',
        'onPreferencesChanged',
        'onQueueChanged',
        'onResultsAdded',
        'onWindowClosing',
        'onWindowShown',
        'paintingRead',
        'paintingRender',
        'paintingSave',
        'planMake',
        'preferencesChange',
        'promptCountTokens',
        'promptsForget',
        'promptsRead',
        'promptsRemember',
        'queueCancel',
        'queueMove',
        'queuePause',
        'readSettings',
        'resultCopy',
        'resultDelete',
        'resultDrag',
        'resultReveal',
        'resultSave',
        'resultStar',
        'resultsRead',
        'settingsOpen',
        'settingsReadBytes',
        'sketchNew',
        'sourceForgetRecent',
        'sourceImportBytes',
        'sourceOpen',
        'sourcePaste',
        'sourceRecent',
        'sourceUseRecent',
        'sourceUseResult',
        'startLook',
        'styleRemove',
        'styleSave',
        'tokenSet',
        'windowClose',
      ].map((name) => `${name}: function`),
    );
  });

  it('answers bad payloads with a refusal, and lives on', async () => {
    const bad: [string, unknown][] = [
      ['jobStart', null],
      ['jobStart', { sourceId: '../x', settings: {} }],
      ['planMake', { sourceId: '../x', settings: {} }],
      ['draftSave', 'x'],
      ['preferencesChange', { theme: 'pink' }],
      ['preferencesChange', { zoom: 40 }],
      ['networkChange', { change: { kind: 'everything' } }],
      ['tokenSet', { url: 'http://studio:8765', token: 'a\nb' }],
      ['consentAnswer', { id: 1, answer: 'perhaps' }],
      ['sourceImportBytes', { name: 'a.png', bytes: 'text' }],
      ['jobCancel', { jobId: { $ne: 1 } }],
      ['sourceUseRecent', { sourceId: '../sources' }],
      ['resultCopy', { resultId: 'a', as: 'path' }],
      ['resultDrag', { resultId: '../../settings.json' }],
      ['exportChange', { format: 'same', quality: 95, fileName: 'x'.repeat(300) }],
      ['styleSave', { style: { name: '', prompt: '' }, replaces: null }],
      ['resultReveal', { resultId: '../../settings.json' }],
      ['commandRun', { id: 'generate' }],
      ['commandEnable', { ids: ['everything'] }],
      ['promptCountTokens', { prompt: 'x'.repeat(20_000), model: null }],
    ];
    for (const [name, payload] of bad)
      expect(await ask(running, name, payload), name).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(await ask(running, 'appState')).toMatchObject({ ok: true });
  });

  it('takes a file by its real path, and one without a path by its bytes', async () => {
    const pictures = path.join(root, 'test', 'golden');
    const file = path.join(home, 'dropped.png');
    copyFileSync(path.join(root, 'models', 'starter', 'sketch.png'), file);
    await running.page.evaluate(() => {
      const input = document.createElement('input');
      input.type = 'file';
      input.id = 'test-file';
      document.body.append(input);
    });
    await running.page.setInputFiles('#test-file', file);
    // The page may not read a file that changed since it was picked; whoever knows its path may.
    copyFileSync(path.join(pictures, 'input-64x128.png'), file);
    const bytes = [...readFileSync(path.join(pictures, 'input-96x64.png'))];
    const answers = await running.page.evaluate(async (content) => {
      const input = document.querySelector('#test-file');
      const picked = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
      if (picked === undefined) throw new Error('no file');
      const bridge = Object.entries(globalThis).find(([key]) => key === 'underpaint')?.[1];
      input?.remove();
      const made = new File([new Uint8Array(content)], 'made.png');
      return [await bridge.importFile(picked), await bridge.importFile(made)];
    }, bytes);
    expect(answers).toMatchObject([
      { ok: true, value: { name: 'dropped.png', width: 64, height: 128 } },
      { ok: true, value: { name: 'made.png', width: 96, height: 64 } },
    ]);
  });

  it('opens no window and goes nowhere', async () => {
    const opened = await running.page.evaluate(
      (url) => [window.open(url), window.open('app://underpaint/index.html'), window.open('about:blank')],
      address,
    );
    expect(opened).toEqual([null, null, null]);
    for (const target of [
      `${address}/away`,
      'app://underpaint/assets/',
      'file:///etc/hosts',
      'data:text/html,x',
    ])
      await running.page.evaluate((url) => {
        location.href = url;
        const link = document.createElement('a');
        link.href = url;
        document.body.append(link);
        link.click();
        link.remove();
      }, target);
    await running.page.waitForTimeout(300);
    expect(running.page.url()).toBe('app://underpaint/index.html');
    expect(running.app.windows()).toHaveLength(1);
    expect(visits).toEqual([]);
  });

  it('lets no request out of the page', async () => {
    const outcome = await running.page.evaluate(async (url) => {
      const socket = new Promise((done) => {
        try {
          const opened = new WebSocket(`${url.replace('http', 'ws')}/socket`);
          opened.onopen = () => done('open');
          opened.onerror = () => done('refused');
        } catch {
          done('refused');
        }
      });
      const picture = new Promise((done) => {
        const image = new Image();
        image.onload = () => done('loaded');
        image.onerror = () => done('refused');
        image.src = `${url}/image`;
      });
      const frame = document.createElement('iframe');
      frame.src = `${url}/frame`;
      document.body.append(frame);
      navigator.sendBeacon(`${url}/beacon`, 'x');
      return [
        await fetch(`${url}/fetch`).then(
          () => 'answered',
          () => 'refused',
        ),
        await picture,
        await socket,
      ];
    }, address);
    expect(outcome).toEqual(['refused', 'refused', 'refused']);
    await running.page.waitForTimeout(200);
    expect(visits).toEqual([]);
  });

  it('lets no request out of the session either, policy of the page or not', async () => {
    const outcome = await running.app.evaluate(
      async ({ net }, url) =>
        net.fetch(`${url}/session`).then(
          () => 'answered',
          (error: Error) => error.message,
        ),
      address,
    );
    expect(outcome).toContain('ERR_BLOCKED_BY_CLIENT');
    expect(visits).toEqual([]);
  });

  it('has a content policy in force', async () => {
    const seen = await running.page.evaluate(async () => {
      const policy = (await fetch('app://underpaint/index.html')).headers.get('Content-Security-Policy');
      let evaluated = false;
      try {
        evaluated = Boolean(new Function('return true')());
      } catch {
        // refused, as it should be
      }
      const script = document.createElement('script');
      script.textContent = 'document.title = "inline ran"';
      document.body.append(script);
      return { policy, evaluated, title: document.title };
    });
    expect(seen).toEqual({
      policy: expect.stringContaining("default-src 'none'"),
      evaluated: false,
      title: 'Underpaint',
    });
  });

  it('denies every permission', async () => {
    const seen = await running.page.evaluate(async () => ({
      notification: await Notification.requestPermission(),
      location: (await navigator.permissions.query({ name: 'geolocation' })).state,
      clipboard: await navigator.clipboard.readText().then(
        () => 'read',
        (error: Error) => error.name,
      ),
      camera: await navigator.mediaDevices.getUserMedia({ video: true }).then(
        () => 'opened',
        () => 'refused',
      ),
    }));
    expect(seen).toEqual({
      notification: 'denied',
      location: 'denied',
      clipboard: 'NotAllowedError',
      camera: 'refused',
    });
  });

  it('serves pictures by id and no file besides the page', async () => {
    const { source } = await stateOf(running);
    const statuses = await running.page.evaluate(
      async (urls) => Promise.all(urls.map(async (url) => (await fetch(url)).status)),
      [
        source?.url ?? '',
        'app://underpaint/media/source/unknown.png',
        'app://underpaint/media/source/..%2f..%2fsettings.png',
        'app://underpaint/media/result/unknown',
        'app://underpaint/media/preview/unknown',
        'app://underpaint/%2e%2e/main/index.cjs',
        'app://underpaint/..%2f..%2fpackage.json',
        'app://underpaint/../preload/preload.cjs',
      ],
    );
    expect(statuses).toEqual([200, 404, 404, 404, 404, 404, 404, 404]);
    const posted = await running.page.evaluate(
      async () => (await fetch('app://underpaint/index.html', { method: 'POST', body: 'x' })).status,
    );
    expect(posted).toBe(405);
  });

  it('listens to no other window, not even one with the same page and preload', async () => {
    const answer = await running.app.evaluate(async ({ BrowserWindow, app }) => {
      const other = new BrowserWindow({
        show: false,
        webPreferences: { preload: `${app.getAppPath()}/out/preload/preload.cjs`, sandbox: true },
      });
      try {
        await other.loadURL('app://underpaint/index.html');
        return await other.webContents.executeJavaScript('window.underpaint.appState()');
      } finally {
        other.destroy();
      }
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'usage' } });
  });
});

describe('a day with the app', () => {
  const home = makeHome();
  afterEach(endLeftovers);
  afterAll(() => removeHome(home));

  it('remembers the form and the window across a restart, and starts only once', async () => {
    const first = await launchApp({ home });
    const { draft, source } = await stateOf(first);
    expect(source?.name).toBe('sketch.png');
    expect(draft.settings.prompt).not.toBe('');
    const changed = {
      ...draft,
      isSeedLocked: true,
      // So many steps that a job does not end before a test has seen it run.
      settings: { ...draft.settings, prompt: 'two boats at dawn', strength: 0.35, steps: 400 },
    };
    await value(ask(first, 'draftSave', changed));
    await first.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.setBounds({ x: 40, y: 30, width: 1010, height: 710 }),
    );
    await first.page.waitForTimeout(700);

    const { executablePath, args, env } = await launchParameters({ home });
    const second = spawn(executablePath, args, { env, stdio: 'ignore' });
    const code = await new Promise((done) => second.on('exit', done));
    expect(code).toBe(0);
    expect(first.app.windows()).toHaveLength(1);
    await first.close();

    const again = await launchApp({ home });
    expect((await stateOf(again)).draft).toMatchObject({
      isSeedLocked: true,
      sourceId: source?.id,
      settings: { prompt: 'two boats at dawn', strength: 0.35 },
    });
    const size = await again.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.getBounds(),
    );
    expect(size).toMatchObject({ width: 1010, height: 710 });
    await again.close();
    expect(again.pageErrors).toEqual([]);
  });

  it('keeps what was typed in the moment before the window closed', async () => {
    const running = await launchApp({ home });
    const prompt = running.page.getByRole('textbox').first();
    await prompt.fill('typed at the last moment');
    const gone = new Promise((done) => running.app.process().on('exit', done));
    await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await gone;
    const saved = JSON.parse(readFileSync(path.join(home, 'settings.json'), 'utf8'));
    expect(saved.draft.settings.prompt).toBe('typed at the last moment');
  });

  it('closes also when the page has nothing to say any more', async () => {
    const running = await launchApp({ home });
    await running.page.getByRole('textbox').first().waitFor();
    const gone = new Promise((done) => running.app.process().on('exit', done));
    await running.app.evaluate(async ({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      await window?.loadURL('about:blank');
      window?.close();
    });
    await gone;
    expect(running.pageErrors).toEqual([]);
  });

  it('has a menu whose commands reach the page', async () => {
    const running = await launchApp({ home });
    const { source } = await stateOf(running);
    const clickItem = (id: string): Promise<void> =>
      running.app.evaluate(({ Menu, BrowserWindow, webContents }, itemId) => {
        const item = Menu.getApplicationMenu()?.getMenuItemById(itemId);
        if (item === null || item === undefined) throw new Error(`no menu item ${itemId}`);
        item.click({}, BrowserWindow.getAllWindows()[0], webContents.getAllWebContents()[0]);
      }, id);
    const labels = await running.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.items.flatMap((top) =>
        (top.submenu?.items ?? []).flatMap((item) => (item.accelerator ? [item.accelerator] : [])),
      ),
    );
    expect(labels).toEqual(
      expect.arrayContaining(['CmdOrCtrl+O', 'CmdOrCtrl+S', 'CmdOrCtrl+Enter', 'CmdOrCtrl+.']),
    );

    await running.app.evaluate(
      async ({ clipboard, nativeImage, ClipboardItem }, bytes) => {
        const content = new Uint8Array(bytes);
        // Older Electrons write pictures with a call of its own.
        const writeImage: unknown = Reflect.get(clipboard, 'writeImage');
        if (typeof writeImage === 'function')
          writeImage.call(clipboard, nativeImage.createFromBuffer(Buffer.from(content)));
        else await clipboard.write([new ClipboardItem({ 'image/png': new Blob([content]) })]);
      },
      [...readFileSync(path.join(root, 'test', 'golden', 'input-96x64.png'))],
    );
    await clickItem('paste');
    await waitFor('the pasted picture is the input', async () => {
      const text = await running.page.locator('body').innerText();
      return text.includes('96 × 64');
    });
    expect(source?.width).toBe(512);

    await running.app.evaluate(
      ({ dialog }, file) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [file] });
      },
      path.join(root, 'models', 'starter', 'sketch.png'),
    );
    await clickItem('open');
    await waitFor('the opened picture is the input', async () =>
      (await running.page.locator('body').innerText()).includes('512 × 512'),
    );
    await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.focus());
    const generate = running.page.getByRole('button', { name: 'Generate' });
    await waitFor('the page is ready', () => generate.isEnabled());
    await clickItem('generate');
    await waitFor('a job runs', async () =>
      (await stateOf(running)).jobs.some(({ state }) => state === 'running'),
    );
    const [job] = (await stateOf(running)).jobs;
    await clickItem('cancel');
    await waitForState(running, job?.id ?? '', 'cancelled');
    await value(ask(running, 'jobDiscard', { jobId: job?.id }));
    expect(running.pageErrors).toEqual([]);
    await running.close();
  });

  it('ends its engines with itself', async () => {
    const running = await launchApp({ home });
    await stateOf(running);
    await startJob(running, { steps: 50 });
    await waitFor('both engines run', () => running.enginePids().length === 2);
    const pids = running.enginePids();
    await running.close();
    const isAlive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await waitFor('the engines are gone', () => !pids.some(isAlive), 5000);
  });

  it('quits when its window is closed, also in the middle of a job', async () => {
    const ownHome = makeHome();
    const running = await launchApp({ home: ownHome });
    await firstStepOf(running);
    const child = running.app.process();
    const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    const close = running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await close.catch(() => undefined); // its answer may be lost with the app
    expect(await gone).toBe(0);
    await waitFor('the engines are gone', () => running.enginePids().length === 0);
    removeHome(ownHome);
  }, 30_000);

  it('paints, survives the death of the engine and its own, and loses nothing', async () => {
    let running = await launchApp({ home });
    // What the test before left goes on by itself.
    const left = (await stateOf(running)).jobs;
    expect(left).toHaveLength(1);
    await waitForState(running, left[0]?.id ?? '', 'running');
    await value(ask(running, 'queueCancel', { jobIds: null }));
    await waitForState(running, left[0]?.id ?? '', 'cancelled');
    await value(ask(running, 'jobDiscard', { jobId: left[0]?.id }));

    const whole = await startJob(running);
    await waitForState(running, whole.id, 'done');
    const wanted = await digest(running, (await resultOf(running, whole.id)).url);

    // The engine dies: the window stays, the job can go on.
    let stepDone = firstStep(running);
    const shot = await startJob(running);
    await stepDone;
    for (const pid of running.enginePids()) process.kill(pid, 'SIGKILL');
    await waitForState(running, shot.id, 'interrupted');
    expect(await running.page.title()).toBe('Underpaint');
    expect(await jobOf(running, shot.id)).toMatchObject({ canResume: true, error: { code: 'engine-died' } });
    await value(ask(running, 'jobResume', { jobId: shot.id }));
    await waitForState(running, shot.id, 'done');
    expect(await digest(running, (await resultOf(running, shot.id)).url)).toBe(wanted);

    // The whole app dies, as in a power cut.
    stepDone = firstStep(running);
    const cut = await startJob(running);
    await stepDone;
    await running.kill();
    running = await launchApp({ home });
    await waitForState(running, cut.id, 'done');
    const result = await resultOf(running, cut.id);
    expect(await digest(running, result.url)).toBe(wanted);

    // Saved through the platform's dialog.
    const target = path.join(home, 'my picture.png');
    await running.app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, target);
    expect(await value(ask(running, 'resultSave', { resultId: result.id }))).toEqual({ path: target });
    expect(readFileSync(target).subarray(1, 4).toString()).toBe('PNG');
    await running.close();
  });
});
