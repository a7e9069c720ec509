/** Every way in which the app refuses or fails, with the exit code of the command line (contract.md). */
import { z } from 'zod';

/** Error code → exit code of the command line. */
export const EXIT_CODES = {
  internal: 1,
  'disk-full': 1,
  'engine-died': 1,
  usage: 2,
  output: 2,
  input: 3,
  model: 4,
  endpoint: 5,
  'out-of-memory': 6,
  cancelled: 7,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

const errorCodes = Object.keys(EXIT_CODES) as [ErrorCode, ...ErrorCode[]];

/** What a failure looks like on the wire: one plain sentence (what, why, what to do) and optional technical detail. */
export const errorBodySchema = z.object({
  code: z.enum(errorCodes),
  /** One plain sentence for the person: what happened, why, what to do. */
  message: z.string(),
  /** Technical detail for logs and UNDERPAINT_DEBUG, never shown first. */
  details: z.string().optional(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** An error that a person may read. Throw this for everything that is expected to go wrong. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details =
      options.details ??
      (options.cause instanceof Error ? (options.cause.stack ?? options.cause.message) : undefined);
  }
}

/** Turns anything that was thrown into an error body; an unknown error becomes `internal`. */
export function toErrorBody(thrown: unknown): ErrorBody {
  if (thrown instanceof AppError) {
    return {
      code: thrown.code,
      message: thrown.message,
      ...(thrown.details === undefined ? {} : { details: thrown.details }),
    };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = (error as { code?: unknown }).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return {
      code: 'disk-full',
      message: 'The disk is full, so nothing could be saved; free some space and try again.',
      details: error.stack ?? error.message,
    };
  }
  return {
    code: 'internal',
    message: `Something went wrong inside Underpaint (${firstLine(error.message)}); try again, and report it if it happens twice.`,
    details: error.stack ?? error.message,
  };
}

/** Turns an error body back into an error that can be thrown on this side of the boundary. */
export function fromErrorBody(body: ErrorBody): AppError {
  return new AppError(body.code, body.message, body.details === undefined ? {} : { details: body.details });
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').trim().slice(0, 200);
