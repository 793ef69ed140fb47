// What user and agent say to one another: context, order, lanes, overflow, failures.
import { describe, expect, it } from "vitest";

import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import { defaultLimits } from "../../../../src/processors/interconnection/settings.ts";
import { defaultTexts } from "../../../../src/processors/interconnection/texts.ts";
import { blankDeskEvent } from "../../../support/blank-desk-event.ts";
import { createUser, startMs, textsOf, userIn, type TestUser } from "./user.ts";

const image = { url: "https://media.example.org/1", mimeType: "image/png", caption: "Look" };

function windowOf(window: number): { limits: typeof defaultLimits } {
  return { limits: { ...defaultLimits, laneWindow: window } };
}

/** Succeeds pending commands and returns the texts of a kind in the order in which they left. */
function drain(user: TestUser, kind: "SayToAgent" | "SayToUser"): string[] {
  const texts: string[] = [];
  for (let [first] = user.state.pending; first !== undefined; [first] = user.state.pending) {
    if (first.kind === kind) texts.push(first.text);
    user.result();
  }
  return texts;
}

describe("what the agent is told on accept", () => {
  it("is history, then welcome, then the files sent while waiting, then what comes later", () => {
    const user = createUser();
    user.memory = {
      history: [
        { messageId: "h2", at: startMs - 1000, from: "user", text: "Help\n\n", media: null },
        { messageId: "h1", at: startMs - 2000, from: "bot", text: "Hello", media: null },
        { messageId: "h0", at: startMs - 90_000_000, from: "bot", text: "Yesterday", media: null },
      ],
      seen: new Set(["h1", "h2"]),
    };
    user.connect("r1");
    user.message("w1", "Anybody?");
    user.message("w1", "Anybody?");
    user.settle();
    user.message("w2", null, { type: "image", media: image });
    user.message("b1", "Please wait", { author: "bot" });
    const accept = user.desk("accepted", { agentName: "Kim" });
    user.message("a1", "Hi Kim");
    const entries = [
      "Bot [14-11-2023 16:13:18]:Hello",
      "Cliente [14-11-2023 16:13:19]:Help",
      "Cliente [14-11-2023 16:13:20]:Anybody?",
      "Cliente [14-11-2023 16:13:20]:[image/png] Look\nhttps://media.example.org/1",
    ];
    const history = `Contexto:\n${entries.map((entry) => `${entry}\n\n`).join("")}`;
    expect(textsOf(user.state.pending, "SayToAgent")).toEqual([history, "Hola soy Ana y necesito ayuda"]);
    expect(accept.gave.at(-1)).toMatchObject({ kind: "AttachFile", media: image, messageId: "w2", words: null });
    expect(user.state.backlog).toMatchObject([{ lane: "desk", texts: [{ text: "Hi Kim" }] }]);
    expect(accept.facts).toMatchObject([
      { kind: "accepted", agentName: "Kim" },
      { kind: "context_sent", textChars: history.length, text: null },
    ]);
    expect(user.state.due.map(({ kind }) => kind)).toEqual(["chat_too_old"]);
  });

  it("holds what was written before the connect and came after it, also of the bot", () => {
    const user = createUser();
    user.connect("r1");
    user.message("b1", "Greetings", { author: "bot", occurredAt: startMs - 500 });
    user.settle();
    user.desk("accepted");
    expect(textsOf(user.state.pending, "SayToAgent")[0]).toContain("Bot [14-11-2023 16:13:19]:Greetings");
  });

  it("is no welcome when its text is empty, and never a format's artefact", () => {
    const silent = createUser({ texts: { ...defaultTexts, welcomeTemplate: "" } });
    silent.connect("r1");
    silent.settle();
    expect(textsOf(silent.desk("accepted").gave, "SayToAgent")).toEqual(["Contexto:\n"]);

    const odd = createUser({ texts: { ...defaultTexts, welcomeTemplate: "100% %s, %s" } });
    odd.connect("r1", { name: "$& %s" });
    odd.settle();
    expect(textsOf(odd.desk("accepted").gave, "SayToAgent")[1]).toBe("100% $& %s, $& %s");
  });

  it("holds nothing that is older than 24 h, also of several old ones behind one another", () => {
    const user = createUser();
    const dayMs = 86_400_000;
    const ages = { oldest: 3 * dayMs, older: 2 * dayMs, old: dayMs + 1, new: dayMs - 60_000 };
    const history = Object.entries(ages).map(([text, age]) => ({
      ...{ messageId: text, at: startMs - age, from: "user" as const, text, media: null },
    }));
    user.memory = { history, seen: new Set() };
    user.connect("r1");
    expect(user.state.interconnection).toMatchObject({ context: [{ text: "new" }] });
  });

  it("keeps the newest of a long history within its bounds", () => {
    const user = createUser({ limits: { ...defaultLimits, contextEntries: 3, contextBytes: 12 } });
    const history = ["one", "two", "three", "four", "five"].map((text, i) => ({
      messageId: text,
      at: startMs - 100 + i,
      from: "user" as const,
      text,
      media: null,
    }));
    user.memory = { history, seen: new Set() };
    user.connect("r1");
    expect(user.state.interconnection).toMatchObject({ context: [{ text: "four" }, { text: "five" }] });
  });
});

