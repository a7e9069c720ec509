/** The engine as a child process: answers the main process's messages until the pipe closes. */
import { ZodError } from 'zod';
import { ModelCache, describeModel } from './model/loaded-model';
import { toErrorBody, AppError } from '../../shared/errors';
import { serverOf, type NetworkSettings } from '../../shared/network';
import type { NetworkView } from '../../shared/network-view';
import type { RestoredSettings } from '../../shared/restored-settings';
import { cancelledError } from './context';
import { understandSettings } from './foreign-settings/understand';
import { exportPicture } from './image/export';
import { inspectPicture, pictureSize, writeThumbnail } from './image/inspect';
import { readSettings } from './image/read-settings';
import { prepareMask, renderPainting, writeBlank } from './image/render-painting';
import { img2img } from './img2img';
import { listLoras } from './lora/find-lora';
import { withoutTags } from './lora/lora-prompt';
import {
  ENGINE_METHODS,
  toEngineSchema,
  type EngineAnswers,
  type EngineMethod,
  type FromEngine,
} from './messages';
import { starterModelPath } from './model/starter-path';
import { planRequest } from './plan/plan-request';
import { testEndpoint } from './remote/health';
import { ledgerCsv, readLedger, readRecentLedger } from './remote/ledger';
import { Network, type NetworkOptions } from './remote/network';
import { readNetworkSettings, writeNetworkSettings } from './remote/network-settings';
import { changeNetwork, consentNeeded, ledgerView, networkView } from './remote/network-view';
import type { RemoteAccess } from './remote/places';
import { detectFamily } from './families/detect';
import { readModelFolder } from './model/model-folder';
import { loadPromptCounter, type PromptCounter } from './model/prompt-counter';
import { availableProviders } from './onnx/providers';
import { thisMachine } from './this-machine';
import { APP_VERSION } from './version';

interface Call {
  readonly id: number;
  readonly signal: AbortSignal;
  /** See `JobContext.finish`. */
  readonly finish: AbortSignal;
}

type Handlers = { [M in EngineMethod]: (params: unknown, call: Call) => Promise<EngineAnswers[M]> };

const models = new ModelCache();
const running = new Map<number, { cancel: AbortController; finish: AbortController }>();
/** Jobs run one after the other: they share the cores and the memory. */
let lastJob: Promise<unknown> = Promise.resolve();
/** Bearer tokens of endpoints by origin, as the main process has handed them over. */
let tokens: Readonly<Record<string, string>> = {};
/** Changes of the network settings, one after the other. */
let lastChange: Promise<unknown> = Promise.resolve();
let counter: { model: string; count: PromptCounter } | null = null;

const handlers: Handlers = {
  inspect: async (params) => {
    const { inputPath, previewPath, maxSidePx } = ENGINE_METHODS.inspect.parse(params);
    return inspectPicture(inputPath, previewPath, maxSidePx);
  },
  thumbnail: async (params) => {
    const { inputPath, thumbnailPath } = ENGINE_METHODS.thumbnail.parse(params);
    await writeThumbnail(inputPath, thumbnailPath);
    return null;
  },
  'picture.export': async (params) => {
    await exportPicture(ENGINE_METHODS['picture.export'].parse(params));
    return null;
  },
  'picture.describe': async (params) => {
    const { inputPath } = ENGINE_METHODS['picture.describe'].parse(params);
    return { ...(await pictureSize(inputPath)), restored: await settingsIn(inputPath) };
  },
  'settings.read': async (params) => settingsIn(ENGINE_METHODS['settings.read'].parse(params).inputPath),
  'model.info': async (params) => describeModel(ENGINE_METHODS['model.info'].parse(params).model),
  'prompt.count-tokens': async (params) => {
    const { prompt, model } = ENGINE_METHODS['prompt.count-tokens'].parse(params);
    return (await counterOf(model))(withoutTags(prompt));
  },
  'lora.list': async () => [...(await listLoras()).keys()],
  'machine.view': async () => ({
    engine: APP_VERSION,
    node: process.version,
    hardware: await thisMachine.current(),
    providers: [...availableProviders()],
  }),
  plan: async (params) => {
    const { settings, width, height, painting } = ENGINE_METHODS.plan.parse(params);
    return planRequest(settings, { width, height }, remoteAccess(), painting);
  },
  'painting.render': async (params) => renderPainting(ENGINE_METHODS['painting.render'].parse(params)),
  'mask.prepare': async (params) => {
    const { inputPath, outputPath, ...size } = ENGINE_METHODS['mask.prepare'].parse(params);
    return prepareMask(inputPath, size, outputPath);
  },
  'picture.blank': async (params) => {
    const { colour, name, outputPath, ...size } = ENGINE_METHODS['picture.blank'].parse(params);
    return writeBlank(size, colour, name, outputPath);
  },
  'network.view': async () => {
    await lastChange;
    return viewOf(await readNetworkSettings());
  },
  'network.change': (params) => {
    const { change } = ENGINE_METHODS['network.change'].parse(params);
    const changed = lastChange.then(async () => {
      const settings = changeNetwork(await readNetworkSettings(), change);
      await writeNetworkSettings(settings);
      return viewOf(settings);
    });
    lastChange = changed.catch(() => undefined);
    return changed;
  },
  'endpoint.test': async (params, { signal }) => {
    const { url } = ENGINE_METHODS['endpoint.test'].parse(params);
    return testEndpoint(networkWith(), url, signal);
  },
  'ledger.view': async () => ledgerView(await readLedger()),
  'ledger.text': async (params) => {
    const { format } = ENGINE_METHODS['ledger.text'].parse(params);
    const entries = await readLedger();
    return format === 'csv' ? ledgerCsv(entries) : `${JSON.stringify({ entries }, null, 2)}\n`;
  },
  'consent.needed': async (params) => {
    const { settings } = ENGINE_METHODS['consent.needed'].parse(params);
    const { family } = detectFamily(await readModelFolder(settings.model ?? starterModelPath()));
    return consentNeeded(settings, family, await readNetworkSettings());
  },
  img2img: async (params, { id, signal, finish }) => {
    const job = ENGINE_METHODS.img2img.parse(params);
    return inTurn(signal, () =>
      img2img(job, {
        models,
        signal,
        finish,
        onProgress: (progress) => send({ type: 'progress', id, progress }),
        remote: remoteAccess({ allowedOnce: job.allowedOnce ?? [] }),
      }),
    );
  },
};

