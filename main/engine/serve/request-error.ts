/** What a request is answered with when it cannot be served. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export const bad = (message: string): RequestError => new RequestError(400, message);
