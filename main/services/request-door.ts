/** The door between the page and the services: parses what comes in, cuts what goes out to its schema, wraps both ways to fail. */
import type { z } from 'zod';
import { REQUESTS, type RequestName } from '../../shared/contract';
import { AppError, toErrorBody } from '../../shared/errors';
import { fail, ok, type Result } from '../../shared/result';
import type { RequestHandlers, RequestInputs } from './requests';

const SCHEMAS: {
  [N in RequestName]: { request: z.ZodType<RequestInputs[N]>; response: z.ZodType };
} = REQUESTS;

/** Answers one request; never rejects. A payload that does not fit its schema answers `usage` and reaches no handler. */
export async function answerRequest(
  handlers: RequestHandlers,
  name: RequestName,
  payload: unknown,
  log: (text: string) => void,
): Promise<Result<unknown>> {
  try {
    return ok(await call(handlers, name, payload));
  } catch (error) {
    const body = toErrorBody(error);
    log(`${name}: ${body.code}: ${body.message}${body.details === undefined ? '' : `\n${body.details}`}`);
    return fail(body);
  }
}

async function call<N extends RequestName>(
  handlers: RequestHandlers,
  name: N,
  payload: unknown,
): Promise<unknown> {
  const schemas = SCHEMAS[name];
  const request = schemas.request.safeParse(payload);
  if (!request.success) {
    throw new AppError('usage', `The window sent a request that makes no sense (${name}); try again.`, {
      details: request.error.message,
    });
  }
  return schemas.response.parse(await handlers[name](request.data));
}
