/**
 * Acceptance: an agent takes a chat that waits or was offered to them, and the visitor is told.
 * Called by the queue for agents that accept by themselves, and by the control API.
 */
import { idleTimeout } from "./client-duties.ts";
import type { Agent, Desk } from "./desk.ts";
import { pushEvent } from "./events.ts";
import { NotPossible } from "./session.ts";
import type { Session } from "./session.ts";
import { noteWait, take, tellPosition } from "./waiting.ts";

/** The agent accepts a chat that waits or was offered to them. */
export function acceptChat(desk: Desk, session: Session, agent: Agent): void {
  if (session.state !== "QUEUED") {
    throw new NotPossible(`the session is ${session.state}`);
  }
  const isOffered = session.agentId === agent.id;
  if (!isOffered && (!agent.online || agent.chats.size >= agent.capacity)) {
    throw new NotPossible("the agent is offline or has no room");
  }
  session.cancelOffer();
  take(desk, session);
  noteWait(desk, session);
  tellPosition(desk, session, 0);
  agent.chats.add(session.id);
  session.agentId = agent.id;
  session.state = "ENGAGED";
  session.engagedAtMs = desk.clock.monotonicMs();
  pushEvent(session, "ChatEstablished", {
    name: agent.name,
    userId: agent.id,
    items: [],
    sneakPeekEnabled: false,
    chasitorIdleTimeout: idleTimeout(desk.modes),
  });
  desk.onEngaged(session, agent);
}
