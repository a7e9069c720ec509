/** The envelope that crosses every process boundary, because thrown errors lose everything but their message there. */
import type { ErrorBody } from './errors';

export type Result<T> = { ok: true; value: T } | { ok: false; error: ErrorBody };

/** Wraps a value as a success. */
export const ok = <T>(value: T): Result<T> => ({ ok: true, value });

/** Wraps an error body as a failure. */
export const fail = (error: ErrorBody): { ok: false; error: ErrorBody } => ({ ok: false, error });
