// The calls of one Live Agent session other than its poll: opening, the visitor's posts, the reconnect (Live Agent fact sheet,
// sections 4, 6 and 11; parity sheet 3.7). One try each. Used by desk.ts.
import type { ChatRequestDetails, Desk, OpenedSession } from "../../../processors/desk/port.ts";
import type { DeskReport } from "../../../processors/interconnection/commands.ts";
import { done, type Done, type Outcome } from "../../../processors/outcome.ts";
import { isSuccess } from "../../http/failed-call.ts";
import type { HttpClient } from "../../http/http-client.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../../processors/json.ts";
import type { JsonObject } from "../../../processors/json.ts";
import { headersOf, liveAgentFailure, named, noAffinity, post, postOutcome, resourceUrl, switchOf } from "./wire.ts";
import type { LiveAgentEndpoint, VisitorPost } from "./wire.ts";

/** What Salesforce says to all that we have seen (fact sheet, section 13). */
const usualPollTimeoutMs = 40_000;
/** A desk forgets a session that it has not heard of for so long (fact sheet, section 13); how long polls may fail is the poller's. */
const longestPollTimeoutMs = 110_000;

/** Everything a desk does with its sessions, apart from polling. */
export type SessionCalls = Pick<
  Desk,
  "openSession" | "requestChat" | "say" | "report" | "end" | "reconnect" | "resync"
>;

