// A Facebook user's conversation on real Kafka, what Messenger's webhook brings into it, the registration of webhooks, and Studio NG
// as the platform that gets users back. Judged by the token checker and by what the world's phones, screens and doors have seen.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { choosePorts } from "../../sandbox/services/ports.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import { endByAgent } from "../../sandbox/world/live-agent/agents.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { tokensIn } from "../support/tokens.ts";

interface Media {
  readonly host: string;
  readonly url: string;
  close(): void;
}

const page = "100000000000001";
const open: { stage?: Stage; facts?: FactReader; studio?: Stage; media?: Media } = {};

beforeAll(async () => {
  open.media = await serveMedia();
  open.stage = await openStage({
    file: import.meta.url,
    settings: { SUCCESS_STATE: "whatsapp:wa-done, facebook:fb-done", MEDIA_ALLOWED_HOSTS: open.media.host },
  });
  open.facts = await openFactReader(open.stage.addresses, open.stage.names.topic);
});

afterAll(async () => {
  await open.facts?.close();
  await open.stage?.close();
  open.media?.close();
  await open.studio?.close();
});

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

/** A user of that alias who is on Facebook; the Messenger id looks like no phone number. */
function onFacebook(where: Stage, alias: string, agent?: "manual"): Person {
  const known = where.user(alias, agent);
  const person: Person = { ...known, userId: `6543${known.userId}`, channel: "facebook" };
  where.world.parts.people.put(person);
  return person;
}

function screen(where: Stage, { userId }: Person): readonly string[] {
  return where.world.parts.desk.screens
    .read()
    .entries.filter(({ user, from }) => user === userId && from === "visitor")
    .map(({ text }) => text);
}

function shown(where: Stage, { userId }: Person): readonly string[] {
  return where.world.parts.phones.log
    .read()
    .entries.filter((line) => line.userId === userId && line.from === "service")
    .map(({ text }) => text);
}

/** Message ids of a user's files, in the order in which the facts tell them. */
function filesOf({ userId }: Person): readonly (string | null)[] {
  const facts = open.facts?.of(userId) ?? [];
  return facts.filter(({ kind }) => kind === "file").map(({ messageId }) => messageId);
}

