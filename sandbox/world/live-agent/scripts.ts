/**
 * Agents that act by themselves: greet, say texts at a pace, echo, transfer, end.
 * Uses the same acts as the control API, so that a scripted agent can do nothing that a driven one cannot.
 * Attached to the desk by the world.
 */
import { endByAgent, say, transferToAgent } from "./agents.ts";
import type { Agent, AgentScript, Desk } from "./desk.ts";
import type { Session } from "./session.ts";

/** Lets the agents of a desk follow their scripts. */
export function attachScripts(desk: Desk): void {
  desk.onEngaged = (session, agent) => {
    startScript(desk, session, agent);
  };
  desk.onVisitorText = (session, text) => {
    onVisitorText(desk, session, text);
  };
}

function startScript(desk: Desk, session: Session, agent: Agent): void {
  session.cancelScript();
  const { script } = agent;
  if (script === undefined) {
    return;
  }
  if (script.greeting !== undefined) {
    say(desk, session, filled(desk, session, script.greeting));
  }
  runTexts(desk, session, script, textsOf(script));
}

function onVisitorText(desk: Desk, session: Session, text: string): void {
  const agent = session.agentId === undefined ? undefined : desk.agents.get(session.agentId);
  const script = agent?.script;
  if (script === undefined || session.state !== "ENGAGED") {
    return;
  }
  if (script.echo !== undefined) {
    say(desk, session, script.echo + text);
  }
  if (script.endAfterReceived === undefined && script.transferAfterReceived === undefined) {
    return;
  }
  const received = session.transcript.filter((line) => line.type === "Chasitor").length;
  const target = desk.agents.get(script.transferAfterReceived?.agentId ?? "");
  if (received === script.transferAfterReceived?.count && target !== undefined) {
    transferToAgent(desk, session, target);
  } else if (received === script.endAfterReceived) {
    endByAgent(desk, session);
  }
}

function* textsOf(script: AgentScript): Generator<string, void> {
  yield* script.texts ?? [];
  for (let left = script.repeat?.count ?? 0; left > 0; left--) {
    yield script.repeat?.text ?? "";
  }
}

function runTexts(desk: Desk, session: Session, script: AgentScript, texts: Iterator<string, void>): void {
  const next = texts.next();
  if (next.done === true) {
    if (script.endWhenSaid === true) {
      endByAgent(desk, session);
    }
    return;
  }
  session.cancelScript = desk.clock.after(script.everyMs ?? 1000, () => {
    if (session.state === "ENGAGED") {
      say(desk, session, filled(desk, session, next.value));
      runTexts(desk, session, script, texts);
    }
  });
}

function filled(desk: Desk, session: Session, template: string): string {
  const user = session.user ?? "";
  if (!template.includes("{")) {
    return template;
  }
  const n = (desk.said.get(user) ?? 0) + 1;
  if (template.includes("{n}")) {
    desk.said.set(user, n);
  }
  return template.replaceAll("{user}", user).replaceAll("{n}", String(n));
}
