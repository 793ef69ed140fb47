/**
 * Which button and which agent a chat goes to, and which user of the world its visitor is.
 * Looks only, changes nothing. Called by the queue.
 */
import type { Agent, Desk } from "./desk.ts";
import type { Session, Visitor } from "./session.ts";

/** Agents online for a button. */
export function agentsOf(desk: Desk, buttonId: string): readonly Agent[] {
  return [...desk.agents.values()].filter((agent) => agent.online && agent.buttons.includes(buttonId));
}

/** The least busy agent who would take this session by themselves; undefined when there is none. */
export function freeAgent(desk: Desk, session: Session): Agent | undefined {
  let best: Agent | undefined;
  for (const agent of agentsOf(desk, session.buttonId)) {
    const isFree = agent.accept === "auto" && agent.chats.size < agent.capacity && !session.declinedBy.has(agent.id);
    if (isFree && (best === undefined || agent.chats.size < best.chats.size)) {
      best = agent;
    }
  }
  return best;
}

/** The button whose queue the chat joins: the first available target; undefined when there is none. */
export function routeOf(desk: Desk, visitor: Visitor): string | undefined {
  const targets =
    visitor.buttonOverrides.length > 0
      ? visitor.buttonOverrides
      : visitor.agentId === undefined
        ? [visitor.buttonId]
        : [visitor.doFallback ? `${visitor.agentId}_${visitor.buttonId}` : visitor.agentId];
  for (const target of targets) {
    const found = target
      .split("_")
      .map((id) => (id.startsWith("005") ? buttonOfAgent(desk, id) : buttonWithAgents(desk, id)))
      .find((buttonId) => buttonId !== undefined);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function buttonOfAgent(desk: Desk, id: string): string | undefined {
  const agent = desk.agents.get(id.slice(0, 15));
  return agent?.online === true ? agent.buttons[0] : undefined;
}

function buttonWithAgents(desk: Desk, id: string): string | undefined {
  const buttonId = desk.settings.buttons.find((known) => known.slice(0, 15) === id.slice(0, 15));
  return buttonId !== undefined && agentsOf(desk, buttonId).length > 0 ? buttonId : undefined;
}

/** The user behind a visitor, as the world knows them; the visitor's own name when it does not. */
export function userOf(desk: Desk, visitor: Visitor): string {
  const contactId = visitor.linked["Contact"];
  const contact = contactId === undefined ? undefined : desk.records.get("Contact", contactId);
  for (const alias of [visitor.visitorName, contact?.["Email"], contact?.["MobilePhone"]]) {
    const known = typeof alias === "string" ? desk.people.find(alias) : undefined;
    if (known !== undefined) {
      return known;
    }
  }
  return visitor.visitorName;
}