describe("a user's message to the agent", () => {
  it("goes once, whatever its id says", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "Hello");
    user.message("m1", "Hello");
    user.message("", "same");
    user.message("", "same");
    expect(textsOf(user.state.pending, "SayToAgent")).toEqual(["Hello", "same", "same"]);
  });

  it("is known as a repeat by the state alone", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "Hello");
    user.memory = { history: [], seen: new Set() };
    expect(user.message("m1", "Hello").gave).toEqual([]);
  });

  it("carries its text in facts only where that is wanted", () => {
    expect(userIn("ACTIVE").message("m1", "Hello").facts).toMatchObject([{ textChars: 5, text: null }]);
    expect(userIn("ACTIVE", { eventsWithText: true }).message("m1", "Hello").facts).toMatchObject([{ text: "Hello" }]);
  });

  it("is split after words when it is too long, and nothing of it is lost", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, agentTextChars: 10 } });
    const step = user.message("m1", "one two three four");
    expect(textsOf(step.gave, "SayToAgent")).toEqual(["one two ", "three four"]);
    expect(step.facts).toHaveLength(1);
  });
});

describe("the agent's text to the user", () => {
  it("carries an id that a repeat of the input gives again", () => {
    const texts = [userIn("ACTIVE"), userIn("ACTIVE")].map((user) => user.desk("said", { text: "Hi" }));
    const [a, b] = texts.map(({ gave }) => gave);
    expect(a).toEqual(b);
    expect(a).toMatchObject([{ kind: "SayToUser", text: "Hi", messageId: expect.stringMatching(/^[0-9a-f-]{36}$/u) }]);
    const [fact] = texts[0]?.facts ?? [];
    expect(fact).toMatchObject({ kind: "message_out", agentName: "Kim" });
    expect(a?.[0]).toMatchObject({ messageId: fact?.messageId });
  });

  it("is split at 4,096 on WhatsApp, each piece with an id of its own", () => {
    const step = userIn("ACTIVE").desk("said", { text: `${"word ".repeat(819)}last words` });
    const pieces = step.gave.flatMap((command) => (command.kind === "SayToUser" ? [command] : []));
    expect(pieces.map(({ text }) => text.length)).toEqual([4095, 10]);
    expect(new Set(pieces.map(({ messageId }) => messageId)).size).toBe(2);
    expect(step.facts.map(({ kind }) => kind)).toEqual(["message_out"]);
  });

  it("counts once by its number, in its generation", () => {
    const user = userIn("ACTIVE");
    const said = user.desk("said", { text: "Hi", number: 5 });
    expect(textsOf(said.gave, "SayToUser")).toEqual(["Hi"]);
    const before = user.state;
    expect(user.desk("said", { text: "Hi", number: 5 }).state).toBe(before);
    const events = [4, 5, 6].map((number) => ({
      ...blankDeskEvent,
      number,
      kind: "said" as const,
      text: `n${String(number)}`,
    }));
    const more = user.agentEvent({ type: "DeskEvents", generation: "g1", position: 6, resumeToken: "t", events });
    expect(textsOf(more.gave, "SayToUser")).toEqual(["n6"]);
    expect(user.state.interconnection).toMatchObject({ position: 6, resumeToken: "t" });
  });

  it("waits with the queue's text told once", () => {
    const user = userIn("ON_HOLD");
    user.desk("queued", { queuePosition: 1 });
    user.desk("queued", { queuePosition: 1 });
    expect(textsOf(user.state.pending, "SayToUser")).toEqual(["Esperando un agente"]);
    expect(user.facts.filter(({ kind }) => kind === "queue_moved")).toHaveLength(1);
    const silent = userIn("ON_HOLD", { texts: { ...defaultTexts, waitAgent: "" } });
    expect(silent.desk("queued").gave).toEqual([]);
  });
});

