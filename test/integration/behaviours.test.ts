// Behaviours that users and agents see, over HTTP against the running service: how long a user waits and what he is told meanwhile, a
// desk that moves, what is not forwarded, restart words, limits of texts a second, texts that can't be delivered, the clean-up of
// context. Judged by the simulated desk, phones, bot and facts.
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { pushEvent } from "../../sandbox/world/live-agent/events.ts";
import { say, typing } from "../../sandbox/world/live-agent/agents.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { openFactReader, type Fact, type FactReader } from "../support/chat-facts.ts";
import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage; facts?: FactReader } = {};
const perSecond = 10;

beforeAll(async () => {
  open.stage = await openStage({
    file: import.meta.url,
    settings: {
      ACCEPT_TIMEOUT: "6s",
      QUEUE_UPDATES: "true",
      INTEGRATION_CHAN_RATE_LIMIT: String(perSecond),
      SALEFORCE_CHAN_RATE_LIMIT: String(perSecond),
      MAX_RETRIES: "1",
      CLEAN_CONTEXT_SCHEDULE: "@every 1s",
      MESSAGES: JSON.stringify({ acceptTimeout: "Nadie puede atenderte", messageIgnored: "**El usuario envió: %s**" }),
    },
  });
  open.facts = await openFactReader(open.stage.addresses, open.stage.names.topic);
});

afterAll(async () => {
  await open.facts?.close();
  await open.stage?.close();
});

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}
const stage = (): Stage => there(open.stage);
const facts = (): FactReader => there(open.facts);
const parts = () => stage().world.parts;

const screen = ({ userId }: Person): readonly string[] =>
  parts()
    .desk.screens.read()
    .entries.filter(({ user, from }) => user === userId && from === "visitor")
    .map(({ text }) => text);
const onPhone = ({ userId }: Person) =>
  parts()
    .phones.log.read()
    .entries.filter((line) => line.userId === userId && line.from === "service" && line.shown);
const shown = (person: Person): readonly string[] => onPhone(person).map(({ text }) => text);
const factsOf = ({ userId }: Person, kind: string): readonly Fact[] =>
  facts()
    .of(userId)
    .filter((fact) => fact.kind === kind);

function accept(session: Session): void {
  acceptChat(parts().desk, session, there(parts().desk.agents.get(PLAY_AGENT_ID)));
}

/** A user who was told to wait and his place, and whose agent has read the welcome: nothing is under way to either. */
async function talking(alias: string): Promise<{ readonly person: Person; readonly session: Session }> {
  const person = stage().user(alias);
  const session = await stage().openChat(person);
  await eventually("the welcome", () => screen(person).some((text) => text.startsWith("Hola soy")));
  await eventually("his place", () => shown(person).some((text) => text.startsWith("Posición en la cola")));
  return { person, session };
}

async function webhook(body: object): Promise<void> {
  const url = `${stage().url}/v1/integrations/whatsapp/webhook`;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

describe("a user who waits", () => {
  it("longer than ACCEPT_TIMEOUT is told so, then the chat ends at the desk and the bot has him", async () => {
    const ana = stage().user("ana", "manual");
    const session = await stage().openChat(ana, "QUEUED");
    await facts().waitFor(ana.userId, "handed_back");
    expect(shown(ana)).toEqual(["Esperando un agente", "Posición en la cola: 1", "Nadie puede atenderte"]);
    expect(session.posts.map(({ noun }) => noun)).toEqual(["ChasitorInit", "ChatEnd"]);
    const { states } = parts().botrunner;
    const given = there(states.read().entries.find(({ userId }) => userId === ana.userId));
    expect(given.state).toBe("from-sf-timeout");
    expect(given.atMs).toBeGreaterThan(there(onPhone(ana).at(-1)).atMs);
    expect(factsOf(ana, "ended")).toMatchObject([{ reason: "accept_timeout" }]);
  });

  it("is told his place when it changes", async () => {
    const [first, second] = [stage().user("first", "manual"), stage().user("second", "manual")];
    const session = await stage().openChat(first, "QUEUED");
    await stage().openChat(second, "QUEUED");
    const place = (n: number): string => `Posición en la cola: ${String(n)}`;
    const places = (): readonly string[] => shown(second).filter((text) => text.startsWith(place(2).slice(0, -1)));
    await eventually("the second place", () => places().length === 1);
    accept(session);
    await eventually("the first place", () => places().length === 2);
    expect(places().map((text) => text.split("\n")[0])).toEqual([place(2), place(1)]);
    accept(there(stage().session(second)));
    await facts().waitFor(second.userId, "accepted");
  });

  it("at a desk that sends him to another server waits there, for the same case, and loses nothing that he has said and sent", async () => {
    const eva = stage().user("eva", "manual");
    const before = await stage().openChat(eva, "QUEUED");
    await parts().bot.sent(eva.userId, "¿Hay alguien?");
    const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(1_000, "pixel")]);
    const url = parts().media.put("nevera", { bytes: png, mimeType: "image/png" });
    await parts().bot.sentFile(eva.userId, { type: "image", url, mimeType: "image/png", caption: "La nevera" });
    pushEvent(before, "SwitchServer", { newUrl: `${stage().world.salesforceUrl}/chat` });
    const after = await eventually("a new session", () => {
      const newest = stage().session(eva);
      return newest !== undefined && newest.id !== before.id && newest.state === "QUEUED" && newest;
    });
    accept(after);
    await eventually("the file at the case", () => factsOf(eva, "file").length === 1);
    await eventually("its notice", () => screen(eva).length === 3);
    expect(screen(eva)[0]).toMatch(/¿Hay alguien\?[^]*La nevera/);
    expect(screen(eva).slice(1)).toEqual([
      expect.stringMatching(/^Hola soy/),
      "**El usuario adjunto una imagen al caso**",
    ]);
    const { records } = parts().desk;
    const contact = there([...records.all("Contact")].find(({ Email }) => Email === eva.email));
    const cases = [...records.all("Case")].filter(({ ContactId }) => ContactId === contact.Id);
    expect(cases).toHaveLength(1);
    const links = [...records.all("ContentDocumentLink")];
    expect(links.filter((link) => link["LinkedEntityId"] === cases[0]?.Id)).toHaveLength(1);
    expect(factsOf(eva, "refused")).toEqual([]);
  });
});

