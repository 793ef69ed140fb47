// A user on Facebook: what decide makes of the channel, of the page's echoes, and of attachments, which come as messages of their own.
import { describe, expect, it } from "vitest";

import { createUser, settings, textsOf, type TestUser } from "./user.ts";

const button = { buttonId: "573x", ownerId: "00Gx" };
const bothChannels = {
  botStates: {
    success: { whatsapp: "wa-success", facebook: "fb-success" },
    timeout: { whatsapp: "wa-timeout", facebook: "fb-timeout" },
    blocked: { whatsapp: "wa-blocked", facebook: "fb-blocked" },
  },
  sourceFlows: {
    default: { subject: "Help", providers: { whatsapp: button, facebook: { ...button, buttonId: "573f" } } },
  },
};
const channel = "facebook";
const fromUser = { channel } as const;
const fromPage = { channel, author: "bot" } as const;
const file = (url: string) => ({ url, mimeType: null, caption: null });
const command = (user: TestUser, kind: string) => user.state.pending.find((each) => each.kind === kind);

function talking(): TestUser {
  const user = createUser(bothChannels);
  user.connect("r1", { channel });
  user.settle();
  user.desk("accepted", { agentName: "Kim" });
  user.settle();
  return user;
}

describe("a Facebook user", () => {
  it("has a whole conversation, in the words and states of the channel", () => {
    const user = createUser(bothChannels);
    user.message("m1", "hola", fromUser);
    user.message("m2", "¿en qué puedo ayudar?", fromPage);
    user.connect("r1", { channel });
    for (const kind of ["EnsureContact", "EnsureCase", "OpenSession", "RequestChat"]) {
      expect(user.state.pending.map((each) => each.kind)).toEqual([kind]);
      if (kind === "EnsureContact" || kind === "EnsureCase") expect(command(user, kind)).toMatchObject({ channel });
      if (kind === "RequestChat") expect(command(user, kind)).toMatchObject({ buttonId: "573f" });
      user.result();
    }
    user.desk("queued");
    expect(command(user, "SayToUser")).toMatchObject({ channel, text: "Esperando un agente" });
    user.settle();
    user.desk("accepted", { agentName: "Kim" });
    expect(textsOf(user.state.pending, "SayToAgent")[0]).toMatch(
      /^Contexto:\nCliente \[.*\]:hola\n\nBot \[.*\]:¿en qué/,
    );
    user.settle();
    user.desk("said", { text: "buenos días", agentName: "Kim" });
    expect(command(user, "SayToUser")).toMatchObject({ channel, text: "buenos días" });
    user.settle();
    user.desk("ended", { reason: "agent" });
    expect(user.state.pending).toMatchObject([{ kind: "HandBack", channel, botState: "fb-success" }]);
    user.settle();
    expect(new Set(user.facts.filter(({ chatId }) => chatId !== null).map((fact) => fact.channel))).toEqual(
      new Set([channel]),
    );
  });

  it("has text and attachments of one message told one by one, in order; a repeat of any of them is dropped", () => {
    const user = talking();
    const say = (): void => {
      user.message("m1", "mira", fromUser);
      user.message("m1#1", null, { channel, type: "image", media: file("https://f.example/1") });
      user.message("m1#2", null, { channel, type: "document", media: file("https://f.example/2") });
    };
    say();
    say();
    // The second file waits until it is known what the agent is to hear of the first.
    const given = [...user.state.pending];
    user.result();
    given.push(...user.result().gave.filter(({ kind }) => kind === "AttachFile"));
    expect(given.map((each) => /mira|https:..f.example.\d/.exec(JSON.stringify(each))?.[0])).toEqual([
      "mira",
      "https://f.example/1",
      "https://f.example/2",
    ]);
  });

  it("has files told without their names, also where those of WhatsApp are named", () => {
    const user = createUser({ ...bothChannels, fileNameInNotice: true });
    user.connect("r1", { channel });
    user.settle();
    user.desk("accepted", { agentName: "Kim" });
    user.settle();
    user.message("m1#1", null, { channel, type: "image", media: file("https://f.example/photo.png") });
    user.result();
    expect(textsOf(user.state.pending, "SayToAgent")).toEqual(["**El usuario adjunto una imagen al caso**"]);
  });

  it("has every message without an id forwarded, also the same words twice", () => {
    const user = talking();
    user.message("", "uno", fromUser);
    user.message("", "uno", fromUser);
    expect(textsOf(user.state.pending, "SayToAgent")).toEqual(["uno", "uno"]);
  });

  it("has echoes of the agent's own texts kept as context once, and never told to the agent", () => {
    const user = talking();
    const before = user.memory.history.length;
    user.message("echo-1", "buenos días", fromPage);
    user.message("echo-1", "buenos días", fromPage);
    expect(user.state.pending).toEqual([]);
    expect(user.memory.history.slice(before)).toMatchObject([{ from: "bot", text: "buenos días" }]);
  });

  it("has attachments outside a chat kept nowhere, and those sent while waiting kept for the case", () => {
    const user = createUser(bothChannels);
    const photo = { channel, type: "image", media: file("https://f.example/1") } as const;
    user.message("m1#1", null, photo);
    user.message("m2#1", null, { ...photo, author: "bot" });
    user.message("m3", "hola", fromUser);
    expect(user.memory.history).toMatchObject([{ text: "hola" }]);
    user.connect("r1", { channel });
    user.message("m4#1", null, photo);
    expect(user.memory.history).toHaveLength(1);
    expect(user.state.interconnection).toMatchObject({ said: [{ media: photo.media }] });
  });

  it("gets an agent's text in pieces of at most 2,000 characters", () => {
    const user = talking();
    const text = `${"palabra ".repeat(400)}fin`;
    user.desk("said", { text, agentName: "Kim" });
    const pieces = textsOf(user.state.pending, "SayToUser");
    expect(pieces.map(({ length }) => length <= 2_000)).toEqual([true, true]);
    expect(pieces.join("")).toBe(text);
  });

  it("who is blocked, or whose chat fails, goes to the channel's own state", () => {
    const user = createUser(bothChannels);
    user.connect("r1", { channel });
    user.result("done", { type: "ContactReady", contactId: "003x", created: false, blocked: true });
    user.due("hand_back");
    expect(command(user, "HandBack")).toMatchObject({ botState: "fb-blocked" });
    user.settle();
    user.connect("r2", { channel });
    user.result("refused");
    user.due("hand_back");
    expect(command(user, "HandBack")).toMatchObject({ botState: "fb-timeout" });
  });
});