describe("what comes often at the desk", () => {
  const kinds = (user: TestUser): string[] => user.facts.map(({ kind }) => kind);

  it("is one fact of a kind in 5 s and chat", () => {
    const user = userIn("ACTIVE");
    const before = kinds(user).length;
    for (let i = 0; i < 120; i++) user.desk(i % 2 === 0 ? "typing" : "custom", { agentName: "Kim", detail: "Scroll" });
    // 100 ms lie between two inputs.
    expect(kinds(user).slice(before)).toEqual(["typing", "custom", "typing", "custom", "typing", "custom"]);
    expect(userIn("ACTIVE").desk("not_typing").facts).toEqual([]);
  });
});

describe("the place in the queue", () => {
  it("is told to the user where that is wanted, when it changes, and never as 0", () => {
    const user = userIn("ON_HOLD", { queueUpdates: true });
    user.desk("queued", { queuePosition: 3, estimatedWaitSeconds: 61 });
    expect(user.desk("queue_moved", { queuePosition: 3, estimatedWaitSeconds: 30 })).toMatchObject({
      gave: [],
      facts: [],
    });
    user.settle();
    const moved = user.desk("queue_moved", { queuePosition: 2 });
    expect(textsOf(moved.gave, "SayToUser")).toEqual(["Posición en la cola: 2"]);
    expect(moved.facts).toMatchObject([{ kind: "queue_moved", queuePosition: 2 }]);
    expect(user.desk("queue_moved", { queuePosition: 0 }).gave).toEqual([]);
    const first = userIn("ON_HOLD", { queueUpdates: true });
    expect(textsOf(first.desk("queued", { queuePosition: 3, estimatedWaitSeconds: 61 }).gave, "SayToUser")).toEqual([
      "Esperando un agente",
      "Posición en la cola: 3\nTiempo de espera: 2 min",
    ]);
  });

  it("is not told to him by default", () => {
    const user = userIn("ON_HOLD");
    const moved = user.desk("queue_moved", { queuePosition: 3 });
    expect(moved.gave).toEqual([]);
    expect(moved.facts).toMatchObject([{ kind: "queue_moved", queuePosition: 3 }]);
  });
});

