/** Runs sandboxed before the page: puts one named function per request and per event on `window.underpaint`, nothing generic. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  BRIDGE_GLOBAL,
  functionName,
  PAGE_EVENTS,
  PAGE_REQUESTS,
  START_LOOK_ARGUMENT,
  subscriptionName,
  type StartLook,
} from '../shared/bridge';
import type { RequestName } from '../shared/contract';

type Listener = (payload: unknown) => void;

/** Asked before the page is there, so that the answer is when it asks. */
let firstState: Promise<unknown> | null = ipcRenderer.invoke('app.state' satisfies RequestName, null);

function send(name: RequestName, payload: unknown): Promise<unknown> {
  if (name !== 'app.state' || firstState === null) return ipcRenderer.invoke(name, payload);
  const asked = firstState;
  firstState = null;
  return asked;
}

const requests = PAGE_REQUESTS.map((name) => [
  functionName(name),
  (payload: unknown = null): Promise<unknown> => send(name, payload),
]);

const subscriptions = PAGE_EVENTS.map((name) => [
  subscriptionName(name),
  (listener: Listener): (() => void) => {
    const forward = (_event: unknown, payload: unknown): void => listener(payload);
    ipcRenderer.on(name, forward);
    return () => void ipcRenderer.removeListener(name, forward);
  },
]);

/** The real path of a File: newer Electrons ask `webUtils`, older ones put it on the File. Empty when it has none. */
function pathOf(file: File): string {
  const ask: typeof webUtils | undefined = webUtils;
  if (ask !== undefined) return ask.getPathForFile(file);
  return 'path' in file && typeof file.path === 'string' ? file.path : '';
}

/** Sends a dropped file by its path, or by its bytes when it has none (dragged out of another program). */
async function sendFile(
  file: File,
  byPath: RequestName,
  byBytes: RequestName,
  more: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const path = pathOf(file);
  if (path !== '') return ipcRenderer.invoke(byPath, { ...more, path });
  const bytes = new Uint8Array(await file.arrayBuffer());
  return ipcRenderer.invoke(byBytes, { ...more, name: file.name, bytes });
}

/** Look and language as the window was opened with them. */
function startLook(): StartLook {
  const given = process.argv.find((argument) => argument.startsWith(START_LOOK_ARGUMENT));
  return given === undefined
    ? { language: 'en', theme: 'system' }
    : (JSON.parse(given.slice(START_LOOK_ARGUMENT.length)) as StartLook);
}

contextBridge.exposeInMainWorld(BRIDGE_GLOBAL, {
  ...Object.fromEntries([...requests, ...subscriptions]),
  startLook,
  importFile: (file: File) => sendFile(file, 'source.import-path', 'source.import-bytes'),
  importMask: (file: File, sourceId: unknown) =>
    sendFile(file, 'mask.import-path', 'mask.import-bytes', { sourceId }),
  readSettings: (file: File) => sendFile(file, 'settings.read-path', 'settings.read-bytes'),
});
