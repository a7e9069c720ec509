// Builds the plain Node programs (engine, command line) into out/main, each as one file that shares nothing with the shell.
// In the package the shell lies inside app.asar, which plain Node can not read; so the programs must not share chunks with it.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = resolve(fileURLToPath(import.meta.url), '../..');

/** Output name → entry. */
const PROGRAMS = { engine: 'main/engine/index.ts', cli: 'main/engine/cli/index.ts' };

/** Never bundled: they load native files that lie next to their own code. */
export const NATIVE_MODULES = ['onnxruntime-node', 'sharp'];

/** Writes out/main/engine.cjs and out/main/cli.cjs. */
export async function buildPrograms() {
  for (const [name, entry] of Object.entries(PROGRAMS)) {
    await buildProgram(entry, resolve(root, 'out/main'), `${name}.cjs`);
  }
}

/** Writes one TypeScript entry as one file that plain Node runs: CommonJS for .cjs, else a module. */
export function buildProgram(entry, folder, file) {
  return build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node20.19',
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: resolve(root, entry),
        external: NATIVE_MODULES,
        output: {
          format: file.endsWith('.cjs') ? 'cjs' : 'es',
          entryFileNames: file,
          codeSplitting: false,
        },
      },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPrograms();