describe("a message of a type that is not forwarded", () => {
  it("does not reach the agent while the user waits, either: neither link nor caption nor file", () => {
    const user = userIn("ON_HOLD", { forwardedTypes: new Set(["text"]) });
    const step = user.message("m1", null, { type: "image", media: image });
    expect(step.facts).toMatchObject([{ kind: "message_ignored", messageId: "m1", messageType: "image" }]);
    const { gave } = user.desk("accepted", { agentName: "Kim" });
    expect(gave.map(({ kind }) => kind)).toEqual(["SayToAgent", "SayToAgent"]);
    expect(textsOf(gave, "SayToAgent").join()).not.toContain("Look");
  });

  it("is told to the agent where MESSAGES has words for it", () => {
    const texts = { ...defaultTexts, messageIgnored: "**El usuario envió: %s**" };
    const step = userIn("ACTIVE", { texts }).message("m1", null, { type: "location" });
    expect(textsOf(step.gave, "SayToAgent")).toEqual(["**El usuario envió: location**"]);
    expect(step.facts).toMatchObject([{ kind: "message_ignored", messageId: "m1", messageType: "location" }]);
  });
});

describe("a lane", () => {
  it("holds a window of commands, and joins what is beyond it in order", () => {
    const user = userIn("ACTIVE", windowOf(2));
    for (const text of ["1", "2", "3", "4", "5"]) user.message(`m${text}`, text);
    expect(textsOf(user.state.pending, "SayToAgent")).toEqual(["1", "2"]);
    expect(user.state.backlog).toEqual([
      { lane: "desk", texts: [{ text: "3\n4\n5", messageIds: ["m3", "m4", "m5"], about: "message" }] },
    ]);
    expect(drain(user, "SayToAgent")).toEqual(["1", "2", "3\n4\n5"]);
    expect(user.state.backlog).toEqual([]);
  });

  it("joins no further than one text may be long", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, laneWindow: 1, agentTextChars: 5 } });
    for (const text of ["aa", "bb", "cc", "dd"]) user.message(text, text);
    expect(drain(user, "SayToAgent")).toEqual(["aa", "bb\ncc", "dd"]);
  });

  it("gives up what is more than may wait, and says so once", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, waitingMessages: 3 } });
    const steps = ["1", "2", "3", "4", "5"].map((text) => user.message(text, text));
    expect(steps.map(({ deadLetters }) => deadLetters.map(({ reason, text }) => [reason, text]))).toEqual([
      [],
      [],
      [],
      [["lane_overflow", null]],
      [["lane_overflow", null]],
    ]);
    expect(steps[3]?.facts).toMatchObject([{ kind: "message_failed", reason: "lane_overflow", messageId: "4" }]);
    expect(textsOf(user.state.pending, "SayToUser")).toEqual([defaultTexts.tooManyFromUser]);
    user.settle();
    expect(textsOf(user.message("6", "6").gave, "SayToAgent")).toEqual(["6"]);
  });

  it("bounds what an agent says the same way, with the words in the dead letter", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, waitingBytes: 4 } });
    expect(user.desk("said", { text: "1234" }).deadLetters).toEqual([]);
    const step = user.desk("said", { text: "5" });
    expect(step.deadLetters).toMatchObject([{ reason: "lane_overflow", text: "5" }]);
    expect(textsOf(step.gave, "SayToAgent")).toEqual([defaultTexts.tooManyFromAgent]);
  });

  it("bounds what is said while waiting, told once until an agent accepts", () => {
    const user = userIn("ON_HOLD", { limits: { ...defaultLimits, waitingMessages: 2 } });
    for (const text of ["1", "2", "3"]) user.message(text, text);
    user.settle();
    const later = user.message("4", "4");
    expect(later.deadLetters).toMatchObject([{ reason: "lane_overflow" }]);
    expect(later.gave).toEqual([]);
    expect(user.state.interconnection).toMatchObject({ said: [{ text: "1" }, { text: "2" }] });
  });
});

/** Texts of that kind that come of the failures of these, one after the other, each delivered before the next one fails. */
function noticesOf(user: TestUser, failing: readonly Command[], kind: "SayToAgent" | "SayToUser"): string[] {
  return failing.flatMap((command) => {
    const { gave } = user.result("refused", null, command);
    for (const notice of gave) user.result("done", null, notice);
    return textsOf(gave, kind);
  });
}

