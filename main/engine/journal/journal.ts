/**
 * What a job has so far, on disk: after a crash, an out-of-memory or a power cut it goes on where it stopped and ends in identical
 * pixels. Every file is written atomically; a file that does not read back is treated as if it had never been written.
 */
import { readFile, readdir, rm } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors';
import { jobOutputSchema, type JobOutput } from '../../../shared/job';
import type { DenoisingState } from '../denoising';
import { writeAtomically } from '../image/write';
import { makeFolder } from '../make-folder';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafeTensor,
  type SafeTensorsFile,
} from '../latents/safetensors';
import { ENCODED_KINDS, type Encoded } from '../stages/encode';
import { decodeStep, encodeStep } from './step-file';
import { parseJson } from '../parse-json';

const recordSchema = z.object({
  version: z.literal(1),
  /** Hash of everything that decides the pixels; another key means another job. */
  key: z.string(),
  seed: z.number().int(),
  outputs: z.array(jobOutputSchema),
});
type JobRecord = z.infer<typeof recordSchema>;

/** The denoising loop of picture `image` after some steps. */
export interface StepCheckpoint extends DenoisingState {
  readonly image: number;
}

/** The files that a job starts from. */
export interface JobFiles {
  readonly input: string;
  readonly mask: string | null;
}

const ENCODED = 'encoded.safetensors';
const STEP = 'step.safetensors';
const DECODED = 'decoded.safetensors';
const RECORD = 'job.json';

const FLUSH_INTERVAL_MS = 1000;

export class Journal {
  private flushedAt = -Infinity;

  private constructor(
    private readonly folder: string,
    private record: JobRecord,
    /** True when an earlier run of the same job left something to go on from. */
    readonly isResumed: boolean,
  ) {}

  /**
   * Opens the journal in `<jobFolder>/journal`. A journal of another job (another key) is emptied first.
   * @param files the input and the mask; copies of them are kept, so that the job can go on when the originals are moved
   * @param drawSeed makes the seed when the request left it open; a resumed job keeps the seed it drew
   */
  static async open(
    jobFolder: string,
    key: string,
    files: JobFiles,
    drawSeed: () => number,
  ): Promise<Journal> {
    const folder = join(jobFolder, 'journal');
    await makeFolder(folder);
    const found = await readRecord(folder);
    if (found !== null && found.key === key) return new Journal(folder, found, true);
    for (const file of await readdir(folder)) {
      // The old copy may be the very input that this job starts from.
      const path = join(folder, file);
      if (path !== files.input && path !== files.mask) await rm(path, { recursive: true });
    }
    for (const name of ['input', 'mask'] as const) {
      const path = files[name];
      if (path === null || dirname(path) === folder) continue;
      await writeAtomically(join(folder, `${name}${extname(path).toLowerCase()}`), await readFile(path));
    }
    const record: JobRecord = { version: 1, key, seed: drawSeed(), outputs: [] };
    const journal = new Journal(folder, record, false);
    await journal.save(record);
    return journal;
  }

  get seed(): number {
    return this.record.seed;
  }

  /** Pictures of this job that are finished, in order. */
  get outputs(): readonly JobOutput[] {
    return this.record.outputs;
  }

  async writeEncoded(encoded: Encoded): Promise<void> {
    await this.writeTensors(
      ENCODED,
      { latents: floats(encoded.data, [encoded.data.length]) },
      {
        kind: encoded.kind,
        channels: String(encoded.channels),
        height: String(encoded.height),
        width: String(encoded.width),
      },
    );
  }

  async readEncoded(): Promise<Encoded | null> {
    const file = await this.readTensors(ENCODED);
    const data = file?.tensors['latents']?.data;
    if (file === null || !(data instanceof Float32Array)) return null;
    const { channels, height, width } = file.metadata;
    const kind = ENCODED_KINDS.find((known) => known === file.metadata['kind']);
    if (kind === undefined) return null;
    return {
      kind,
      data,
      channels: Number(channels),
      height: Number(height),
      width: Number(width),
    };
  }

  async writeStep(checkpoint: StepCheckpoint): Promise<void> {
    // Flushing costs more than a fast step: once a second is enough. What a power cut leaves half-written counts as never written.
    const isDurable = performance.now() - this.flushedAt >= FLUSH_INTERVAL_MS;
    const bytes = encodeStep(checkpoint, { image: String(checkpoint.image) });
    await writeAtomically(join(this.folder, STEP), bytes, { isDurable });
    if (isDurable) this.flushedAt = performance.now();
  }

  async readStep(): Promise<StepCheckpoint | null> {
    const found = await this.readFile(STEP, decodeStep);
    const image = Number(found?.metadata['image'] ?? NaN);
    return found === null || !Number.isInteger(image) ? null : { ...found.state, image };
  }

  /** Decoded pixels [h, w, 3] of picture `image` at working size. */
  async writeDecoded(image: number, rgb: Uint8Array): Promise<void> {
    await this.writeTensors(
      DECODED,
      { rgb: { dtype: 'U8', shape: [rgb.length], data: rgb } },
      { image: String(image) },
    );
  }

  async readDecoded(image: number): Promise<Uint8Array | null> {
    const file = await this.readTensors(DECODED);
    const data = file?.tensors['rgb']?.data;
    return file !== null && file.metadata['image'] === String(image) && data instanceof Uint8Array
      ? data
      : null;
  }

  /** Records a finished picture; what belongs to its steps is not needed any more. */
  async addOutput(output: JobOutput): Promise<void> {
    const record = { ...this.record, outputs: [...this.record.outputs, output] };
    await this.save(record);
    await rm(join(this.folder, STEP), { force: true });
    await rm(join(this.folder, DECODED), { force: true });
  }

  /** Deletes everything: the job has ended. */
  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private async save(record: JobRecord): Promise<void> {
    await writeAtomically(join(this.folder, RECORD), Buffer.from(JSON.stringify(record)));
    this.record = record;
  }

  private async writeTensors(
    file: string,
    tensors: Record<string, SafeTensor>,
    metadata: Record<string, string>,
  ): Promise<void> {
    await writeAtomically(join(this.folder, file), encodeSafetensors(tensors, metadata));
  }

  private readTensors(file: string): Promise<SafeTensorsFile | null> {
    return this.readFile(file, decodeSafetensors);
  }

  /** Null when the file is missing or does not read back. */
  private async readFile<T>(file: string, decode: (bytes: Buffer) => T): Promise<T | null> {
    try {
      return decode(await readFile(join(this.folder, file)));
    } catch (error) {
      if (error instanceof AppError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** The copy of a file that a journal in `jobFolder` keeps; null when there is none. */
export async function journalledFile(jobFolder: string, kept: keyof JobFiles): Promise<string | null> {
  const folder = join(jobFolder, 'journal');
  try {
    const file = (await readdir(folder)).find(
      (name) => /^\w+(\.[a-z0-9]+)?$/.test(name) && name.split('.')[0] === kept,
    );
    return file === undefined ? null : join(folder, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The seed that an interrupted job drew; null where there was none. */
export async function journalledSeed(jobFolder: string): Promise<number | null> {
  return (await readRecord(join(jobFolder, 'journal')))?.seed ?? null;
}

async function readRecord(folder: string): Promise<JobRecord | null> {
  try {
    const parsed = recordSchema.safeParse(parseJson(await readFile(join(folder, RECORD), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const floats = (data: Float32Array, shape: number[]): SafeTensor => ({ dtype: 'F32', shape, data });
