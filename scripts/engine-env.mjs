// The environment of every plain Node process that runs sessions.

/**
 * Our environment plus what gives freed memory back to the system: without the trim threshold glibc keeps every page that a
 * released session used (onnxruntime issues 25325 and 26831). Other platforms ignore it.
 */
export function engineEnv() {
  return { MALLOC_TRIM_THRESHOLD_: '131072', ...process.env };
}
