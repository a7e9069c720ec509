/** How the sources become out/: the shell, the engine and the command line as one CommonJS file each, the preload, the page. */
import { copyFileSync } from 'node:fs';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { droppableShared } from './scripts/droppable-shared.mjs';
import { buildPrograms, NATIVE_MODULES } from './scripts/build-programs.mjs';

/** Electron 25 (the oldest runtime we start on, see scripts/electron-runtime.mjs) is Node 18.15 and Chrome 114. */
const SHELL_TARGET = 'node18.15';
const PAGE_TARGET = 'chrome114';

/** SQLite's WebAssembly is looked for beside the code that loads it. */
const copySqlite = (): void => {
  const file = 'node-sqlite3-wasm.wasm';
  copyFileSync(at(`node_modules/node-sqlite3-wasm/dist/${file}`), at(`out/main/${file}`));
};

const at = (path: string): string => resolve(import.meta.dirname, path);

export default defineConfig({
  main: {
    plugins: [
      { name: 'underpaint:programs', apply: 'build', closeBundle: buildPrograms },
      { name: 'underpaint:sqlite', apply: 'build', closeBundle: copySqlite },
    ],
    build: {
      target: SHELL_TARGET,
      externalizeDeps: false,
      outDir: at('out/main'),
      rolldownOptions: {
        input: { index: at('main/index.ts') },
        external: ['electron', ...NATIVE_MODULES],
        output: {
          format: 'cjs',
          entryFileNames: '[name].cjs',
          chunkFileNames: '[name].cjs',
          // The start, and the rest, which is loaded while the window opens.
          codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] },
        },
      },
    },
  },
  preload: {
    build: {
      target: SHELL_TARGET,
      externalizeDeps: false,
      outDir: at('out/preload'),
      rolldownOptions: {
        input: { preload: at('main/preload.ts') },
        external: ['electron'],
        // A sandboxed preload must be CommonJS and can not require files.
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: {
    root: at('renderer'),
    plugins: [react(), droppableShared()],
    build: {
      target: PAGE_TARGET,
      minify: true,
      outDir: at('out/renderer'),
      emptyOutDir: true,
      rolldownOptions: {
        input: at('renderer/index.html'),
        // All of the first screen in one file; the parts of ui/later.tsx in their own.
        output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }] } },
      },
    },
  },
});
