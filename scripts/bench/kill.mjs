// `npm run bench -- kill [--kills N] [--seed N]`: ends the real app at random moments of an artist's work (SIGKILL) and says what was lost:
// nothing that was shown as kept may be missing, the queue has to go on, and no file may be half written. Fails when something was.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, say, ScriptError } from '../bootstrap.mjs';
import { startDisplay } from '../display.mjs';
import { ensureElectron, prepareApp } from '../electron-runtime.mjs';
import { killWhole } from '../../test/support/children.mjs';
import { killAtRandom } from '../../test/support/kill-work.mjs';

export async function benchKill(args) {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    },
  });
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  if (!Number.isInteger(kills) || kills < 1) throw new ScriptError('--kills takes a whole number from 1 on.');
  if (!Number.isInteger(seed)) throw new ScriptError('--seed takes a whole number.');
  await ensureBuilt('app');
  const { _electron } = await import('playwright');
  const prepared = await prepareApp(await ensureElectron());
  const display =
    process.platform === 'linux' && !process.env.DISPLAY ? await startDisplay().catch(() => null) : null;
  const home = mkdtempSync(join(tmpdir(), 'underpaint-bench-kill-'));
  const env = {
    ...process.env,
    ...prepared.env,
    ...(display === null ? {} : { DISPLAY: display.display }),
    UNDERPAINT_HOME: home,
  };
  try {
    process.stdout.write(`${kills} kills, seed ${seed}\n`);
    const { wrong, results, stars, jobs, marks } = await killAtRandom({
      home,
      kills,
      seed,
      say,
      launch: async () => {
        const app = await _electron.launch({
          executablePath: prepared.executablePath,
          args: prepared.args,
          env,
          timeout: 120_000,
        });
        const page = await app.firstWindow();
        return { page, kill: () => killWhole(app.process()) };
      },
    });
    for (const what of wrong) process.stdout.write(`  ${what}\n`);
    process.stdout.write(
      `${wrong.length === 0 ? 'Nothing was lost' : `${wrong.length} things were wrong`}: ${results} results, ${stars} stars, ${jobs} jobs and ${marks} strokes were shown over ${kills} kills.\n`,
    );
    return wrong.length === 0 ? 0 : 1;
  } finally {
    display?.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
