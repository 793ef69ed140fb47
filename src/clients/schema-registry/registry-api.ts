// The few calls to a Confluent-compatible registry that need its exact answer: look-up, registration, compatibility. By hand and not
// through the registry client, because its register() refuses when the subject's compatibility is not the wished one and its
// errors say neither whether the subject or the schema is missing nor whether anybody answered.

import { objectOf, parseJson } from "../../processors/json.ts";
import { createHttpClient } from "../http/http-client.ts";
import type { ProxyFor } from "../http/proxy.ts";

/** Where the registry is. */
export interface RegistrySettings {
  /** Base URL, with a path where the registry has one (Apicurio: /apis/ccompat/v7). */
  readonly url: string;
  /** Basic auth; null means none. */
  readonly user: string | null;
  readonly password: string | null;
  /** Which calls go by a proxy; none when left out. */
  readonly proxyFor?: ProxyFor;
}

/** What came of a call. `code` is the registry's own error code, null without one. */
export type RegistryAnswer =
  | { readonly kind: "id"; readonly id: number }
  | { readonly kind: "refused"; readonly status: number; readonly code: number | null }
  /** Nobody answered in time, or a server fault: worth another try. */
  | { readonly kind: "unavailable"; readonly detail: string };

/** The registry's code for "no such subject". */
export const subjectNotFound = 40401;
/** Its code for "no such schema", under the subject or at all. */
export const schemaNotFound = 40403;

/** The calls; none rejects, and each has a deadline of 5 s. */
export interface RegistryApi {
  /** Id of exactly this schema under the subject. */
  lookUp(subject: string, schemaText: string): Promise<RegistryAnswer>;
  /** Registers the schema; a repeat answers the same id. */
  register(subject: string, schemaText: string): Promise<RegistryAnswer>;
  /** Sets the subject's compatibility; `id` of the answer means nothing. */
  setCompatibility(subject: string, level: "BACKWARD_TRANSITIVE"): Promise<RegistryAnswer>;
  /** Whether a schema has this id. Only the registry's own word counts as unknown: a 404 of a proxy is no answer. */
  findSchema(
    id: number,
  ): Promise<
    | { readonly kind: "there" }
    | { readonly kind: "unknown" }
    | { readonly kind: "unavailable"; readonly detail: string }
  >;
}

const deadlineMs = 5_000;
const limits = {
  ...{ connectTimeoutMs: deadlineMs, responseTimeoutMs: deadlineMs },
  ...{ maxConnections: 10, maxBodyBytes: 5 * 1024 * 1024 },
};

type Heard = { readonly status: number; readonly body: unknown } | { readonly status: null; readonly detail: string };

/** The calls, over the registry at `settings`. */
export function createRegistryApi(settings: RegistrySettings): RegistryApi {
  const base = settings.url.replace(/\/+$/, "");
  const { proxyFor } = settings;
  const http = createHttpClient({ ...limits, now: () => Date.now(), ...(proxyFor === undefined ? {} : { proxyFor }) });
  const headers: Record<string, string> = { "content-type": "application/vnd.schemaregistry.v1+json" };
  if (settings.user !== null) {
    const credentials = Buffer.from(`${settings.user}:${settings.password ?? ""}`).toString("base64");
    headers["authorization"] = `Basic ${credentials}`;
  }

  async function ask(method: "GET" | "POST" | "PUT", path: string, body: object | null): Promise<Heard> {
    const sent = body === null ? {} : { body: JSON.stringify(body) };
    const answer = await http.call({ method, url: base + path, headers, ...sent }, AbortSignal.timeout(deadlineMs));
    if (answer.kind === "answer") return { status: answer.status, body: parseJson(answer.body) };
    return { status: null, detail: answer.detail === "aborted" ? "timeout" : answer.detail };
  }

  async function call(method: "POST" | "PUT", path: string, body: object): Promise<RegistryAnswer> {
    const heard = await ask(method, path, body);
    if (heard.status === null) return { kind: "unavailable", detail: heard.detail };
    if (heard.status >= 200 && heard.status < 300) return { kind: "id", id: numberIn(heard.body, "id") ?? -1 };
    if (heard.status >= 500 || heard.status === 408 || heard.status === 429)
      return { kind: "unavailable", detail: `status ${String(heard.status)}` };
    return { kind: "refused", status: heard.status, code: numberIn(heard.body, "error_code") };
  }

  return {
    lookUp: (subject, schema) => call("POST", `/subjects/${encodeURIComponent(subject)}`, { schema }),
    register: (subject, schema) => call("POST", `/subjects/${encodeURIComponent(subject)}/versions`, { schema }),
    setCompatibility: (subject, compatibility) =>
      call("PUT", `/config/${encodeURIComponent(subject)}`, { compatibility }),
    async findSchema(id) {
      const heard = await ask("GET", `/schemas/ids/${String(id)}`, null);
      if (heard.status === null) return { kind: "unavailable", detail: heard.detail };
      if (heard.status === 200 && typeof objectOf(heard.body)["schema"] === "string") return { kind: "there" };
      if (heard.status === 404 && numberIn(heard.body, "error_code") === schemaNotFound) return { kind: "unknown" };
      return { kind: "unavailable", detail: `status ${String(heard.status)}` };
    },
  };
}

function numberIn(value: unknown, name: string): number | null {
  const found = objectOf(value)[name];
  return typeof found === "number" ? found : null;
}
