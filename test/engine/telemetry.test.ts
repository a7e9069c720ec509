/** ONNX Runtime's own telemetry stays off: neither its identifier nor its cache nor its logs appear, where a build server's variables do not switch it off anyway. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli';
import { useCliFolder } from '../support/cli-folder';
import { goldenModel } from '../support/golden';

const { folder, home } = useCliFolder();

it('leaves the home folder and the folder for temporary files empty', async () => {
  const own = mkdtempSync(join(folder, 'own-'));
  const temporary = mkdtempSync(join(folder, 'temporary-'));
  const result = await runCli(
    ['bench', 'steps', '--model', goldenModel('sd1'), '--size', '64x64', '--device', 'cpu'],
    {
      home,
      cwd: folder,
      env: {
        ...Object.fromEntries(
          ['CI', 'GITHUB_ACTIONS', 'TF_BUILD', 'BUILD_ID', 'XDG_CACHE_HOME', 'ORT_DISABLE_TELEMETRY'].map(
            (name) => [name, undefined],
          ),
        ),
        HOME: own,
        TMPDIR: temporary,
      },
    },
  );
  expect(result.code, result.lines.join('\n')).toBe(0);
  expect([readdirSync(own), readdirSync(temporary)]).toEqual([[], []]);
});
