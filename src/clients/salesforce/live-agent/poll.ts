// One long poll of a Live Agent session (Live Agent fact sheet, section 5). Owns what each status means there; the loop around
// it, its budget and its pauses are the poller's. Used by desk.ts.
import type { Desk, OpenedSession, PollAnswer } from "../../../processors/desk/port.ts";
import type { DeskLostReason } from "../../../processors/messages/generated.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import { isObject, parseJson } from "../../../processors/json.ts";
import type { LongPollClient } from "../../http/long-poll-client.ts";
import { convertAnswer, notesOf } from "./convert.ts";
import { headersOf, named, resourceUrl, routeVoid, sessionGone, switchOf } from "./wire.ts";
import type { LiveAgentEndpoint } from "./wire.ts";

/** A desk may hold a poll as long as it has told us to wait (30 s both, in its guide): its answer must not meet our time-out. */
const lateMs = 2_000;

/** The poll of one deployment. Rejects only when aborted, and then its socket is closed. */
export function createPoll(polls: Pick<LongPollClient, "get">, endpoint: LiveAgentEndpoint): Desk["poll"] {
  return async (session, position, signal) => {
    const { origin, ...inHeaders } = named(endpoint, session);
    const answer = await polls.get(
      {
        url: resourceUrl(origin, `System/Messages${acknowledged(session, position)}`),
        headers: headersOf(endpoint, inHeaders, null),
        timeoutMs: session.pollTimeoutMs + lateMs,
      },
      signal,
    );
    if (answer.kind === "noAnswer") return { kind: "failed", detail: answer.detail, retryAfterMs: null };
    return judged(endpoint, answer, position);
  };
}

/**
 * Of a session that another program has polled before it is not known what that has acknowledged. Without a position the desk goes on
 * behind what it has delivered, as Salesforce's own mobile client polls; any number could bring the whole talk once more.
 */
function acknowledged({ numbered }: OpenedSession, position: number): string {
  return !numbered && position < 0 ? "" : `?ack=${String(position)}`;
}

function judged({ servers }: LiveAgentEndpoint, answer: HttpAnswer, position: number): PollAnswer {
  const { status, body, retryAfterMs } = answer;
  switch (status) {
    case 200: {
      const parsed = parseJson(body);
      if (!isObject(parsed)) return { kind: "failed", detail: "status 200: unreadable answer", retryAfterMs: null };
      // A page of whoever stands between: Live Agent has always a list.
      if (!Array.isArray(parsed.messages))
        return { kind: "failed", detail: "status 200: no messages", retryAfterMs: null };
      const told = { kind: "events", ...convertAnswer(parsed, position), notes: notesOf(parsed) } as const;
      const sentTo = switchOf(parsed);
      if (sentTo === null) return told;
      const lost = switched(servers.moveTo(sentTo));
      return parsed.messages.length === 1 ? { kind: "lost", ...lost } : { ...told, lost };
    }
    case 204:
      return { kind: "nothing" };
    case 403:
      return { kind: "lost", reason: "session_gone", detail: sessionGone };
    case 409:
      return { kind: "conflict" };
    case 503:
      return { kind: "moved", detail: routeVoid };
    default:
      return { kind: "failed", detail: `status ${status}`, retryAfterMs };
  }
}

/** The session is no more; who waits for an agent gets another one there. Without a host that is believed it is as gone as any. */
function switched(isBelieved: boolean): { readonly reason: DeskLostReason; readonly detail: string } {
  return { reason: isBelieved ? "server_switched" : "session_gone", detail: "SwitchServer" };
}
