// `npm run check`: formatting, lint, types and dead code; says at the end which of them failed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, main, root, runQuiet } from './bootstrap.mjs';

const CHECKS = [
  { name: 'format (prettier)', bin: 'prettier', args: ['--check', '--log-level=warn', '.'] },
  { name: 'lint (oxlint, with types)', bin: 'oxlint', args: ['--deny-warnings'] },
  { name: 'types of shared', bin: 'tsc', from: 'typescript', args: ['-p', 'shared'] },
  { name: 'types of main', bin: 'tsc', from: 'typescript', args: ['-p', 'main'] },
  { name: 'types of renderer', bin: 'tsc', from: 'typescript', args: ['-p', 'renderer'] },
  { name: 'types of test', bin: 'tsc', from: 'typescript', args: ['-p', 'test'] },
  { name: 'dead code (knip)', bin: 'knip', args: ['--no-progress'] },
];

await main(async () => {
  await ensureInstalled();
  const wanted = process.argv.slice(2);
  const checks = CHECKS.filter(
    ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
  );
  const failed = [];
  for (const { name, bin, from = bin, args } of checks) {
    const startMs = performance.now();
    const { code, output } = await runQuiet(process.execPath, [binPath(from, bin), ...args]);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    if (code !== 0) {
      failed.push(name);
      process.stdout.write(`\n${output.trim()}\n\n`);
    }
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  }
  process.stdout.write(
    failed.length === 0 ? 'All checks passed.\n' : `${failed.length} failed: ${failed.join(', ')}.\n`,
  );
  return failed.length === 0 && checks.length > 0 ? 0 : 1;
});

/** The script behind a package's command (node_modules/.bin holds shell files on Windows). */
function binPath(packageName, bin) {
  const folder = join(root, 'node_modules', packageName);
  const { bin: bins } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const path = join(folder, typeof bins === 'string' ? bins : bins[bin]);
  if (!existsSync(path)) throw new Error(`${path} is missing.`);
  return path;
}
