// One call to Salesforce's data API with the shared token: refreshed and repeated once when Salesforce refuses it. Owns paths'
// origin, headers and the reading of errors; what is asked is in contacts.ts and cases.ts.
import type { Outcome } from "../../../processors/outcome.ts";
import { failedAnswer, withoutAnswer } from "../../http/failed-call.ts";
import type { HttpAnswer, HttpBody, HttpClient } from "../../http/http-client.ts";
import { parseJson } from "../../../processors/json.ts";
import { isOverLimit, type SalesforceLimits, type Urgency } from "../limits.ts";
import type { AccessTokens } from "../oauth.ts";
import { apiErrorText } from "./api-errors.ts";

/** One call. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH";
  /** Path and query, encoded, from `/services` on. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, keys in their order. */
  readonly body?: unknown;
  /** JSON that is made while it is sent; in place of `body`. */
  readonly rawBody?: HttpBody;
  /** The only status that is a success. */
  readonly success: number;
  /** Values that must not show in an error's text. */
  readonly personal: readonly string[];
}

/** Calls the data API. Never rejects. */
export interface DataApi {
  readonly apiVersion: string;
  /** The body of a successful answer, parsed; undefined when it is no JSON. */
  call(request: ApiRequest, signal: AbortSignal): Promise<Outcome<unknown>>;
}

/** The data API of one org. `baseUrl` is the instance's origin; `apiVersion` its whole number, such as "52". */
export function createDataApi(options: {
  readonly http: HttpClient;
  readonly tokens: AccessTokens;
  readonly baseUrl: string;
  readonly apiVersion: string;
  readonly limits: SalesforceLimits;
  /** On whose behalf these calls are made. */
  readonly urgency: Urgency;
}): DataApi {
  const { tokens, limits, urgency } = options;

  function send(request: ApiRequest, token: string, signal: AbortSignal) {
    const body = request.rawBody ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    return options.http.call(
      {
        method: request.method,
        url: `${options.baseUrl}${request.path}`,
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...request.headers,
          authorization: `Bearer ${token}`,
        },
        ...(body === undefined ? {} : { body }),
      },
      signal,
    );
  }

  return {
    apiVersion: options.apiVersion,
    async call(request, signal) {
      const held = await limits.admit(urgency, signal);
      if (held !== null) return withoutAnswer(held);
      const token = await tokens.get(signal);
      if (token.kind !== "done") return token;
      let answer = await send(request, token.value, signal);
      if (answer.kind === "answer" && answer.status === 401) {
        const renewed = await tokens.renew(token.value, signal);
        if (renewed.kind !== "done") return renewed;
        answer = await send(request, renewed.value, signal);
      }
      limits.heard(answer);
      return answer.kind === "noAnswer" ? withoutAnswer(answer) : read(request, answer);
    },
  };
}

function read(request: ApiRequest, answer: HttpAnswer): Outcome<unknown> {
  const body = parseJson(answer.body);
  if (answer.status === request.success) return { kind: "done", value: body };
  const failure = failedAnswer(answer, apiErrorText(body, request.personal));
  if (!isOverLimit(answer)) return failure;
  const { status, retryAfterMs } = answer;
  return { kind: "retry", detail: failure.detail, status, mayHaveHappened: false, retryAfterMs };
}
