// Owns the scripted conversation: bot, user and agent say their parts, and it is judged whether all of it arrived. Talks over HTTP only,
// to the world's control API and the service's readiness. Called by main.ts with the addresses of a running sandbox; starts nothing.
import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { PLAY_AGENT_ID, PLAY_FLOW } from "../environment.ts";
import { createControlClient, type ControlClient, type PhoneLine, type ScreenLine } from "./control-client.ts";
import { complaints, judge } from "./judge.ts";
import { latencies, transcriptOf, written } from "./transcript.ts";

const DEADLINE_MS = 120_000;
const STEP_MS = 20_000;
/** A service that was just killed waits for the end of its own session first. */
const READY_MS = 60_000;
const LOOK_EVERY_MS = 20;
/** How long after the last expected message a second copy of one would still be seen. */
const QUIET_MS = 500;

const BEFORE = ["Buenas tardes", "Mi pedido 4711 no ha llegado"];
const CRY_FOR_HELP = "Ayuda";
const WAITING = ["¿Hay alguien por ahí?", "Es el pedido con dos lámparas"];
const AGENT_FIRST = "Le atiende Bruno, ya veo su pedido";
const USER_FIRST = "Qué bien, gracias por responder";
const AGENT_QUICK = ["Un momento por favor", "Lo busco en el sistema", "Aquí está", "Sale mañana por la mañana"];
const USER_QUICK = ["Perfecto", "¿A qué hora llega?", "Estaré en casa", "La dirección es la de siempre 🙂"];
const AGENT_LAST = "Entre las nueve y las once. Que tenga buen día";
const AFTER = "Ya hablé con ustedes, muchas gracias";
const EXPECTED_STATE = "from-sf-success";

/** What to play against. */
export interface PlayOptions {
  /** Base URL of the world's control API. */
  readonly controlUrl: string;
  /** Base URL of the service's own port with /ready. */
  readonly metricsUrl: string;
  /** Gets the result, for a person. */
  readonly print: (text: string) => void;
  /** Ends the play early. */
  readonly signal: AbortSignal;
}

/** A wait that took too long; its message is what was waited for. */
class TooLate extends Error {
  override readonly name = "TooLate";
}

/** Plays the conversation, prints its transcript and the verdict. True when every message arrived once and in order. */
export async function play({ controlUrl, metricsUrl, print, signal }: PlayOptions): Promise<boolean> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const world = createControlClient(controlUrl, ending);
  const userId = `52155${String(randomInt(10_000_000, 100_000_000))}`;
  const wrong: string[] = [];
  try {
    await until("the service is ready", ending, () => isReady(metricsUrl), READY_MS);
    await converse(world, userId, ending);
  } catch (error) {
    signal.throwIfAborted();
    wrong.push(ending.aborted ? `not over after ${String(DEADLINE_MS / 1000)} s` : whatStopped(error));
  }
  const seen = await seenBy(createControlClient(controlUrl, signal), userId);
  if (seen === undefined) {
    print(`✗ the world at ${controlUrl} does not answer: ${wrong.join("; ")}`);
    return false;
  }
  const lines = transcriptOf(seen.phone, seen.screen);
  wrong.push(...judgeAll(seen));
  print(written(lines));
  print("");
  for (const complaint of wrong) print(`✗ ${complaint}`);
  const measured = latencies(lines);
  if (measured !== undefined) {
    const { count, p50Ms, maxMs } = measured;
    print(
      `${String(count)} messages between user and agent: median ${p50Ms.toFixed(1)} ms, longest ${maxMs.toFixed(1)} ms.`,
    );
  }
  if (wrong.length === 0) print("Every message arrived once and in order.");
  return wrong.length === 0;
}

