// The engine that the app runs, as a process that a bench gives work to.
import { fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { root, runQuiet, ScriptError } from '../bootstrap.mjs';
import { engineEnv } from '../engine-env.mjs';

export const SKETCH = join(root, 'models/starter/sketch.png');

/** An engine process and one request at a time. */
export class Engine {
  #process;
  #folder;
  #nextId = 1;

  constructor(folder) {
    this.#folder = folder;
    const env = { ...engineEnv(), UNDERPAINT_HOME: folder };
    this.#process = fork(join(root, 'out/main/engine.cjs'), {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Runs one job on a picture, by default the demo's sketch; answers its report with `wallMs`, the time from the request to the answer (with the start of a new engine). */
  paint(settings, inputPath = SKETCH) {
    const id = this.#nextId++;
    const jobFolder = mkdtempSync(join(this.#folder, 'job-'));
    const startMs = performance.now();
    return new Promise((done, fail) => {
      const onExit = (code) =>
        fail(new ScriptError(`The engine ended in the middle of a run (exit code ${code}).`));
      const onMessage = (message) => {
        if (message.type !== 'answer' || message.id !== id) return;
        this.#process.off('message', onMessage).off('exit', onExit);
        if (message.ok) done({ ...message.value, wallMs: performance.now() - startMs });
        else fail(new ScriptError(message.error.message));
      };
      this.#process.on('message', onMessage).on('exit', onExit);
      const params = {
        inputPath,
        settings,
        outputFolder: jobFolder,
        outputName: 'result',
        jobFolder,
        previews: false,
      };
      this.#process.send({ type: 'request', id, method: 'img2img', params });
    });
  }

  end() {
    return new Promise((done) => {
      this.#process.once('exit', done);
      this.#process.kill('SIGKILL');
    });
  }
}

/** Makes a model's int8 variant, or finds it; answers `{ psnr, sizeBytes }`, what is known of its quality. */
export async function makeInt8(model, home) {
  const env = { ...engineEnv(), UNDERPAINT_HOME: home };
  const args = [join(root, 'out/main/cli.cjs'), 'models', 'quantize', model, '--json'];
  const { code, output } = await runQuiet(process.execPath, args, { env });
  if (code !== 0) throw new ScriptError(`The int8 variant could not be made: ${output.trim()}`);
  return JSON.parse(output.trim().split('\n').at(-1));
}
