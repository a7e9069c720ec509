/** Which ONNX Runtime providers stand for `gpu` and `cpu` on this platform. */
import type { DeviceChoice, Provider } from '../../../shared/placement';
import type { OpenOptions, Session } from './session';
import { ort } from './runtime';

/**
 * GPU providers in the order in which they are tried; WebGPU ends every list because it runs everywhere.
 * CoreML is left out: it recompiles at every session and takes dynamic shapes in pieces (onnxruntime.md 1.3).
 */
const GPU_PROVIDERS: Readonly<Partial<Record<NodeJS.Platform, readonly Provider[]>>> = {
  win32: ['dml', 'webgpu'],
  darwin: ['webgpu'],
  linux: ['cuda', 'webgpu'],
};

/** Providers compiled into, or fetched for, this copy of ONNX Runtime. */
export function availableProviders(): Provider[] {
  const present = new Set(
    ort
      .listSupportedBackends()
      .filter((backend) => backend.bundled)
      .map((backend) => backend.name),
  );
  const gpu = (GPU_PROVIDERS[process.platform] ?? ['webgpu']).filter((provider) => present.has(provider));
  return [...gpu, 'cpu'];
}

/** Providers that may be tried for a device choice; a plan says where to start. */
export function providersFor(device: DeviceChoice): Provider[] {
  return device === 'cpu' ? ['cpu'] : availableProviders();
}

/** Opens a graph by path; tests wrap the real one. */
export type SessionOpener = (path: string, options: OpenOptions) => Promise<Session>;
