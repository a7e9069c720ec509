/** Endpoints in the real window, against a real `underpaint serve`: asked first, run there, falling back, switched off, written down. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchApp, makeHome, removeHome, type RunningApp } from '../support/electron-app';
import { ensurePrograms } from '../support/programs';
import { countingRelay, startServe, type Relay, type ServeProcess } from '../support/serve-process';
import {
  answerDialogs,
  cancelButton,
  generateButton,
  inRepository,
  stageProgress,
  stepsField,
  thumbnails,
  waitForResults,
  waitForStep,
  waitUntilReady,
} from '../support/window-driver';

const TINY_MODEL = inRepository('test', 'golden', 'models', 'sd1-onnx');
const SMALL_PICTURE = inRepository('test', 'golden', 'input-96x64.png');
/** So that what is broken is soon given up. */
const QUICK = { connectMs: 2000, idleMs: 60_000, totalMs: 60_000, networkRetries: 0, backoffMs: 50 };

const closing: (() => Promise<unknown> | void)[] = [];
beforeAll(ensurePrograms, 300_000);
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(holdAfterBytes?: number): Promise<{ server: ServeProcess; relay: Relay }> {
  const home = makeHome();
  const server = await startServe(TINY_MODEL, home);
  const relay = await countingRelay(server.url, holdAfterBytes);
  closing.push(async () => {
    await relay.close();
    await server.end('SIGKILL');
    removeHome(home);
  });
  return { server, relay };
}

/** The window with the tiny model and a small picture. */
async function open(network: object = {}): Promise<RunningApp> {
  const home = makeHome();
  writeFileSync(path.join(home, 'network.json'), JSON.stringify({ limits: QUICK, ...network }));
  const running = await launchApp({ home });
  closing.push(async () => {
    expect(running.pageErrors).toEqual([]);
    await running.close();
    removeHome(home);
  });
  const { page } = running;
  await page.getByRole('group', { name: 'Generate' }).waitFor({ timeout: 60_000 });
  await waitUntilReady(page);
  await answerDialogs(running, { open: TINY_MODEL });
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('button', { name: 'Open model folder…' }).click();
  await page.getByText('sd1-onnx is chosen.').waitFor();
  await answerDialogs(running, { open: SMALL_PICTURE });
  await page.keyboard.press('Control+o');
  await page.getByText('96 × 64 px').waitFor();
  return running;
}

const pin = (page: Page, stage: string, place: string) =>
  page.getByLabel(`${stage}: where it runs`).selectOption(place);
const strip = (page: Page) => page.getByRole('region', { name: 'Stages' });
const question = (page: Page) => page.getByRole('alertdialog', { name: 'Send this to an endpoint?' });
const allowed = (url: string) => [{ url, kinds: ['picture', 'latent', 'prompt'] }];

