/** A recorded machine made real: its tools as executables in a folder, its sysfs as files. */
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { DetectOptions } from '../../main/hardware/detect-hardware';
import { adapterKindSchema, hardwareChoiceSchema } from '../../shared/hardware';

const toolSchema = z.object({
  stdout: z.string().default(''),
  stderr: z.string().default(''),
  code: z.number().int().default(0),
  /** Never ends, and has started another program that never ends either. */
  hang: z.boolean().default(false),
});

const machineSchema = z.strictObject({
  about: z.string(),
  platform: z.enum(['linux', 'win32', 'darwin', 'freebsd']),
  memory: z.object({ totalBytes: z.number(), availableBytes: z.number() }),
  tools: z.record(z.string(), toolSchema).default({}),
  /** Path below /sys → content. */
  sysfs: z.record(z.string(), z.string()).default({}),
  choice: hardwareChoiceSchema.optional(),
  expect: z.object({
    /** Name of the adapter that work is planned for. */
    gpu: z.string().nullable(),
    adapters: z.array(
      z.object({
        name: z.string(),
        kind: adapterKindSchema,
        totalBytes: z.number().nullable(),
        freeBytes: z.number().nullable(),
      }),
    ),
    notes: z.number().int(),
  }),
});
export type Machine = z.infer<typeof machineSchema>;

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'machines');

/** Names of all recorded machines. */
export const machineNames = async (): Promise<string[]> =>
  (await readdir(FOLDER)).map((file) => file.replace(/\.json$/, '')).sort();

/** Reads one of them. */
export const readMachine = async (name: string): Promise<Machine> =>
  machineSchema.parse(JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')));

/** Writes the machine's tools and files into a folder; answers how to ask it. The tool `graphics` stands for the last resort. */
export async function buildMachine(machine: Machine, folder: string): Promise<DetectOptions> {
  const bin = join(folder, 'bin');
  const sys = join(folder, 'sys');
  await mkdir(bin, { recursive: true });
  await mkdir(sys, { recursive: true });
  for (const [name, tool] of Object.entries(machine.tools)) {
    const answer = join(folder, `${name}.stdout`);
    const complaint = join(folder, `${name}.stderr`);
    await writeFile(answer, tool.stdout);
    await writeFile(complaint, tool.stderr);
    const lines = tool.hang
      ? ['/bin/sleep 60 &', `echo $! > ${folder}/${name}.pid`, 'wait']
      : [`/bin/cat '${answer}'`, `/bin/cat '${complaint}' >&2`, `exit ${tool.code}`];
    await writeFile(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'));
    await chmod(join(bin, name), 0o755);
  }
  for (const [path, content] of Object.entries(machine.sysfs)) {
    await mkdir(dirname(join(sys, path)), { recursive: true });
    await writeFile(join(sys, path), content);
  }
  return {
    platform: machine.platform,
    env: { PATH: bin },
    sysfsRoot: sys,
    memory: machine.memory,
    graphicsCommand:
      machine.tools['graphics'] === undefined ? null : { command: join(bin, 'graphics'), args: [] },
    choice: machine.choice ?? null,
  };
}