/** The session calls of one deployment. None of them rejects. */
export function createSessionCalls(http: HttpClient, endpoint: LiveAgentEndpoint): SessionCalls {
  /**
   * Nobody polls a chat that is over, so nobody learns that its session has moved: asked at its old place it would be 503 for ever, and its
   * agent sit before a chat that nobody has. At the new one nothing is wanted but its end, so the session goes whole, without resync.
   */
  const endWhereItIsNow = async (session: OpenedSession, signal: AbortSignal): Promise<Done> => {
    const moved = await calls.reconnect(session, null, signal);
    if (moved.kind === "done") return discard(http, endpoint, moved.value.session, signal);
    if (moved.status === 403) return done;
    // A 503 that is no hand-over passes.
    const detail = `status 503: route is void; ${moved.detail}`;
    return { kind: "retry", detail, status: 503, mayHaveHappened: false, retryAfterMs: null };
  };

  const calls: SessionCalls = {
    async openSession(signal) {
      const origin = endpoint.servers.current();
      const url = resourceUrl(origin, "System/SessionId");
      const answer = await http.call({ method: "GET", url, headers: headersOf(endpoint, null, null) }, signal);
      if (answer.kind === "noAnswer") endpoint.servers.unanswered(origin);
      if (answer.kind === "noAnswer" || !isSuccess(answer)) return liveAgentFailure(answer);
      const body = objectOf(parseJson(answer.body));
      const sentTo = switchOf(body);
      if (sentTo !== null) return switched(endpoint.servers.moveTo(sentTo));
      const session = openedSession(body);
      if (session === null)
        return { kind: "broken", detail: "SessionId without id, key or affinityToken", status: answer.status };
      const route = endpoint.servers.routeOf(session.route, origin);
      return { kind: "done", value: { ...session, route } };
    },
    async requestChat(session, details, postSequence, signal) {
      const missing = missingDetail(endpoint, session, details);
      if (missing !== null) return { kind: "refused", detail: `chat request without ${missing}`, status: null };
      const body = chatRequest(endpoint, session, details);
      const visitorPost = { noun: "ChasitorInit", ...numberedBy(endpoint, session, postSequence), body };
      return postOutcome(await post(http, endpoint, visitorPost, signal));
    },
    async say(session, text, postSequence, signal) {
      if (text === "") return { kind: "refused", detail: "empty text", status: null };
      const visitorPost = { noun: "ChatMessage", ...numberedBy(endpoint, session, postSequence), body: { text } };
      return postOutcome(await post(http, endpoint, visitorPost, signal));
    },
    async report(session, report, postSequence, signal) {
      const visitorPost = { ...reportOf(report), ...numberedBy(endpoint, session, postSequence) };
      return postOutcome(await post(http, endpoint, visitorPost, signal));
    },
    async end(session, why, postSequence, signal) {
      if (why === "unsynced") {
        const gone = await discard(http, endpoint, session, signal);
        return gone.kind === "retry" && gone.status === 503 ? endWhereItIsNow(session, signal) : gone;
      }
      const numbered = numberedBy(endpoint, session, postSequence);
      const reason = why === "user_idle" ? "clientIdleTimeout" : "client";
      const visitorPost = { noun: "ChatEnd", ...numbered, body: { reason } };
      const answer = await post(http, endpoint, visitorPost, signal);
      if (answer.kind !== "answer") return postOutcome(answer);
      // 403 after the agent has ended, or when the session has expired: it is as over as we wanted it.
      if (answer.status === 403) return done;
      if (answer.status === 503) return endWhereItIsNow(session, signal);
      // A session in which no chat was requested has none to end. Giving it up is the other way (fact sheet 4.2).
      return answer.status === 500 ? discard(http, endpoint, session, signal) : postOutcome(answer);
    },
    async reconnect(session, resumeToken, signal) {
      const offset = encodeURIComponent(resumeToken === null || resumeToken === "" ? "0" : resumeToken);
      const { origin } = named(endpoint, session);
      const url = resourceUrl(origin, `System/ReconnectSession?ReconnectSession.offset=${offset}`);
      const headers = headersOf(endpoint, { key: session.key, affinity: noAffinity }, null);
      const answer = await http.call({ method: "GET", url, headers }, signal);
      // 405: the desk is not in a hand-over, so there is nothing to reconnect to.
      if (answer.kind === "answer" && answer.status === 405)
        return { kind: "refused", detail: "status 405: no hand-over", status: 405 };
      if (answer.kind === "noAnswer" || !isSuccess(answer)) return liveAgentFailure(answer);
      const told = reconnected(parseJson(answer.body));
      if (told === null)
        return { kind: "broken", detail: "ReconnectSession without affinityToken", status: answer.status };
      const route = endpoint.servers.routeOf(told.route, origin);
      const value = { session: { ...session, route }, resetsPostSequence: told.resetsPostSequence };
      return { kind: "done", value };
    },
    async resync(session, signal) {
      const body = { organizationId: endpoint.organizationId };
      const visitorPost = { noun: "ChasitorResyncState", session: named(endpoint, session), postSequence: null, body };
      const answer = await post(http, endpoint, visitorPost, signal);
      return answer.kind === "answer" && isSuccess(answer) ? done : liveAgentFailure(answer);
    },
  };
  return calls;
}

/** Ends the session itself, with the chat that may be in it. Repeat-safe. */
async function discard(
  http: HttpClient,
  endpoint: LiveAgentEndpoint,
  session: OpenedSession,
  signal: AbortSignal,
): Promise<Done> {
  const { origin, ...inHeaders } = named(endpoint, session);
  const url = resourceUrl(origin, `System/SessionId/${encodeURIComponent(session.key)}`);
  const headers = headersOf(endpoint, inHeaders, null);
  const answer = await http.call({ method: "DELETE", url, headers, body: "" }, signal);
  const isOver = answer.kind === "answer" && (isSuccess(answer) || answer.status === 403);
  return isOver ? done : liveAgentFailure(answer);
}

/** Nothing was opened; the next try is at the other server. */
function switched(isBelieved: boolean): Outcome<never> {
  if (!isBelieved) return { kind: "broken", detail: "SwitchServer to a host that is not Salesforce's", status: 200 };
  return { kind: "retry", detail: "SwitchServer", status: 200, mayHaveHappened: false, retryAfterMs: null };
}