describe("a message that could not be delivered", () => {
  it("of the user is told to the user, once for several behind one another", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "one");
    user.message("m2", "two");
    const [one, two] = user.state.pending;
    const first = user.result("given_up", null, one);
    expect(first.facts).toMatchObject([{ kind: "message_failed", reason: "gave_up", messageId: "m1" }]);
    expect(first.deadLetters).toMatchObject([{ reason: "undeliverable", text: "one" }]);
    expect(textsOf(first.gave, "SayToUser")).toEqual([defaultTexts.notToldToAgent]);
    expect(user.result("refused", null, two).gave).toEqual([]);
  });

  it("of history or welcome is told to the user, too", () => {
    const user = userIn("ON_HOLD");
    user.message("m1", "waiting");
    const [history] = user.desk("accepted", { agentName: "Kim" }).gave;
    const failed = user.result("given_up", null, history);
    expect(failed.facts).toMatchObject([{ kind: "message_failed", reason: "gave_up", messageId: null }]);
    expect(failed.deadLetters).toMatchObject([
      { reason: "undeliverable", text: expect.stringContaining("waiting") as string },
    ]);
    expect(textsOf(failed.gave, "SayToUser")).toEqual([defaultTexts.notToldToAgent]);
  });

  it("of history or welcome is told to nobody whose words are not in it", () => {
    const user = createUser();
    user.message("b1", "Choose: 1, 2", { author: "bot" });
    user.message("m1", "2");
    user.connect("connect");
    user.settle();
    const [history, welcome] = user.desk("accepted", { agentName: "Kim" }).gave;
    for (const command of [history, welcome]) {
      const failed = user.result("given_up", null, command);
      expect(failed.deadLetters).toHaveLength(1);
      expect(failed.gave).toEqual([]);
    }
  });

  it("of history is told once, though its pieces and the welcome fail one after the other", () => {
    const user = userIn("ON_HOLD", { limits: { ...defaultLimits, agentTextChars: 20 } });
    user.message("m1", "waiting for an answer of somebody");
    const pieces = user.desk("accepted", { agentName: "Kim" }).gave;
    expect(pieces.length).toBeGreaterThan(3);
    expect(noticesOf(user, pieces, "SayToUser")).toEqual([defaultTexts.notToldToAgent]);
  });

  it("and was too long for one piece is told once, whoever wrote it", () => {
    const limits = { ...defaultLimits, agentTextChars: 60, userTextChars: { whatsapp: 60, facebook: 60, unknown: 60 } };
    const user = userIn("ACTIVE", { limits });
    const long = ["a", "b", "c"].map((letter) => letter.repeat(50)).join(" ");
    const fromAgent = user.desk("said", { text: long }).gave;
    expect(fromAgent).toHaveLength(3);
    expect(noticesOf(user, fromAgent, "SayToAgent")).toEqual([defaultTexts.notToldToUser]);
    const next = user.desk("said", { text: "another" }).gave;
    expect(noticesOf(user, next, "SayToAgent")).toEqual([defaultTexts.notToldToUser]);
    const fromUser = user.message("m1", long).gave;
    expect(fromUser).toHaveLength(3);
    expect(noticesOf(user, fromUser, "SayToUser")).toEqual([defaultTexts.notToldToAgent]);
  });

  it("of the agent is told to the agent, and a notice that fails is told to nobody", () => {
    const user = userIn("ACTIVE");
    user.desk("said", { text: "Hi" });
    const failed = user.result("broken");
    expect(failed.facts).toMatchObject([{ kind: "message_failed", reason: "not_understood" }]);
    expect(textsOf(failed.gave, "SayToAgent")).toEqual([defaultTexts.notToldToUser]);
    const notice = user.result("refused");
    expect(notice.deadLetters).toHaveLength(1);
    expect(notice.gave).toEqual([]);
  });
});
