/** Finds out whether a provider really works here, with a graph of one node; in a throw-away process, since a driver may crash it. */
import { spawn } from 'node:child_process';
import type { Provider } from '../../../shared/placement';
import { sessionOptions } from './options';
import { ort } from './runtime';

/** `y = x · x` for [2, 2] float32: opset 17, one MatMul node. */
const PROBE_GRAPH =
  'CAgSADpEChEKAXgKAXgSAXkiBk1hdE11bBIFcHJvYmVaEwoBeBIOCgwIARIICgIIAgoCCAJiEwoBeRIOCgwIARIICgIIAgoCCAJCBAoAEBE=';

export interface ProbeResult {
  readonly provider: Provider;
  readonly works: boolean;
  /** Why not, in a sentence. */
  readonly reason: string | null;
  readonly ms: number;
}

/** Runs the probe graph in this process; throws when the provider does not start or computes wrongly. */
export async function probeHere(provider: Provider): Promise<void> {
  const session = await ort.InferenceSession.create(
    Buffer.from(PROBE_GRAPH, 'base64'),
    sessionOptions(provider, 'all'),
  );
  const x = new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]);
  const { y } = await session.run({ x });
  await session.release();
  const values = y?.data;
  if (!(values instanceof Float32Array) || values.join(' ') !== '7 10 15 22') {
    throw new Error(`the provider computed ${String(values)} instead of 7 10 15 22`);
  }
}

/** Runs the probe in a child process of the command line's file (`__probe <provider>`), which may crash or hang. */
export async function probeApart(
  provider: Provider,
  program: string,
  timeoutMs = 20_000,
): Promise<ProbeResult> {
  const startedAt = performance.now();
  return new Promise((settle) => {
    const child = spawn(process.execPath, [program, '__probe', provider], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: timeoutMs,
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', (error) =>
      settle({ provider, works: false, reason: error.message, ms: performance.now() - startedAt }),
    );
    child.on('close', (code, signal) => {
      const reason =
        code === 0
          ? null
          : (errors.trim().split('\n').at(-1) ?? '').slice(0, 300) ||
            `the probe ended with ${signal ?? code}`;
      settle({ provider, works: code === 0, reason, ms: performance.now() - startedAt });
    });
  });
}