/** A session that was begun without numbers gets none: the desk would take the first for one out of step. */
function numberedBy(
  endpoint: LiveAgentEndpoint,
  session: OpenedSession,
  postSequence: number,
): Pick<VisitorPost, "session" | "postSequence"> {
  return { session: named(endpoint, session), postSequence: session.numbered ? postSequence : null };
}

function reportOf(report: DeskReport): Pick<VisitorPost, "noun" | "body"> {
  if (report.kind === "rules_applied") {
    // The guide has no rule without an id in its example, and says that it may be left out.
    const rules = report.rules.map(({ id, name }) => (id === null ? { name } : { id, name }));
    return { noun: "SensitiveDataRuleTriggered", body: { rules } };
  }
  const idleTimeoutWarningEvent = report.kind === "user_silent" ? "triggered" : "cleared";
  return { noun: "ChasitorIdleTimeoutWarningEvent", body: { idleTimeoutWarningEvent } };
}

function openedSession(body: JsonObject): OpenedSession | null {
  const [id, key, route] = [textOf(body.id), textOf(body.key), textOf(body.affinityToken)];
  if (id === null || key === null || route === null) return null;
  return { id, key, route, pollTimeoutMs: pollTimeoutMs(body.clientPollTimeout), numbered: true };
}

/** Seconds, as a number or a text; by default 40 s. */
function pollTimeoutMs(clientPollTimeout: unknown): number {
  const seconds = numberOf(clientPollTimeout);
  if (seconds === null || seconds <= 0) return usualPollTimeoutMs;
  return Math.min(Math.ceil(seconds * 1_000), longestPollTimeoutMs);
}

function reconnected(body: unknown): { readonly route: string; readonly resetsPostSequence: boolean } | null {
  for (const event of listOf(objectOf(body).messages).map(objectOf)) {
    const message = objectOf(event.message);
    const route = textOf(message.affinityToken) ?? textOf(event.affinityToken);
    const reset = message.resetSequence ?? event.resetSequence;
    // Missing means true: the guide says both "may be undefined" and "always true".
    if (route !== null) return { route, resetsPostSequence: reset !== false && reset !== "false" };
  }
  return null;
}

/** The strings that the desk can't do without; case and contact may be absent. */
function missingDetail(
  endpoint: LiveAgentEndpoint,
  session: OpenedSession,
  details: ChatRequestDetails,
): string | null {
  const required = {
    organizationId: endpoint.organizationId,
    deploymentId: endpoint.deploymentId,
    buttonId: details.buttonId,
    sessionId: session.id,
    visitorName: details.visitorName,
  };
  return Object.entries(required).find(([, value]) => value === "")?.[0] ?? null;
}

function chatRequest(
  endpoint: LiveAgentEndpoint,
  session: OpenedSession,
  details: ChatRequestDetails,
): Readonly<Record<string, unknown>> {
  const linked = [
    { entity: "Case", label: "CaseId", value: details.caseId },
    { entity: "Contact", label: "ContactId", value: details.contactId },
  ].filter(({ value }) => value !== "");
  return {
    organizationId: endpoint.organizationId,
    deploymentId: endpoint.deploymentId,
    buttonId: details.buttonId,
    sessionId: session.id,
    userAgent: "Yalo Bot",
    language: "es-MX",
    screenResolution: "1900x1080",
    visitorName: details.visitorName,
    prechatDetails: linked.map(({ label, value }) => ({
      label,
      value,
      displayToAgent: true,
      transcriptFields: [label],
    })),
    prechatEntities: linked.map(({ entity, label }) => ({
      entityName: entity,
      linkToEntityName: entity,
      linkToEntityField: "Id",
      saveToTranscript: entity,
      showOnCreate: true,
      entityFieldsMaps: [{ fieldName: "Id", label, doFind: true, isExactMatch: true, doCreate: false }],
    })),
    receiveQueueUpdates: true,
    isPost: true,
  };
}