describe('an endpoint', () => {
  it('is added, tested, asked about before the first byte, used, and written into the ledger', async () => {
    const { server, relay } = await serve();
    const running = await open();
    const { page } = running;

    await page.getByRole('button', { name: 'Endpoints…' }).click();
    await page.getByRole('button', { name: 'Add an endpoint to Decode' }).click();
    await page.getByLabel('Address').fill('studio');
    await page.getByRole('button', { name: 'Save endpoint' }).click();
    await page.getByText('An address starts with http://').waitFor();
    await page.getByLabel('Address').fill(relay.url);
    await page.getByRole('button', { name: 'Save endpoint' }).click();
    await page.getByRole('button', { name: `Test ${relay.url} for Decode` }).click();
    await page.getByText(/^Answered in \S+ \S+; serves .* \(sd1\)\.$/).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();

    await pin(page, 'Decode', 'remote');
    await strip(page).getByText(`nothing may be sent to ${relay.url} yet`, { exact: false }).waitFor();
    const tested = { connections: relay.connections, bytes: relay.bytesReceived };
    await generateButton(page).click();
    await question(page)
      .getByText(`Decode would send the latents (your picture in the numbers of the model) to ${relay.url}.`)
      .waitFor();
    expect({ connections: relay.connections, bytes: relay.bytesReceived }).toEqual(tested);
    expect(await cancelButton(page).count(), 'no job has begun').toBe(0);
    await question(page).getByRole('button', { name: 'Allow once' }).click();
    await waitForResults(page, 1);
    expect(await stageProgress(page, 'Decode').getAttribute('aria-valuetext')).toBe('done');
    expect(server.lines.filter((line) => line.startsWith('POST / 200'))).toHaveLength(1);

    await page.getByRole('button', { name: 'Endpoints…' }).click();
    await page.getByText(/well, about/).waitFor();
    await page.getByRole('radio', { name: 'Ledger' }).click();
    const total = await page.getByText(/requests, .* bytes sent/).textContent();
    expect(total).toContain(`2 requests, ${relay.bytesReceived.toLocaleString('en')} bytes sent`);
    const row = page.getByRole('row').nth(1);
    await expect(row.textContent()).resolves.toMatch(/Decode.*latents.*ok/);
    const file = path.join(running.home, 'sent.csv');
    await answerDialogs(running, { save: file });
    await page.getByRole('button', { name: 'Export…' }).click();
    await page.getByText(`Saved as ${file}`).waitFor();
    const table = readFileSync(file, 'utf8').trimEnd().split('\r\n');
    const bytes = table.slice(1).map((line) => Number(line.split(',')[4]));
    expect(bytes.reduce((sum, sent) => sum + sent, 0)).toBe(relay.bytesReceived);
    await page.keyboard.press('Escape');

    // Once was once; calling it off starts nothing; always is kept.
    await generateButton(page).click();
    await question(page).waitFor();
    await page.keyboard.press('Escape');
    await question(page).waitFor({ state: 'detached' });
    await waitUntilReady(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    await generateButton(page).click();
    await question(page).getByRole('button', { name: 'Always allow' }).click();
    await waitForResults(page, 2);
    await generateButton(page).click();
    await waitForResults(page, 3);
    expect(JSON.parse(readFileSync(path.join(running.home, 'network.json'), 'utf8'))).toMatchObject({
      allowed: [{ url: relay.url, kinds: ['latent'] }],
    });
    expect(server.lines.filter((line) => line.startsWith('POST / 200'))).toHaveLength(3);
  });

  it('that the person does not want to use is not connected to', async () => {
    const { relay } = await serve();
    const { page } = await open({ endpoints: { encode: [{ url: relay.url }] } });
    await pin(page, 'Encode', 'remote');
    await generateButton(page).click();
    await question(page).getByText(`Encode would send your picture to ${relay.url}.`).waitFor();
    await question(page).getByRole('button', { name: 'Use this machine' }).click();
    await waitForResults(page, 1);
    expect(relay.connections).toBe(0);
  });

  it('that stops mid-way is announced, and the picture is finished here', async () => {
    const { server, relay } = await serve(30_000);
    const list = [{ url: relay.url }];
    const running = await open({
      endpoints: { generate: list, decode: list },
      allowed: allowed(relay.url),
    });
    const { page } = running;
    await pin(page, 'Generate', 'remote');
    await pin(page, 'Decode', 'remote');
    await stepsField(page).fill('200');
    await stepsField(page).press('Tab');
    await generateButton(page).click();
    await waitForStep(page, 3);
    await strip(page).getByText(`the endpoint ${relay.url}`).first().waitFor();
    expect(await thumbnails(page).count()).toBe(0);
    await server.end('SIGKILL');
    await relay.close();
    await page.getByText(/The generate stage goes on on this machine\.$/).waitFor({ timeout: 30_000 });
    await waitForResults(page, 1);
    await page.getByText(/The decode stage goes on on this machine\.$/).waitFor();
    await page.getByRole('button', { name: 'Endpoints…' }).click();
    await page
      .getByText(/did not answer last time/)
      .first()
      .waitFor();
  });

  it('is not used while offline is on, and that is said', async () => {
    const { relay } = await serve();
    const { page } = await open({
      endpoints: { decode: [{ url: relay.url }] },
      allowed: allowed(relay.url),
    });
    await pin(page, 'Decode', 'remote');
    const offline = page.getByRole('button', { name: 'Offline' });
    await offline.click();
    await expect.poll(() => offline.getAttribute('aria-pressed')).toBe('true');
    await strip(page)
      .getByText(/offline is switched on; switch it off/)
      .waitFor();
    await page.getByRole('button', { name: 'Endpoints…' }).click();
    await page.getByRole('button', { name: `Test ${relay.url} for Decode` }).click();
    await page.getByText('Nothing may be sent, because the offline switch is on.').waitFor();
    await page.keyboard.press('Escape');
    await generateButton(page).click();
    await page
      .getByRole('alert')
      .getByText(/the offline switch is on/)
      .waitFor();
    expect(await thumbnails(page).count()).toBe(0);
    expect(relay.connections).toBe(0);
    await offline.click();
    await expect.poll(() => offline.getAttribute('aria-pressed')).toBe('false');
    await generateButton(page).click();
    await waitForResults(page, 1);
    expect(relay.connections).toBe(1);
  });
});

describe('a token', () => {
  it('goes to its server alone and nowhere else: not to the page, not into a file, not into the log', async () => {
    const home = makeHome();
    const server = await startServe(TINY_MODEL, home, ['--token', 'open-sesame']);
    const relay = await countingRelay(server.url);
    closing.push(async () => {
      await relay.close();
      await server.end('SIGKILL');
      removeHome(home);
    });
    const running = await open({ endpoints: { decode: [{ url: relay.url }] }, allowed: allowed(relay.url) });
    const { page } = running;
    let logged = '';
    const { stdout, stderr } = running.app.process();
    for (const stream of [stdout, stderr])
      stream?.on('data', (chunk: Buffer) => (logged += chunk.toString('utf8')));
    await page.getByRole('button', { name: 'Endpoints…' }).click();
    await page.getByRole('button', { name: `Edit ${relay.url} of Decode` }).click();
    await page.getByLabel('Token (optional)').fill('open-sesame');
    // This display has no key store, which is said.
    await page.getByText('the token is kept until Underpaint is closed', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Save endpoint' }).click();
    await page.getByText('with a token', { exact: false }).waitFor();
    await page.getByRole('button', { name: `Test ${relay.url} for Decode` }).click();
    await page.getByText(/; serves .* \(sd1\)\.$/).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await pin(page, 'Decode', 'remote');
    await generateButton(page).click();
    await waitForResults(page, 1);
    expect(server.lines.filter((line) => line.startsWith('POST / 200'))).toHaveLength(1);
    const state = await page.evaluate(async () => {
      const bridge: unknown = Reflect.get(globalThis, 'underpaint');
      const read: unknown =
        typeof bridge === 'object' && bridge !== null && Reflect.get(bridge, 'networkRead');
      return typeof read === 'function' ? JSON.stringify(await read()) : '';
    });
    expect(state).toContain(relay.url);
    expect(state).not.toContain('open-sesame');
    expect(await page.content()).not.toContain('open-sesame');
    expect(logged).not.toContain('open-sesame');
    const files = readdirSync(running.home, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['network.json', 'settings.json', 'ledger.jsonl']),
    );
    for (const { parentPath, name } of files)
      expect(readFileSync(path.join(parentPath, name), 'latin1').includes('open-sesame'), name).toBe(false);
  });
});