/** Files to download: a picture and a document. */
async function serveMedia(): Promise<Media> {
  const picture = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=",
    "base64",
  );
  const server = createServer((request, response) => {
    const isPicture = request.url === "/image";
    response.setHeader("content-type", isPicture ? "image/png" : "application/pdf");
    response.end(isPicture ? picture : "%PDF-1.4\n%%EOF\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${String(port)}`,
    url: `http://127.0.0.1:${String(port)}`,
    close: () => void server.close(),
  };
}

interface Said {
  readonly user: Person;
  readonly message: object;
}

/** The webhook as the platform sends it, by hand. */
async function post(events: readonly Said[], authorRole = "user"): Promise<readonly [number, unknown]> {
  const messaging = events.map(({ user, message }) => {
    const [sender, recipient] = authorRole === "user" ? [user.userId, page] : [page, user.userId];
    return { sender: { id: sender }, recipient: { id: recipient }, timestamp: Date.now(), message };
  });
  const body = { authorRole, botId: page, message: { object: "page", entry: [{ id: page, messaging }] } };
  const response = await fetch(`${stage().service.url}/v1/integrations/facebook/webhook`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

async function chatting(alias: string): Promise<{ readonly person: Person; readonly session: Session }> {
  const person = onFacebook(stage(), alias);
  const session = await stage().openChat(person);
  await eventually("the agent has read the welcome", () =>
    screen(stage(), person).some((text) => text.includes("Hola soy")),
  );
  return { person, session };
}

describe("a Facebook user", () => {
  it("is carried from the bot to an agent and back, once and in order", async () => {
    const { world } = stage();
    const fede = onFacebook(stage(), "fede");
    const talk = createConversations(stage(), { fede });
    await talk.userSays("fede", "Hola ");
    const session = await stage().openChat(fede);
    await eventually("the agent has read what came before", () => screen(stage(), fede).flatMap(tokensIn).length === 1);
    for (let round = 0; round < 10; round += 1) {
      talk.agentSays("fede", "¿<b>&🙂? ");
      await talk.userSays("fede");
    }
    await talk.drained();
    const verdict = talk.judge();
    expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 21, inFlightDoubles: [] });

    endByAgent(world.parts.desk, session);
    const given = await eventually("the bot has the user back", () =>
      world.parts.botrunner.states.read().entries.find(({ userId }) => userId === fede.userId),
    );
    expect(given.state).toBe("fb-done");
    await open.facts?.waitFor(fede.userId, "handed_back");
    expect(open.facts?.of(fede.userId).find(({ kind }) => kind === "handed_back")).toMatchObject({
      botState: "fb-done",
    });

    const sent = world.parts.journal.log
      .read()
      .entries.filter(({ system, user }) => system === "integrations" && user === fede.userId);
    expect(new Set(sent.map(({ path }) => path))).toEqual(
      new Set(["/api/passthrough/bots/sandbox-facebook-bot/messages"]),
    );
    expect(sent[1]?.request).toMatchObject({ messaging_type: "RESPONSE", metadata: "YALOSOURCE:FIREHOSE" });
    expect(session.violations).toEqual([]);
  });

  it("has text and attachments told in order, and a repeated webhook applied once", async () => {
    const { person } = await chatting("adjunta");
    const files = ["image", "file"].map((type) => ({ type, payload: { url: `${open.media?.url ?? ""}/${type}` } }));
    const said = { user: person, message: { mid: "m-files", text: "mira esto", attachments: files } };
    for (let times = 0; times < 2; times += 1) expect(await post([said])).toEqual([200, { Message: "insert success" }]);
    await post([{ user: person, message: { mid: "m-last", text: "eso es todo" } }]);
    await eventually("the last text is on the screen", () => screen(stage(), person).includes("eso es todo"));
    const told = screen(stage(), person).slice(-4);
    expect([told[0], told[3]], "the text, a line for each file, the next text").toEqual(["mira esto", "eso es todo"]);
    await eventually("both files are told as facts", () => filesOf(person).length === 2);
    expect(filesOf(person)).toEqual(["m-files#1", "m-files#2"]);
  });

  it("may share one webhook with others, and write the same without an id", async () => {
    const [one, two] = [await chatting("uno"), await chatting("dos")];
    const nameless = { user: one.person, message: { text: "sin id" } };
    await post([nameless, { user: two.person, message: { mid: "m-two", text: "soy otro" } }, nameless]);
    await eventually("both have arrived", () => screen(stage(), two.person).includes("soy otro"));
    await eventually(
      "both of them",
      () => screen(stage(), one.person).filter((text) => text === "sin id").length === 2,
    );
    expect(screen(stage(), one.person)).not.toContain("soy otro");
  });

  it("has echoes of the agent's texts kept as context once, never told to the agent", async () => {
    const { person } = await chatting("eco");
    const echo = { user: person, message: { mid: "m-echo", text: "soy su agente" } };
    await post([echo], "bot");
    await post([echo], "bot");
    await post([{ user: person, message: { mid: "m-after", text: "gracias" } }]);
    await eventually("the user's text is on the screen", () => screen(stage(), person).includes("gracias"));
    expect(screen(stage(), person)).not.toContain("soy su agente");
    const answer = await stage().call("GET", `/v1/context/${person.userId}`);
    const context = (await answer.json()) as readonly { readonly text?: string; readonly from?: string }[];
    expect(context.filter(({ text }) => text === "soy su agente")).toMatchObject([{ from: "bot" }]);
  });
});

describe("a provider that is unknown", () => {
  it("is refused before anything is done", async () => {
    const { name, email } = stage().user("nadie");
    const body = { userID: "nobody-1", name, email, provider: "telegram", botSlug: "sandbox-bot", botId: page };
    const response = await stage().call("POST", "/v1/chats/connect", body);
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        ErrorDescription:
          "Error validating payload : Key: 'ChatPayload.Provider' Error:Field validation for 'Provider' failed on the 'oneof' tag",
      },
    ]);
  });
});

