/** Which operators a provider left to the CPU, from ONNX Runtime's own profile of a run. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { sessionOptions } from '../../main/engine/onnx/options';
import { ort } from '../../main/engine/onnx/runtime';
import { fromTensor, toTensor, type Feed, type FloatTensor } from '../../main/engine/onnx/tensors';
import type { Provider } from '../../shared/placement';

const eventsSchema = z.array(
  z.object({
    cat: z.string().optional(),
    args: z.object({ op_name: z.string().optional(), provider: z.string().optional() }).optional(),
  }),
);

export interface PlacedRun {
  /** Provider as ONNX Runtime calls it → operator → how many of its nodes ran there. */
  readonly placed: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly results: Readonly<Record<string, FloatTensor>>;
}

/** Runs a graph on recorded inputs with the profiler on. */
export async function runProfiled(
  path: string,
  provider: Provider,
  record: Readonly<Record<string, Feed>>,
): Promise<PlacedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'underpaint-profile-'));
  const session = await ort.InferenceSession.create(path, {
    ...sessionOptions(provider, 'all'),
    enableProfiling: true,
    profileFilePrefix: join(folder, 'profile'),
  });
  const feeds = Object.fromEntries(
    session.inputMetadata.map((meta) => {
      const feed = record[meta.name];
      if (feed === undefined || !meta.isTensor)
        throw new Error(`nothing recorded for the input ${meta.name}`);
      return [meta.name, toTensor({ name: meta.name, type: meta.type, shape: [...meta.shape] }, feed)];
    }),
  );
  const outputs = await session.run(feeds);
  session.endProfiling();
  await session.release();
  const [file = ''] = readdirSync(folder);
  const events = eventsSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  rmSync(folder, { recursive: true });

  const placed: Record<string, Record<string, number>> = {};
  for (const { cat, args } of events) {
    if (cat !== 'Node' || args?.provider === undefined || args.op_name === undefined) continue;
    const ops = (placed[args.provider] ??= {});
    ops[args.op_name] = (ops[args.op_name] ?? 0) + 1;
  }
  const results = Object.entries(outputs).map(([name, tensor]) => [name, fromTensor(name, tensor)] as const);
  return { placed, results: Object.fromEntries(results) };
}
