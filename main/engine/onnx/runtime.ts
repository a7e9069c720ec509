/** Loads onnxruntime-node once: without its telemetry, and so that float16 tensors are plain `Uint16Array` on every Node version. */
import { createRequire } from 'node:module';

type OnnxRuntime = typeof import('onnxruntime-node');

/**
 * From 1.30 on, ONNX Runtime's builds for Linux and macOS upload events about sessions and models to Microsoft and keep a device identifier and a
 * cache on the disk, unless this is set before the library is loaded (microsoft/onnxruntime pull request 27379). Nothing leaves this machine unasked.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';

/**
 * onnxruntime-node 1.30.0 turns every float16 tensor into a `Float16Array` where the JS engine has one, and then reads it with
 * length 0. Its common package looks for the class at the first tensor made, so hiding it until then is enough.
 */
function loadRuntime(): OnnxRuntime {
  const require = createRequire(import.meta.url);
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
  if (descriptor !== undefined) Reflect.deleteProperty(globalThis, 'Float16Array');
  try {
    const runtime = require('onnxruntime-node') as OnnxRuntime;
    new runtime.Tensor('float32', new Float32Array(1), [1]);
    return runtime;
  } finally {
    if (descriptor !== undefined) Object.defineProperty(globalThis, 'Float16Array', descriptor);
  }
}

export const ort: OnnxRuntime = loadRuntime();
