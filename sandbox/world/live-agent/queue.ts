/**
 * The queue: where a requested chat goes, its place, who is offered it, and when nobody is left who could take it.
 * Acceptance itself is the agents' business; this file only decides who and when.
 * Called by ChasitorInit, by agents coming and going, and by sessions that end.
 */
import { acceptChat } from "./accept.ts";
import type { Agent, Desk } from "./desk.ts";
import { pushEvent, pushTerminal } from "./events.ts";
import { agentsOf, freeAgent, routeOf, userOf } from "./routing.ts";
import type { Session, Visitor } from "./session.ts";
import { estimatedWait, positionFor, queueOf, take, tellPosition, tellPositions } from "./waiting.ts";

const GEO_LOCATION = {
  organization: "Example ISP",
  countryName: "Mexico",
  countryCode: "MX",
  latitude: 19.4,
  longitude: -99.1,
};

/** Takes a requested chat in, or fails it; its first event is on the way afterwards. */
export function requestChat(desk: Desk, session: Session, visitor: Visitor): void {
  session.visitor = visitor;
  session.user = userOf(desk, visitor);
  const buttonId = visitor.isPost ? routeOf(desk, visitor) : undefined;
  if (buttonId === undefined) {
    const reason = visitor.isPost ? "Unavailable" : "NoPost";
    session.endedBy = reason;
    pushTerminal(desk, session, "FAILED", { type: "ChatRequestFail", message: { reason } });
    return;
  }
  session.state = "QUEUED";
  session.buttonId = buttonId;
  session.queuedAtMs = desk.clock.monotonicMs();
  const waiting = queueOf(desk, buttonId);
  waiting.add(session);
  session.lastPosition = positionFor(desk, waiting.size);
  session.dataRules = desk.modes.sensitiveDataRules;
  pushEvent(session, "ChatRequestSuccess", {
    connectionTimeout: desk.modes.connectionTimeoutMs,
    estimatedWaitTime: estimatedWait(desk, session),
    sensitiveDataRules: session.dataRules,
    transcriptSaveEnabled: false,
    url: "",
    queuePosition: session.lastPosition,
    customDetails: visitor.prechatDetails.map(({ label, value }) => ({ label, value, transcriptFields: [] })),
    visitorId: desk.ids.uuid(),
    geoLocation: GEO_LOCATION,
  });
  offer(desk, buttonId);
}

/** Puts a chat that lost its agent back at the head of its queue. */
export function requeue(desk: Desk, session: Session, buttonId: string): void {
  session.state = "QUEUED";
  session.buttonId = buttonId;
  session.agentId = undefined;
  session.queuedAtMs = desk.clock.monotonicMs();
  const others = [...queueOf(desk, buttonId)];
  desk.queues.set(buttonId, new Set([session, ...others]));
  offer(desk, buttonId);
  failWhereNobodyIsLeft(desk, buttonId);
}

/** Takes a session out of queue and hands, whatever its state. */
export function leave(desk: Desk, session: Session): void {
  session.cancelOffer();
  session.cancelScript();
  if (queueOf(desk, session.buttonId).delete(session)) {
    tellPositions(desk, session.buttonId);
  }
  const agent = session.agentId === undefined ? undefined : desk.agents.get(session.agentId);
  if (agent?.chats.delete(session.id) === true) {
    offerAll(desk, agent);
  }
}

/** Offers waiting chats to agents that accept by themselves and have room. */
function offer(desk: Desk, buttonId: string): void {
  for (const session of queueOf(desk, buttonId)) {
    const agent = freeAgent(desk, session);
    if (agent === undefined) {
      if (session.declinedBy.size === 0) {
        return;
      }
      continue;
    }
    take(desk, session);
    agent.chats.add(session.id);
    session.agentId = agent.id;
    tellPosition(desk, session, 0);
    session.cancelOffer = desk.clock.after(agent.acceptDelayMs, () => {
      acceptChat(desk, session, agent);
    });
  }
}

/** The same for all buttons of an agent. */
export function offerAll(desk: Desk, agent: Agent): void {
  for (const buttonId of agent.buttons) {
    offer(desk, buttonId);
  }
}

/** Fails waiting chats of a button that no agent online could still take. */
export function failWhereNobodyIsLeft(desk: Desk, buttonId: string): void {
  for (const session of [...queueOf(desk, buttonId)]) {
    const isServed = agentsOf(desk, buttonId).some((agent) => !session.declinedBy.has(agent.id));
    if (!isServed) {
      take(desk, session);
      session.endedBy = "Unavailable";
      pushTerminal(desk, session, "FAILED", { type: "ChatRequestFail", message: { reason: "Unavailable" } });
    }
  }
}