async function converse(world: ControlClient, userId: string, signal: AbortSignal): Promise<void> {
  await world.introduce(userId, {
    name: "Carla Ruiz",
    email: `carla.${userId}@example.org`,
    phoneNumber: userId,
    channel: "whatsapp",
    extraData: { source_flow_bot: PLAY_FLOW },
  });
  const phoneHas = (text: string, from: PhoneLine["from"]) => async (): Promise<boolean> =>
    (await world.phone(userId)).some((line) => line.from === from && line.text.includes(text));
  const screenHas = (text: string) => async (): Promise<boolean> =>
    (await world.screen(userId)).some((line) => line.from === "visitor" && line.text.includes(text));
  const botLines = async (): Promise<number> =>
    (await world.phone(userId)).filter((line) => line.from === "bot").length;

  for (const [place, text] of BEFORE.entries()) {
    await world.type(userId, text);
    await until("the bot answers", signal, async () => (await botLines()) > place);
  }
  await until(
    "the service has taken the bot's texts",
    signal,
    async () => (await world.taken(userId)) >= BEFORE.length * 2,
  );
  await world.type(userId, CRY_FOR_HELP);
  const session = await until("the user waits for an agent", signal, () => world.waitingSession(userId));
  for (const text of WAITING) await world.type(userId, text);

  await world.accept(session, PLAY_AGENT_ID);
  await until("the agent sees what the user wrote while waiting", signal, screenHas(WAITING.at(-1) ?? ""));
  await world.say(session, AGENT_FIRST);
  await until("the user sees the agent's first text", signal, phoneHas(AGENT_FIRST, "service"));
  await world.type(userId, USER_FIRST);
  await until("the agent sees the user's answer", signal, screenHas(USER_FIRST));

  await Promise.all([
    inARow(AGENT_QUICK, (text) => world.say(session, text)),
    inARow(USER_QUICK, (text) => world.typeQuickly(userId, text)),
  ]);
  await until("the user sees all of the agent's quick texts", signal, phoneHas(AGENT_QUICK.at(-1) ?? "", "service"));
  await until("the agent sees all of the user's quick texts", signal, screenHas(USER_QUICK.at(-1) ?? ""));
  await world.say(session, AGENT_LAST);
  await until("the user sees the agent's last text", signal, phoneHas(AGENT_LAST, "service"));

  await world.end(session);
  await until("the bot has the user back", signal, phoneHas(EXPECTED_STATE, "bot"));
  const before = await botLines();
  await world.type(userId, AFTER);
  await until("the bot answers again", signal, async () => (await botLines()) > before);
  await delay(QUIET_MS, undefined, { signal });
}

/** One after the other, each when the one before was taken. */
async function inARow(texts: readonly string[], send: (text: string) => Promise<void>): Promise<void> {
  for (const text of texts) await send(text);
}

/** What all witnesses saw. */
interface Seen {
  readonly phone: readonly PhoneLine[];
  readonly screen: readonly ScreenLine[];
  readonly states: readonly string[];
}

/** Undefined when the world is not there any more. */
async function seenBy(world: ControlClient, userId: string): Promise<Seen | undefined> {
  try {
    const [phone, screen, states] = await Promise.all([
      world.phone(userId),
      world.screen(userId),
      world.states(userId),
    ]);
    return { phone, screen, states };
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  }
}

/** What was sent is taken from where it was sent: the user's phone and the agent's screen. */
function judgeAll({ phone, screen, states }: Seen): string[] {
  const cry = phone.findIndex((line) => line.text === CRY_FOR_HELP);
  const before = phone.slice(0, cry).map((line) => line.text);
  const during = phone.slice(cry + 1).filter((line) => line.from === "user" && line.text !== AFTER);
  const said = screen.filter((line) => line.from === "agent").map((line) => line.text);
  const onScreen = screen.filter((line) => line.from === "visitor").map((line) => line.text);
  const onPhone = phone.filter((line) => line.from === "service").map((line) => line.text);
  const back = states.length === 0 ? "no state" : states.join(", ");
  return [
    ...complaints("user to agent", judge([...before, ...during.map((line) => line.text)], onScreen)),
    ...complaints("agent to user", judge(said, onPhone)),
    ...(onScreen.some((text) => text.includes(AFTER)) ? [`user to agent: seen after the end: ${AFTER}`] : []),
    ...(back === EXPECTED_STATE ? [] : [`the bot got the user back in ${back} instead of ${EXPECTED_STATE}`]),
  ];
}

/** Looks until there is something; the control API has events only for single logs. */
async function until<Found>(
  what: string,
  signal: AbortSignal,
  look: () => Promise<Found | undefined | false>,
  withinMs = STEP_MS,
): Promise<Found> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new TooLate(`${what}: not within ${String(withinMs / 1000)} s`);
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function isReady(metricsUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${metricsUrl}/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    // Not there: it is being started again.
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}

function whatStopped(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