describe("registration of webhooks", () => {
  it("tells the Integrations API our address, to which messages then go, and removes it", async () => {
    const { world, service } = stage();
    const { registrations } = world.parts.integrations;
    const change = async (method: string, path: string): Promise<readonly [number, unknown]> => {
      const response = await stage().call(method, `/v1/integrations/webhook/${path}`);
      return [response.status, await response.json()];
    };
    for (const provider of ["whatsapp", "facebook"])
      expect(await change("POST", `register/${provider}`)).toEqual([
        200,
        { Message: `Register webhook success with provider : ${provider}` },
      ]);
    expect([...registrations.values()]).toMatchObject([
      { provider: "whatsapp", version: 0, webhook: `${service.url}/v1/integrations/whatsapp/webhook` },
      { provider: "facebook", version: 3, phone: page, webhook: `${service.url}/v1/integrations/facebook/webhook` },
    ]);
    const person = onFacebook(stage(), "registrada");
    expect(await world.parts.bot.sent(person.userId, "por el registro")).toMatchObject({ outcome: "accepted" });

    expect(await change("DELETE", "remove/facebook")).toEqual([
      200,
      { Message: "Remove webhook success with provider : facebook" },
    ]);
    expect([...registrations.values()].map(({ provider }) => provider)).toEqual(["whatsapp"]);
    expect(await change("DELETE", "remove/facebook")).toEqual([500, { ErrorDescription: "error remove webhook" }]);
    expect(await change("POST", "register/telegram")).toEqual([500, { ErrorDescription: "error register webhook" }]);
  });
});

describe("Studio NG", () => {
  it("gets the users of both channels back, Botrunner none; a failure waits for its own delay", async () => {
    const [port = 0] = await choosePorts([undefined]);
    open.studio = await openStage({
      file: import.meta.url,
      world: { ports: { "studio-ng": port } },
      settings: {
        STUDIO_NG_URL: `http://127.0.0.1:${String(port)}/`,
        STUDIO_NG_TOKEN: "sandbox-studio-ng-token",
        STUDIO_NG_TIMEOUT: "2",
        SUCCESS_STATE: "whatsapp:wa-done,facebook:fb-done",
        TIMEOUT_STATE: "whatsapp:wa-late,facebook:fb-late",
        BOTRUNNER_TIMEOUT: "600",
      },
    });
    const { studio } = open;
    const { studioNg, botrunner, clock, bot } = studio.world.parts;
    const [fede, wanda, tarde] = [
      onFacebook(studio, "fede", "manual"),
      studio.user("wanda", "manual"),
      onFacebook(studio, "tarde"),
    ];
    const statesOf = ({ userId }: Person): readonly string[] =>
      studioNg.states.read().entries.flatMap((fired) => (fired.userId === userId ? [fired.state] : []));

    for (const person of [fede, wanda]) {
      await studio.openChat(person, "QUEUED");
      const finished = await studio.call("DELETE", `/v1/chat/finish/${person.userId}`);
      expect(finished.status).toBe(200);
      await eventually("the user is back with the bot", () => statesOf(person).length > 0);
    }
    expect([statesOf(fede), statesOf(wanda)]).toEqual([["fb-done"], ["wa-done"]]);

    studio.world.parts.faults.add({
      system: "salesforce",
      operation: "SessionId",
      effect: { kind: "status", status: 400 },
    });
    const askedMs = clock.monotonicMs();
    await bot.typed(tarde.userId, "Ayuda");
    await eventually("the refused user is back with the bot", () => statesOf(tarde).length > 0);
    const [fired] = studioNg.states.read().entries.filter(({ userId }) => userId === tarde.userId);
    expect(statesOf(tarde)).toEqual(["fb-late"]);
    expect((fired?.atMs ?? 0) - askedMs).toBeGreaterThan(2_000);
    expect(botrunner.states.read().entries).toEqual([]);
    expect(shown(studio, tarde)).toEqual([]);
  });
});
