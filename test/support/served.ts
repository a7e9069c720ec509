/** A Hybrid Inference server of the fixture models in this process, and jobs that use it. */
import { onTestFinished } from 'vitest';
import { ModelCache, type LoadedModel } from '../../main/engine/model/loaded-model';
import { Network, type NetworkOptions } from '../../main/engine/remote/network';
import type { RemoteAccess } from '../../main/engine/remote/places';
import { HybridServer, SERVE_DEFAULTS, type ServeOptions } from '../../main/engine/serve/server';
import { networkSettingsSchema, type LedgerEntry, type NetworkSettings } from '../../shared/network';
import type { Stage } from '../../shared/placement';
import { goldenModel } from './golden';

export interface Served {
  readonly url: string;
  readonly server: HybridServer;
  readonly model: LoadedModel;
  readonly lines: string[];
}

/** Serves a fixture model for one test. */
export async function serveModel(
  model = 'sd1-onnx',
  options: Partial<ServeOptions> = {},
  models = new ModelCache(),
): Promise<Served> {
  const lines: string[] = [];
  const loaded = await models.load(goldenModel(model), 'cpu');
  const server = new HybridServer(loaded, {
    host: '127.0.0.1',
    port: 0,
    token: null,
    ...SERVE_DEFAULTS,
    log: (line) => lines.push(line),
    ...options,
  });
  const url = await server.start();
  onTestFinished(async () => {
    await server.stop();
    await models.release();
  });
  return { url, server, model: loaded, lines };
}

/** For servers that work: time enough for a busy machine. */
const PATIENT_LIMITS = { networkRetries: 1, backoffMs: 20 };

/** For servers that do not answer: a test does not wait for them. */
export const QUICK_LIMITS = {
  connectMs: 500,
  idleMs: 1000,
  totalMs: 2500,
  generateMs: 5000,
  networkRetries: 1,
  backoffMs: 20,
};

/** Access to named endpoints, with a ledger in memory. */
export function accessTo(
  named: Partial<Record<Stage, string>>,
  options: NetworkOptions & { settings?: () => Promise<NetworkSettings>; mayFallBack?: boolean } = {},
): RemoteAccess & { readonly ledger: LedgerEntry[] } {
  const ledger: LedgerEntry[] = [];
  const { mayFallBack = true, ...rest } = options;
  const network = new Network({
    named: Object.values(named),
    settings: async () => networkSettingsSchema.parse({ limits: PATIENT_LIMITS }),
    record: async (entry) => {
      const at = ledger.findIndex(({ id }) => id === entry.id);
      if (at < 0) ledger.push(entry);
      else ledger[at] = entry;
    },
    ...rest,
  });
  return { network, named, mayFallBack, ledger, history: () => Promise.resolve(ledger) };
}
