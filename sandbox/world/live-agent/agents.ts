/**
 * What agents do: come online, decline, say, transfer, end, drop out. By hand (control API) or by script.
 * Every act ends in events for the visitor and lines on the agent's screen.
 * Called by the control API, the scripts and the queue.
 */
import { idleTimeout, judgeText } from "./client-duties.ts";
import type { Agent, AgentScript, Desk } from "./desk.ts";
import { pushEvent, pushTerminal } from "./events.ts";
import { failWhereNobodyIsLeft, leave, offerAll, requeue } from "./queue.ts";
import { NotPossible } from "./session.ts";
import type { Session, TranscriptLine } from "./session.ts";

/** Settings of an agent; what is left out keeps its value, or the usual one for a new agent. */
export interface AgentSettings {
  readonly name?: string;
  readonly buttons?: readonly string[];
  readonly online?: boolean;
  readonly capacity?: number;
  readonly accept?: "auto" | "manual";
  readonly acceptDelayMs?: number;
  /** null takes the script away. */
  readonly script?: AgentScript | null;
}

/** Creates or changes an agent; chats are offered or failed accordingly. */
export function putAgent(desk: Desk, id: string, settings: AgentSettings): Agent {
  const { script, ...plain } = settings;
  const agent = desk.agents.get(id) ?? {
    id,
    name: id,
    buttons: desk.settings.buttons,
    online: true,
    capacity: 100_000,
    accept: "auto",
    acceptDelayMs: 0,
    script: undefined,
    chats: new Set<string>(),
  };
  Object.assign(agent, plain);
  if (script !== undefined) {
    agent.script = script ?? undefined;
  }
  desk.agents.set(id, agent);
  offerAll(desk, agent);
  for (const buttonId of desk.settings.buttons) {
    failWhereNobodyIsLeft(desk, buttonId);
  }
  return agent;
}

/** The agent does not want this chat; the last one to say so fails it. */
export function declineChat(desk: Desk, session: Session, agent: Agent): void {
  if (session.state !== "QUEUED") {
    throw new NotPossible(`the session is ${session.state}`);
  }
  session.declinedBy.add(agent.id);
  if (session.agentId === agent.id) {
    leave(desk, session);
    requeue(desk, session, session.buttonId);
  }
  failWhereNobodyIsLeft(desk, session.buttonId);
}

/** The agent says something; events in the order of a recorded chat (typing, message, not typing). */
export function say(desk: Desk, session: Session, text: string): void {
  const agent = engaged(desk, session);
  const who = { name: agent.name, agentId: agent.id };
  if (desk.modes.typing) {
    pushEvent(session, "AgentTyping", who);
  }
  pushEvent(session, "ChatMessage", { text, ...who, schedule: { responseDelayMilliseconds: 0 } });
  if (desk.modes.typing) {
    pushEvent(session, "AgentNotTyping", who);
  }
  addLine(desk, session, { type: "Agent", name: agent.name, content: text }, null);
}

/** The agent types, or stops. */
export function typing(desk: Desk, session: Session, isTyping: boolean): void {
  const agent = engaged(desk, session);
  pushEvent(session, isTyping ? "AgentTyping" : "AgentNotTyping", { name: agent.name, agentId: agent.id });
}

/** A visitor's text reaches the agent's screen. */
export function visitorSays(desk: Desk, session: Session, text: string, sequence: number | null): void {
  judgeText(session, text);
  addLine(desk, session, { type: "Chasitor", name: session.visitor?.visitorName ?? "", content: text }, sequence);
  desk.onVisitorText(session, text);
}

/** The chat goes to another agent at once. */
export function transferToAgent(desk: Desk, session: Session, target: Agent): void {
  const agent = engaged(desk, session);
  if (!target.online) {
    throw new NotPossible("the target agent is offline");
  }
  session.cancelScript();
  agent.chats.delete(session.id);
  target.chats.add(session.id);
  session.agentId = target.id;
  pushEvent(session, "ChatTransferred", {
    name: target.name,
    userId: target.id,
    sneakPeekEnabled: false,
    chasitorIdleTimeout: idleTimeout(desk.modes),
  });
  addLine(desk, session, { type: "OperatorTransferred", name: target.name, content: "" }, null);
  desk.onEngaged(session, target);
  offerAll(desk, agent);
}

/** The chat goes back to waiting, for agents of a button. */
export function transferToButton(desk: Desk, session: Session, buttonId: string): void {
  const agent = engaged(desk, session);
  pushEvent(session, "TransferToButtonInitiated", {});
  session.declinedBy.add(agent.id);
  leave(desk, session);
  requeue(desk, session, buttonId);
}

/** The agent drops out; the session lives on and waits for another. */
export function disconnectAgent(desk: Desk, session: Session): void {
  const agent = engaged(desk, session);
  pushEvent(session, "AgentDisconnect", { name: agent.name, agentId: agent.id });
  leave(desk, session);
  requeue(desk, session, session.buttonId);
}

/** The agent ends the chat. */
export function endByAgent(desk: Desk, session: Session): void {
  engaged(desk, session);
  session.endedBy = "agent";
  leave(desk, session);
  pushTerminal(desk, session, "ENDED", { type: "ChatEnded", message: { reason: "agent" } });
}

function engaged(desk: Desk, session: Session): Agent {
  const agent = session.agentId === undefined ? undefined : desk.agents.get(session.agentId);
  if (session.state !== "ENGAGED" || agent === undefined) {
    throw new NotPossible(`the session is ${session.state}`);
  }
  return agent;
}

type Line = Pick<TranscriptLine, "type" | "name" | "content">;

function addLine(desk: Desk, session: Session, line: Line, sequence: number | null): void {
  const at = desk.clock.nowMs();
  const number = (session.transcript.at(-1)?.sequence ?? 0) + 1;
  session.transcript.push({ ...line, timestamp: at, sequence: number });
  if (line.type !== "OperatorTransferred") {
    desk.screens.append({
      at,
      atMs: desk.clock.monotonicMs(),
      sessionId: session.id,
      user: session.user ?? null,
      from: line.type === "Agent" ? "agent" : "visitor",
      text: line.content,
      agentId: session.agentId ?? null,
      sequence,
    });
  }
}
