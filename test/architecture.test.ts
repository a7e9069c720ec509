/** The import rules of the house hold in every source file, and ARCHITECTURE.md tells the truth about paths. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, violationsOf, ZONES } from './support/import-rules';

const ROOT = resolve(import.meta.dirname, '..');

const sources = ['shared', 'main', 'renderer'].flatMap((folder) =>
  readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/.test(path)),
);
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');

describe('who may import whom', () => {
  it('holds in every source file', () => {
    expect(sources.flatMap((path) => violationsOf(path, read(path)))).toEqual([]);
  });

  it('looks at every folder that has a rule', () => {
    const zonesWithFiles = new Set(sources.map((path) => ZONES.findIndex(({ files }) => files.test(path))));
    expect([...zonesWithFiles].toSorted((a, b) => a - b)).toEqual(ZONES.map((_, index) => index));
  });

  it('sees the native modules where they are used', () => {
    const users = (name: string): string[] => sources.filter((path) => importsOf(read(path)).includes(name));
    expect(users('onnxruntime-node').length).toBeGreaterThan(0);
    expect(users('sharp').length).toBeGreaterThan(0);
    expect(users('electron').length).toBeGreaterThan(0);
  });

  it('has one way out to the network, and one door in', () => {
    const network =
      /['"](?:node:)?(?:https?|http2|net|tls|dgram|dns)(?:\/promises)?['"]|['"]undici['"]|\bfetch\(|new (?:WebSocket|EventSource|XMLHttpRequest)\(/;
    const users = sources.filter((path) => path.startsWith('main/') && network.test(read(path)));
    expect(users.filter((path) => !path.startsWith('main/engine/serve/'))).toEqual([
      'main/engine/remote/network.ts',
    ]);
  });
});

describe('the rule checker itself', () => {
  const planted: [path: string, code: string][] = [
    ['shared/job.ts', `import { readFileSync } from 'node:fs';`],
    ['shared/job.ts', `import { x } from '../main/engine/messages';`],
    ['shared/job.ts', `import React from 'react';`],
    ['renderer/state/app.ts', `import type { IpcRenderer } from 'electron';`],
    ['renderer/state/app.ts', `import {\n  a,\n  b,\n} from '../../main/services/queue';`],
    ['renderer/state/app.ts', `import fs from 'fs';`],
    ['main/engine/img2img.ts', `import { app } from 'electron/main';`],
    ['main/engine/img2img.ts', `import * as ort from 'onnxruntime-node';`],
    ['main/engine/img2img.ts', `const sharp = require('sharp');`],
    ['main/engine/img2img.ts', `type Sharp = typeof import('sharp');`],
    ['main/engine/img2img.ts', `export * from '../services/job-queue';`],
    ['main/engine/img2img.ts', `const queue = await import('../services/job-queue');`],
    ['main/engine/onnx/session.ts', `import sharp from 'sharp';`],
    ['main/engine/image/read.ts', `import { Tensor } from 'onnxruntime-node';`],
    ['main/placement/planner.ts', `import { gpu } from '../hardware/gpu';`],
    ['main/placement/planner.ts', `import os from 'node:os';`],
    ['main/hardware/gpu.ts', `import { plan } from '../placement/planner';`],
    ['main/services/job-queue.ts', `import { app } from 'electron';`],
    ['main/services/job-queue.ts', `import { img2img } from '../engine/img2img';`],
    ['main/services/job-queue.ts', `import { x } from '../window';`],
    ['main/preload.ts', `import { join } from 'node:path';`],
    ['main/window.ts', `import sharp from 'sharp';`],
    ['main/window.ts', `import { img2img } from './engine/img2img';`],
    ['main/engine/remote/client.ts', `import { request } from 'undici';`],
    ['main/other/new.ts', `export const x = 1;`],
    ['main/services/job-queue.ts', `const name = 'elec' + 'tron'; await import(name);`],
  ];

  it.each(planted)('finds the violation in %s: %s', (path, code) => {
    expect(violationsOf(path, code)).toHaveLength(1);
  });

  const honest: [path: string, code: string][] = [
    ['shared/job.ts', `import { z } from 'zod';\nimport { x } from './errors';`],
    ['renderer/state/app.ts', `import { create } from 'zustand';\nimport { x } from '../../shared/job';`],
    ['main/engine/onnx/session.ts', `import * as ort from 'onnxruntime-node';`],
    ['main/engine/image/read.ts', `import sharp from 'sharp';\nimport { x } from '../../../shared/errors';`],
    ['main/services/job-queue.ts', `import type { EngineMethod } from '../engine/messages';`],
    ['main/window.ts', `import { BrowserWindow } from 'electron';\nimport { x } from './services/gallery';`],
    ['main/engine/img2img.ts', `// import sharp from 'sharp';\n/* import 'electron'; */\nexport {};`],
  ];

  it.each(honest)('accepts %s: %s', (path, code) => {
    expect(violationsOf(path, code)).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('is under 200 lines and names only paths that exist', () => {
    const text = read('ARCHITECTURE.md');
    expect(text.split('\n').length).toBeLessThan(200);
    const inCode = [...text.matchAll(/`([^`\n]+)`/g)].flatMap((match) => match[1] ?? []);
    const paths = inCode.filter((words) =>
      /^(\.ci|main|shared|renderer|scripts|test|models)\/[\w./-]*$/.test(words),
    );
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(resolve(ROOT, path)))).toEqual([]);
  });
});
