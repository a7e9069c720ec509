// The environment of every plain Node process that runs sessions.

/**
 * Our environment plus what gives freed memory back to the system: without the trim threshold glibc keeps every page that a
 * released session used (onnxruntime issues 25325 and 26831). Large pieces come in huge pages, so that the autoencoder, which gives its
 * memory back after every run, gets it again for half of the system's time. Other platforms, and glibc before 2.35, ignore both.
 */
export function engineEnv() {
  return { MALLOC_TRIM_THRESHOLD_: '131072', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1', ...process.env };
}
