/** Test projects: what runs side by side, what runs alone, and how long a test may take. Started by scripts/test.mjs. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { configDefaults, defineConfig } from 'vitest/config';

const SEQUENTIAL = { maxWorkers: 1, fileParallelism: false, isolate: true } as const;

/** Folders that have a project of their own; every other test belongs to `unit`, so that no test file is left out. */
const OWN_PROJECT = ['pipeline', 'engine', 'window', 'package'];

const filesIn = (folder: string): string[] => [`test/${folder}/**/*.test.{ts,tsx}`];

export default defineConfig({
  plugins: [react()],
  test: {
    watch: false,
    // Nothing that a test starts or calls may write into the folder of the person who runs it.
    env: { UNDERPAINT_HOME: resolve(tmpdir(), `underpaint-test-home-${process.pid}`) },
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, ...OWN_PROJECT.map((folder) => `test/${folder}/**`)],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'pipeline',
          include: filesIn('pipeline'),
          // Files share nothing: each has its own app folder. Two at a time, since much of the work is on one thread.
          maxWorkers: 2,
          isolate: true,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          include: filesIn('engine'),
          maxWorkers: 2,
          isolate: true,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'window',
          include: filesIn('window'),
          // Windows wait a lot; each has its own display and home.
          maxWorkers: 2,
          isolate: true,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: filesIn('package'),
          ...SEQUENTIAL,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