describe("a channel that is not set up", () => {
  it("has no button: the connect is refused before its first step, and the user goes back to the bot", () => {
    const user = createUser({ ...bothChannels, sourceFlows: settings.sourceFlows });
    const { replies, gave } = user.connect("r1", { channel });
    expect(replies).toMatchObject([{ reply: { outcome: "refused", reason: "invalid_request" } }]);
    expect(gave).toEqual([]);
    user.due("hand_back");
    expect(command(user, "HandBack")).toMatchObject({ channel, botState: "fb-timeout" });
  });

  it("is unknown: the connect is refused and nobody is handed back, for there is no platform to ask", () => {
    const user = createUser(bothChannels);
    const { replies, deadLetters } = user.connect("r1", { channel: "unknown" });
    expect(replies).toMatchObject([{ reply: { outcome: "refused", reason: "invalid_request" } }]);
    expect([user.state.pending, user.state.handBack, deadLetters]).toEqual([[], null, []]);
  });

  it("has no state for the end: fact and dead letter instead of a call with an empty state", () => {
    const user = createUser({ ...bothChannels, botStates: settings.botStates });
    user.connect("r1", { channel });
    user.settle();
    user.desk("accepted", { agentName: "Kim" });
    user.settle();
    const { deadLetters, facts } = user.desk("ended", { reason: "agent" });
    expect(command(user, "HandBack")).toBeUndefined();
    expect(deadLetters).toMatchObject([{ reason: "undeliverable" }]);
    expect(facts.map(({ kind }) => kind)).toContain("hand_back_failed");
  });
});
