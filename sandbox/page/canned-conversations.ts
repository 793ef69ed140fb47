// Owns the conversations that play by themselves at a pace that can be read: a user of their own, an agent of the page's console. They do
// what a visitor's clicks do. Called by page.ts.
import { setTimeout as delay } from "node:timers/promises";

import { PAGE_AGENT_IDS, PAGE_FLOW } from "../environment.ts";
import { acceptChat } from "../world/live-agent/accept.ts";
import { endByAgent, say, transferToAgent } from "../world/live-agent/agents.ts";
import type { Agent } from "../world/live-agent/desk.ts";
import { NotPossible, type Session } from "../world/live-agent/session.ts";
import type { WorldParts } from "../world/world-parts.ts";
import type { CannedConversation } from "./protocol.ts";

/** Who says what; `do` is what the agent does. */
type Line = { readonly user: string } | { readonly agent: string } | { readonly do: "accept" | "transfer" | "end" };

interface Script {
  readonly name: string;
  readonly title: string;
  readonly person: { readonly name: string; readonly channel: "whatsapp" | "facebook" };
  readonly lines: readonly Line[];
}

const SCRIPTS: readonly Script[] = [
  {
    name: "lost-parcel",
    title: "A lost parcel",
    person: { name: "Lucía Herrera", channel: "whatsapp" },
    lines: [
      { user: "Hola" },
      { user: "Mi pedido 4711 no ha llegado" },
      { user: "Ayuda" },
      { user: "¿Hay alguien?" },
      { do: "accept" },
      { agent: "Buenos días, Lucía. Ya veo su pedido." },
      { user: "Qué bien, gracias" },
      { agent: "Sale mañana entre las nueve y las once." },
      { user: "Perfecto 🙂" },
      { agent: "Que tenga buen día." },
      { do: "end" },
      { user: "Ya me atendieron, gracias" },
    ],
  },
  {
    name: "second-agent",
    title: "Handed to a colleague",
    person: { name: "Mateo Vargas", channel: "facebook" },
    lines: [
      { user: "Necesito cambiar la dirección de mi factura" },
      { user: "Ayuda" },
      { do: "accept" },
      { agent: "Hola, Mateo. Le paso con facturación." },
      { do: "transfer" },
      { agent: "Soy Diego, de facturación. ¿Cuál es la dirección nueva?" },
      { user: "Calle Durango 12" },
      { agent: "Hecho. ¿Algo más?" },
      { user: "No, muchas gracias" },
      { do: "end" },
    ],
  },
];

const PACE_MS = 1_100;
const LOOK_EVERY_MS = 50;
const STEP_WITHIN_MS = 60_000;

/** The conversations. */
export interface CannedConversations {
  list(): readonly CannedConversation[];
  /** Starts one; answers its user. Throws NotPossible when it is not known or plays already. */
  play(name: string): string;
  stop(): void;
}

/** None plays yet. `newUser` makes a user id of a channel. */
export function createCannedConversations(
  parts: WorldParts,
  newUser: (channel: "whatsapp" | "facebook") => string,
): CannedConversations {
  const playing = new Set<string>();
  const stopping = new AbortController();
  return {
    list: () => SCRIPTS.map(({ name, title }) => ({ name, title, isPlaying: playing.has(name) })),
    play(name) {
      const script = SCRIPTS.find((one) => one.name === name);
      if (script === undefined || playing.has(name)) {
        throw new NotPossible(`${name} plays already, or there is no such conversation`);
      }
      const userId = newUser(script.person.channel);
      const extraData = { source_flow_bot: PAGE_FLOW };
      const person = { userId, ...script.person, email: `${userId}@example.org`, phoneNumber: userId, extraData };
      parts.people.put(person);
      playing.add(name);
      void perform({ parts, userId, signal: stopping.signal }, script.lines).finally(() => playing.delete(name));
      return userId;
    },
    stop: () => stopping.abort(),
  };
}

interface Stage {
  readonly parts: WorldParts;
  readonly userId: string;
  readonly signal: AbortSignal;
}

/** Says all lines in order; ends early when a visitor has taken the chat elsewhere, or all of it stops. */
async function perform(stage: Stage, lines: readonly Line[]): Promise<void> {
  const { parts, userId, signal } = stage;
  try {
    for (const line of lines) {
      await delay(PACE_MS, undefined, { signal });
      if ("user" in line) {
        void parts.bot.typed(userId, line.user);
        continue;
      }
      const isAccept = "do" in line && line.do === "accept";
      const session = await sessionIn(stage, isAccept ? "QUEUED" : "ENGAGED");
      if ("agent" in line) say(parts.desk, session, line.agent);
      else act(parts, session, line.do);
    }
  } catch (error) {
    const isOver = signal.aborted || error instanceof NotPossible;
    if (!isOver) throw error;
  }
}

function act(parts: WorldParts, session: Session, what: "accept" | "transfer" | "end"): void {
  const [first, second] = PAGE_AGENT_IDS;
  if (what === "accept") acceptChat(parts.desk, session, agentNamed(parts, first));
  else if (what === "transfer") transferToAgent(parts.desk, session, agentNamed(parts, second));
  else endByAgent(parts.desk, session);
}

function agentNamed({ desk }: WorldParts, id: string): Agent {
  const agent = desk.agents.get(id);
  if (agent === undefined) throw new NotPossible(`there is no agent ${id}`);
  return agent;
}

/** The user's session once it is in that state, or past it; a visitor may have been quicker. */
async function sessionIn({ parts, userId, signal }: Stage, state: "QUEUED" | "ENGAGED"): Promise<Session> {
  const giveUpAt = performance.now() + STEP_WITHIN_MS;
  for (;;) {
    const session = [...parts.desk.byKey.values()].findLast(({ user }) => user === userId);
    if (session?.state === state) return session;
    if (performance.now() > giveUpAt) throw new NotPossible(`the chat was not ${state} in time`);
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}
