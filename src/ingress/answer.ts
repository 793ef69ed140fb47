// What a route answers, before it is HTTP: a status and a JSON body, in the original's two forms. Sent by ingress.ts.

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `{"Message": …}` with 200. */
export function success(message: string): Answer {
  return { status: 200, body: { Message: message } };
}

/** `{"ErrorDescription": …}`. */
export function failure(status: number, description: string): Answer {
  return { status, body: { ErrorDescription: description } };
}

/** 503 with the time to wait: nothing is wrong with the request, a part that it needs does not answer. */
export function unavailable(description: string): Answer {
  return { ...failure(503, description), headers: { "retry-after": "2" } };
}
