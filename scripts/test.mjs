// `npm test [-- project or path ...]`: everything the tests need, then the tests. The last line is "N passed, N failed".
// A run fails when a test fails, when none ran, and when one was skipped.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root, run, say } from './bootstrap.mjs';
import { startDisplay } from './display.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { engineEnv } from './engine-env.mjs';
import { ensureSystemPackages, softwareGpuEnv } from './test-setup.mjs';

const PROJECTS = ['unit', 'pipeline', 'engine', 'window', 'package'];
const NEEDS_NOTHING = 'unit';
const RESULTS = join(root, 'test-results/results.json');

await main(async () => {
  await ensureInstalled();
  const { projects, rest } = readArguments(process.argv.slice(2));
  const home = mkdtempSync(join(tmpdir(), 'underpaint-test-'));
  const env = { ...engineEnv(), NODE_ENV: 'test', UNDERPAINT_HOME: home };
  const displays = [];
  try {
    if (projects.some((project) => project !== NEEDS_NOTHING)) {
      await ensureSystemPackages();
      const runtime = await ensureElectron();
      await ensureBuilt('app');
      // Found once: every test process takes the same runtime without looking for it again.
      Object.assign(env, { ELECTRON_OVERRIDE_DIST_PATH: runtime.dist }, softwareGpuEnv(runtime.dist));
      if (process.platform === 'linux') {
        // Two windows at a time, each on a display of its own, so that neither takes the other's focus.
        displays.push(await startDisplay(), await startDisplay());
        env.DISPLAY = displays[0].display;
        env.UNDERPAINT_TEST_DISPLAYS = displays.map(({ display }) => display).join(',');
        delete env.WAYLAND_DISPLAY;
      }
    }
    rmSync(RESULTS, { force: true });
    mkdirSync(join(root, 'test-results'), { recursive: true });
    const code = await run(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${RESULTS}`,
        ...projects.map((project) => `--project=${project}`),
        ...rest,
      ],
      { env, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    return report(code);
  } finally {
    for (const { stop } of displays) stop();
    rmSync(home, { recursive: true, force: true });
  }
});

/** Names of projects choose them; a path below test/<project>/ chooses that project; the rest goes to vitest as it is. */
function readArguments(args) {
  const projects = args.filter((arg) => PROJECTS.includes(arg));
  const rest = args.filter((arg) => !PROJECTS.includes(arg));
  if (projects.length > 0) return { projects, rest };
  const paths = rest.filter((arg) => arg.startsWith('test/'));
  if (paths.length === 0) return { projects: PROJECTS, rest };
  const folders = paths.map((path) => path.split('/')[1]);
  return { projects: [...new Set(folders.map((name) => (PROJECTS.includes(name) ? name : 'unit')))], rest };
}

/** Reads vitest's results, says what is wrong, prints the last line, and answers the exit code. */
function report(code) {
  let results;
  try {
    results = JSON.parse(readFileSync(RESULTS, 'utf8'));
  } catch {
    say('The test run left no results.');
    process.stdout.write('0 passed, 1 failed\n');
    return code || 1;
  }
  // A file that can not even be loaded has no tests; it counts as one failure.
  const unloadable = results.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const passed = results.numPassedTests;
  const failed = results.numFailedTests + unloadable.length;
  const skipped = results.numPendingTests + results.numTodoTests;
  if (skipped > 0) say(`${skipped} tests were skipped: that counts as a failed run.`);
  if (passed + failed === 0) say('No test ran: that counts as a failed run.');
  if (code !== 0 && failed === 0 && skipped === 0) say('Vitest failed outside a test (see above).');
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return code || (failed > 0 || skipped > 0 || passed === 0 ? 1 : 0);
}