describe("a chat with an agent", () => {
  it("tells what is not forwarded, and of typing one fact in 5 s", async () => {
    const { person, session } = await talking("leo");
    const location = { location: { latitude: 19.4, longitude: -99.1 } };
    const head = { id: "wamid.location", timestamp: String(Date.now()), from: person.userId };
    await webhook({ ...head, type: "location", ...location });
    await webhook({ ...head, type: "location", ...location });
    for (let i = 0; i < 5; i++) typing(parts().desk, session, i % 2 === 0);
    say(parts().desk, session, "listo");
    await eventually("the agent's text", () => shown(person).includes("listo"));
    await eventually("the notice", () => screen(person).includes("**El usuario envió: location**"));
    await facts().waitFor(person.userId, "message_out");
    await facts().waitFor(person.userId, "message_ignored");
    expect(factsOf(person, "message_ignored")).toMatchObject([{ messageId: "wamid.location" }]);
    expect(factsOf(person, "typing")).toHaveLength(1);
  });

  it("ends by a restart word, after which the user can connect again", async () => {
    const { person, session } = await talking("max");
    await parts().bot.sent(person.userId, "Regresar");
    await eventually("the end at the desk", () => session.state === "ENDED");
    await facts().waitFor(person.userId, "handed_back");
    expect(factsOf(person, "ended")).toMatchObject([{ reason: "user" }]);
    expect(screen(person)).not.toContain("Regresar");
    const again = await stage().openChat(person);
    expect(again.id).not.toBe(session.id);
  });

  it("tells the agent once, in its place, that a text could not be delivered: after 1 + MAX_RETRIES calls", async () => {
    const { person, session } = await talking("mia");
    const { desk, faults } = parts();
    const of = { system: "integrations", operation: "messages", user: person.userId } as const;
    const fault = faults.add({ ...of, effect: { kind: "status", status: 500 }, times: 2 });
    say(desk, session, "uno");
    say(desk, session, "dos");
    const notice = "**Un mensaje no se pudo entregar al usuario**";
    await eventually("the second text", () => shown(person).includes("dos"), { timeoutMs: 20_000 });
    await eventually("the notice", () => screen(person).includes(notice));
    expect(shown(person)).not.toContain("uno");
    expect(screen(person).filter((text) => text === notice)).toHaveLength(1);
    expect(faults.list().find(({ id }) => id === fault.id)?.struck).toBe(2);
    await facts().waitFor(person.userId, "message_failed");
    expect(factsOf(person, "message_failed")).toMatchObject([{ reason: "gave_up" }]);
    faults.remove(fault.id);
  });
});

it("texts a second are limited by direction, users take turns, and order holds", async () => {
  const people = { loud: (await talking("loud")).person, quiet: (await talking("quiet")).person };
  const talk = createConversations(stage(), people);
  const started = performance.now();
  for (let i = 0; i < 3 * perSecond; i++) {
    await talk.userSays("loud");
    talk.agentSays("loud");
  }
  await talk.userSays("quiet");
  talk.agentSays("quiet");
  await talk.drained(["quiet"]);
  const seen = (of: readonly string[]): number => of.filter((text) => text.includes("⟨loud.")).length;
  expect(seen(screen(people.loud)), "the quiet user did not wait for the loud one").toBeLessThan(3 * perSecond);
  expect(seen(shown(people.loud)), "nor did his agent").toBeLessThan(3 * perSecond);
  await talk.drained();
  const [burst, longerMs] = [perSecond + 1, 900];
  expect(performance.now() - started).toBeGreaterThan(((3 * perSecond - burst) / perSecond) * longerMs);
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true });
  const metrics = await (await fetch(`${stage().service.metricsUrl}/metrics`)).text();
  expect(metrics).toMatch(/rate_limit_wait_seconds_count\{[^}]*lane="desk"[^}]*\} [1-9]/);
});

it("context older than a day is removed on its schedule, the Go service's too", async () => {
  const [host = "", port] = stage().addresses.redis.split(":");
  const redis = new Redis(Number(port), host);
  try {
    const key = `${stage().names.client}:5215500000001`;
    const past = new Date(Date.now() - 1_000).toISOString();
    await redis.zadd(`${key}:history`, String(Date.now() - 86_400_001), "old");
    await redis.sadd(
      `${key}:context`,
      JSON.stringify({ userId: "5215500000001", text: "old", from: "user", ttl: past }),
    );
    const left = (): Promise<number> => redis.exists(`${key}:history`, `${key}:context`);
    await expect.poll(left, { timeout: 15_000 }).toBe(0);
  } finally {
    redis.disconnect();
  }
});
