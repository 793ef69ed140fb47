// Addresses, headers and answers that all calls of Live Agent share (Live Agent fact sheet, sections 2, 3 and 12). Used by the
// other files of this folder; its words go no further.
import { done } from "../../../processors/outcome.ts";
import type { OpenedSession, PostOutcome } from "../../../processors/desk/port.ts";
import { failedAnswer, isSuccess, withoutAnswer } from "../../http/failed-call.ts";
import type { Failure } from "../../http/failed-call.ts";
import type { HttpAnswer, HttpClient, NoAnswer } from "../../http/http-client.ts";
import { listOf, objectOf, textOf, type JsonObject } from "../../../processors/json.ts";
import type { Servers } from "./servers.ts";

/** The session as calls name it: its key, the token that routes to the pod that holds it, and the server. */
export interface NamedSession {
  readonly key: string;
  /** The literal `null` where there is no valid one. */
  readonly affinity: string;
  readonly origin: string;
}

/** One deployment of Live Agent. */
export interface LiveAgentEndpoint {
  readonly servers: Servers;
  /** Whole number, such as "52"; its own setting, as it need not equal the data API's. */
  readonly apiVersion: string;
  readonly organizationId: string;
  readonly deploymentId: string;
}

/** The affinity of a call before there is one, and of a reconnect: four letters, not an absent header. */
export const noAffinity = "null";

/** Address of a resource, such as `System/SessionId`, at a server. */
export function resourceUrl(origin: string, resource: string): string {
  return `${origin}/chat/rest/${resource}`;
}

/** The session as calls name it. */
export function named(
  { servers }: LiveAgentEndpoint,
  { key, route }: Pick<OpenedSession, "key" | "route">,
): NamedSession {
  return { key, ...servers.read(route) };
}

/** Where a `SwitchServer` in an answer sends us: empty when it does not say; null when there is none in it. */
export function switchOf(body: JsonObject): string | null {
  const switches = listOf(body.messages)
    .map(objectOf)
    .find(({ type }) => type === "SwitchServer");
  return switches === undefined ? null : (textOf(objectOf(switches.message).newUrl) ?? "");
}

/** Headers of a call; a POST that counts carries its number. */
export function headersOf(
  endpoint: LiveAgentEndpoint,
  session: Pick<NamedSession, "key" | "affinity"> | null,
  postSequence: number | null,
): Readonly<Record<string, string>> {
  return {
    accept: "application/json; charset=utf-8",
    "x-liveagent-api-version": endpoint.apiVersion,
    "x-liveagent-affinity": session?.affinity ?? noAffinity,
    ...(session === null ? {} : { "x-liveagent-session-key": session.key }),
    ...(postSequence === null ? {} : { "x-liveagent-sequence": String(postSequence) }),
  };
}

/**
 * Whether Live Agent itself does not work. 500 and 503 also say something about one session (a post before the chat is
 * established, a void route), so they count only where there is none yet.
 */
export function isLiveAgentFailure({ status }: HttpAnswer, { url }: { readonly url: string }): boolean {
  if (status === 500 || status === 503) return url.endsWith("/System/SessionId");
  return status > 501;
}

/** A POST of the visitor. */
export interface VisitorPost {
  /** Resource under Chasitor, such as ChatMessage. */
  readonly noun: string;
  readonly session: NamedSession;
  /** Null where it carries no number: the one resource that never does, and sessions that were begun without. */
  readonly postSequence: number | null;
  readonly body: unknown;
}

/** Sends a POST. The body of a success is not read: `OK`, or nothing. */
export function post(
  http: HttpClient,
  endpoint: LiveAgentEndpoint,
  visitorPost: VisitorPost,
  signal: AbortSignal,
): Promise<HttpAnswer | NoAnswer> {
  const { noun, session, postSequence, body } = visitorPost;
  return http.call(
    {
      method: "POST",
      url: resourceUrl(session.origin, `Chasitor/${noun}`),
      headers: {
        ...headersOf(endpoint, session, postSequence),
        "content-type": "application/json; charset=utf-8",
      },
      body: JSON.stringify(body),
    },
    signal,
  );
}

/** What came of a POST with a number. */
export function postOutcome(answer: HttpAnswer | NoAnswer): PostOutcome {
  if (answer.kind === "answer" && isSuccess(answer)) return done;
  if (answer.kind === "answer" && answer.status === 409) {
    // "Out of sync Ack. Expected 498. Actual 4": the last figure is the last number that was accepted.
    const lastAccepted = /(\d{1,15})\D*$/.exec(answer.body ?? "")?.[1];
    if (lastAccepted !== undefined) return { kind: "outOfStep", lastAccepted: Number(lastAccepted) };
    return { kind: "broken", detail: "status 409 without a number", status: 409 };
  }
  const failure = liveAgentFailure(answer);
  return failure.kind === "retry" && failure.status === 503 ? { ...failure, moved: true } : failure;
}

/** A 403, in the words that operators of the Go service look for in logs (parity sheet, section 9). */
export const sessionGone = "[403] - Error call with status : Session required but was invalid or not found";
/** A 503, likewise: the server that answered does not hold the session. */
export const routeVoid = "[503] - Error call with status : route is void";

/** What a call that did not succeed means to Live Agent. */
export function liveAgentFailure(answer: HttpAnswer | NoAnswer): Failure {
  if (answer.kind === "noAnswer") return withoutAnswer(answer);
  const { status, retryAfterMs } = answer;
  switch (status) {
    case 403:
      return { kind: "refused", detail: sessionGone, status };
    case 404:
    case 405:
      return { kind: "broken", detail: `status ${status}`, status };
    case 503:
      // The affinity is void: the pod that answered does not hold the session and did nothing.
      return { kind: "retry", detail: routeVoid, status, mayHaveHappened: false, retryAfterMs };
    default:
      return failedAnswer(answer);
  }
}