const networkWith = (options: NetworkOptions = {}): Network =>
  new Network({ tokenFor: (url) => tokens[serverOf(url)] ?? null, ...options });

const remoteAccess = (options: NetworkOptions = {}): RemoteAccess => ({
  network: networkWith(options),
  named: {},
  mayFallBack: true,
});

const viewOf = async (settings: NetworkSettings): Promise<NetworkView> =>
  networkView(settings, await readRecentLedger());

async function settingsIn(inputPath: string): Promise<RestoredSettings | null> {
  const found = await readSettings(inputPath);
  return found === null ? null : understandSettings(found);
}

async function counterOf(model: string | null): Promise<PromptCounter> {
  const path = model ?? starterModelPath();
  // Asked at every pause in typing: the model is read again only when it is another one.
  if (counter?.model !== path) counter = { model: path, count: await loadPromptCounter(path) };
  return counter.count;
}

/** Runs `work` after the jobs before it. One that is cancelled while it still waits is answered at once. */
function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let hasStarted = false;
  const turn = lastJob.then(() => {
    if (signal.aborted) throw cancelledError();
    hasStarted = true;
    return work();
  });
  lastJob = turn.catch(() => undefined);
  return new Promise((settle, fail) => {
    signal.addEventListener('abort', () => !hasStarted && fail(cancelledError()), { once: true });
    turn.then(settle, fail);
  });
}

function send(message: FromEngine): void {
  process.send?.(message);
}

async function answer(id: number, method: string, params: unknown): Promise<void> {
  const call = { cancel: new AbortController(), finish: new AbortController() };
  running.set(id, call);
  try {
    if (!isMethod(method)) throw new AppError('internal', `The engine has no method "${method}".`);
    send({
      type: 'answer',
      id,
      ok: true,
      value: await handlers[method](params, {
        id,
        signal: call.cancel.signal,
        finish: call.finish.signal,
      }),
    });
  } catch (error) {
    send({ type: 'answer', id, ok: false, error: toErrorBody(explain(error, method)) });
  } finally {
    running.delete(id);
  }
}

/** Parameters that do not fit their schema, in a sentence. */
function explain(error: unknown, method: string): unknown {
  if (!(error instanceof ZodError)) return error;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'parameters' : issue.path.join('.');
  return new AppError(
    'usage',
    `The request "${method}" has unusable ${where}: ${issue?.message ?? 'unknown problem'}.`,
    {
      cause: error,
    },
  );
}

const isMethod = (method: string): method is EngineMethod => Object.hasOwn(ENGINE_METHODS, method);

process.on('message', (raw) => {
  const message = toEngineSchema.safeParse(raw);
  if (!message.success) {
    console.error(`The engine did not understand a message: ${message.error.message}`);
    return;
  }
  if (message.data.type === 'tokens') ({ tokens } = message.data);
  else if (message.data.type === 'cancel') running.get(message.data.id)?.cancel.abort();
  else if (message.data.type === 'finish') running.get(message.data.id)?.finish.abort();
  else void answer(message.data.id, message.data.method, message.data.params);
});
process.on('disconnect', () => process.exit(0));

send({ type: 'ready', version: APP_VERSION });
