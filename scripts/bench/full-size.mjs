// Stable Diffusion 1.5 and XL in full size with random weights, made once: what the benches compare on.
import { existsSync, cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../build-programs.mjs';
import { root, run, runQuiet, say, ScriptError } from '../bootstrap.mjs';

const PYTHON_FOLDER = join(root, 'scripts/bench/python');

/**
 * Answers the paths of the same weights as one .safetensors file, a diffusers folder (both float16, 2.1 GB each) and a folder of
 * torch.onnx exports (float32, 4.3 GB).
 */
export async function fullSizeModel(folder, python) {
  const model = {
    file: join(folder, 'sd15.safetensors'),
    diffusers: join(folder, 'diffusers'),
    onnx: join(folder, 'onnx'),
  };
  await assertPython(python);
  if (existsSync(folder)) return model;
  say(`Making Stable Diffusion 1.5 with random weights in ${folder} (once; 8.5 GB, a few minutes) ...`);
  const temporary = await runMaker('make_sd15.py', folder, python);
  const source = join(temporary, 'diffusers');
  for (const target of [source, join(temporary, 'onnx')]) {
    cpSync(join(root, 'models/starter/tokenizer'), join(target, 'tokenizer'), { recursive: true });
  }
  const program = join(temporary, 'program');
  await buildProgram('test/support/single-file-in-full-size.ts', program, 'program.mjs');
  const written = await run(process.execPath, [
    join(program, 'program.mjs'),
    source,
    join(temporary, 'sd15.safetensors'),
  ]);
  if (written !== 0) throw new ScriptError('The single file could not be written (see above).');
  rmSync(program, { recursive: true });
  renameSync(temporary, folder);
  return model;
}

/** Answers the path of Stable Diffusion XL's weights as a diffusers folder (float16, 6.9 GB). */
export async function fullSizeXl(folder, python) {
  const model = { diffusers: join(folder, 'diffusers') };
  await assertPython(python);
  if (existsSync(folder)) return model;
  say(`Making Stable Diffusion XL with random weights in ${folder} (once; 6.9 GB, a few minutes) ...`);
  const temporary = await runMaker('make_sdxl.py', folder, python);
  for (const name of ['tokenizer', 'tokenizer_2']) {
    cpSync(join(root, 'models/starter/tokenizer'), join(temporary, 'diffusers', name), { recursive: true });
  }
  renameSync(temporary, folder);
  return model;
}

/** Answers the folder that it was made in, beside the one that is wanted. */
async function runMaker(program, folder, python) {
  const temporary = `${folder}.making`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
  const made = await run(python, ['-W', 'ignore', join(PYTHON_FOLDER, program), temporary], quiet);
  if (made !== 0) throw new ScriptError('The models could not be made (see above).');
  return temporary;
}

/** Runs one of the Python programs beside this file; answers the JSON that it prints. */
export async function runPython(python, program, args) {
  const { code, output } = await runQuiet(python, ['-W', 'ignore', join(PYTHON_FOLDER, program), ...args]);
  const line = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0) throw new ScriptError(`${program} failed:\n${output.trim()}`);
  return JSON.parse(line);
}

async function assertPython(python) {
  const { code } = await runQuiet(python, ['-c', 'import torch, diffusers, transformers, onnx']).catch(
    () => ({ code: 1 }),
  );
  if (code === 0) return;
  throw new ScriptError(
    `The comparison needs a Python with torch and diffusers, which ${python} is not: make one with "python3 -m venv v && v/bin/pip install -r scripts/bench/python/requirements.txt" and give it as --python v/bin/python.`,
  );
}
