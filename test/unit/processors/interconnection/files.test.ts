// Files of a user: to the case, with the agent told in order, the user told when it failed, and no words lost on the way.
import { describe, expect, it } from "vitest";

import { defaultLimits } from "../../../../src/processors/interconnection/settings.ts";
import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import { defaultTexts } from "../../../../src/processors/interconnection/texts.ts";
import type { TestUser } from "./user.ts";
import { textsOf, userIn } from "./user.ts";

const at = (name: string, caption: string | null = null) => ({
  url: `https://media.example.org/${name}`,
  mimeType: "image/png",
  caption,
});
const photo = (user: TestUser, id: string, caption: string | null = null, type = "image") =>
  user.message(id, null, { type, media: at(id, caption) });
const kinds = (commands: readonly Command[]): string[] => commands.map(({ kind }) => kind);
const pendingFile = (user: TestUser): Command => {
  const found = user.state.pending.find(({ kind }) => kind === "AttachFile");
  if (found === undefined) throw new Error("no file is pending");
  return found;
};
/** Answers everything, and gives the texts that the agent was told, in order. */
function told(user: TestUser, outcome: "done" | "refused" = "done"): string[] {
  const texts: string[] = [];
  while (user.state.pending.length > 0) {
    const [first] = user.state.pending;
    if (first?.kind === "SayToAgent") texts.push(first.text);
    user.result(first?.kind === "AttachFile" ? outcome : "done");
  }
  return texts;
}
const image = "**El usuario adjunto una imagen al caso**";
const lost = "**El usuario envió un archivo (image) que no se pudo adjuntar al caso**";

describe("a file of the user", () => {
  it("becomes a command with all that its name is made of", () => {
    const user = userIn("ACTIVE");
    const step = photo(user, "m1", "Look");
    expect(step.gave).toMatchObject([
      {
        lane: "desk",
        kind: "AttachFile",
        caseId: "500x",
        media: at("m1", "Look"),
        messageType: "image",
        messageId: "m1",
        words: "Look",
        giveUpAt: user.nowMs + 300_000,
      },
    ]);
    expect(step.facts).toMatchObject([{ kind: "message_in", messageId: "m1", messageType: "image", textChars: 4 }]);
  });

  it("is told to the agent between the texts around it, its words behind it", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "before");
    photo(user, "m2", "Look");
    user.message("m3", "after");
    photo(user, "m4");
    user.message("m5", "end");
    expect(told(user)).toEqual(["before", image, "Look", "after", image, "end"]);
  });

  it("that failed is told to both sides, its words and what came after follow", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "before");
    photo(user, "m2", "Look");
    user.message("m3", "after");
    user.result();
    const step = user.result("refused");
    expect(textsOf(step.gave, "SayToUser")).toEqual(["Imagen no enviada"]);
    expect(step.facts).toMatchObject([
      { kind: "file", reason: "refused_by_receiver", messageId: "m2", messageType: "image", detail: "503" },
    ]);
    expect(step.deadLetters).toMatchObject([
      { reason: "undeliverable", text: "Look\nhttps://media.example.org/m2", detail: "AttachFile refused: 503" },
    ]);
    expect(told(user)).toEqual([lost, "Look", "after"]);
  });

  it("that failed does not take the next one with it (defect A11)", () => {
    const user = userIn("ACTIVE");
    photo(user, "m1");
    photo(user, "m2");
    user.result("given_up");
    expect(told(user)).toEqual([lost, image]);
  });

  it.each([
    ["image", "**El usuario adjunto una imagen al caso**", "Imagen no enviada"],
    ["audio", "**El usuario adjunto un audio al caso**", "Audio no enviado"],
    ["voice", "**El usuario adjunto un audio al caso**", "Audio no enviado"],
    ["document", "**El usuario adjunto un archivo al caso**", "Archivo no enviado"],
  ])("of type %s has its own texts", (type, success, error) => {
    const user = userIn("ACTIVE");
    expect(photo(user, "m1", null, type).gave).toMatchObject([
      { kind: "AttachFile", caseId: "500x", messageType: type },
    ]);
    expect(textsOf(user.result().gave, "SayToAgent")).toEqual([success]);
    user.settle();
    photo(user, "m2", null, type);
    expect(textsOf(user.result("refused").gave, "SayToUser")).toEqual([error]);
  });

  it("is named in the notice where that is wanted, without a separator", () => {
    const user = userIn("ACTIVE", { fileNameInNotice: true });
    photo(user, "m1");
    expect(told(user)).toEqual([`${image}photo.png`]);
  });

  it("whose texts are empty is told by its words alone", () => {
    const texts = { ...defaultTexts, uploadImageSuccess: "" };
    const user = userIn("ACTIVE", { texts, fileNameInNotice: true });
    photo(user, "m1", "Look");
    expect(told(user)).toEqual(["Look"]);
  });

  it("that brought no data is one that failed", () => {
    const user = userIn("ACTIVE");
    photo(user, "m1");
    expect(user.result("done", null).facts).toMatchObject([{ kind: "file", reason: "not_understood" }]);
  });

  it("comes behind the words of its own message", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "See", { type: "image", media: at("m1") });
    expect(told(user)).toEqual(["See", image]);
  });

  it("tells of itself in facts: when it came, and what became of it", () => {
    const user = userIn("ACTIVE");
    photo(user, "m1");
    user.settle();
    expect(user.facts.slice(-2)).toMatchObject([
      { kind: "message_in", messageId: "m1", messageType: "image" },
      { kind: "file", messageId: "m1", messageType: "image", reason: "none", detail: "image/png, 68 bytes" },
    ]);
  });
});

describe("what waits behind a file", () => {
  it("stays as many messages as the lane takes, and is joined beyond", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, laneWindow: 2 } });
    photo(user, "m0");
    for (const text of ["a", "b", "c", "d"]) user.message(text, text);
    expect(told(user)).toEqual([image, "a", "b\nc\nd"]);
  });

  it("is no more than may wait: then a file is given up like a text, and told once", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, waitingMessages: 2 } });
    photo(user, "m1");
    photo(user, "m2");
    const step = photo(user, "m3", "Look");
    expect(step.deadLetters).toMatchObject([{ reason: "lane_overflow" }]);
    expect(step.facts).toMatchObject([{ kind: "message_failed", reason: "lane_overflow", messageId: "m3" }]);
    expect(textsOf(step.gave, "SayToUser")).toHaveLength(1);
    expect(told(user)).toEqual([image, image]);
  });

  it("does not hold up what the agent says", () => {
    const user = userIn("ACTIVE");
    photo(user, "m1");
    expect(kinds(user.desk("said", { text: "Hi" }).gave)).toEqual(["SayToUser"]);
  });
});

describe("a chat that ends before its files are at the case", () => {
  const waiting = (): TestUser => {
    const user = userIn("ACTIVE");
    photo(user, "m1", "first");
    user.message("m2", "between");
    photo(user, "m3", "second");
    user.message("m4", "last");
    return user;
  };

  it("by finish: every word is said before the end, every file is attached", () => {
    const user = waiting();
    user.finish();
    expect(kinds(user.state.pending.filter(({ lane }) => lane === "desk"))).toEqual([
      ...["AttachFile", "SayToAgent", "SayToAgent", "AttachFile", "SayToAgent", "SayToAgent", "EndChat"],
    ]);
    expect(textsOf(user.state.pending, "SayToAgent")).toEqual(["first", "between", "second", "last"]);
    const results = [user.result(), user.result("done", undefined, pendingFile(user))];
    expect(results.flatMap(({ facts }) => facts)).toMatchObject([{ kind: "file" }, { kind: "file" }]);
    expect(results.flatMap(({ gave }) => gave)).toEqual([]);
  });

  it("by the agent: every word is a dead letter and told, every file is attached", () => {
    const user = waiting();
    const step = user.desk("ended", { reason: "agent" });
    expect(step.deadLetters.map(({ text }) => text)).toEqual(["first", "between", "second", "last"]);
    expect(kinds(user.state.pending.filter(({ lane }) => lane === "desk"))).toEqual(["AttachFile", "AttachFile"]);
    user.settle();
    expect(user.facts.filter(({ kind, reason }) => kind === "file" && reason === "none")).toHaveLength(2);
  });

  it("tells the user of one that failed afterwards", () => {
    const user = userIn("ACTIVE");
    photo(user, "m1");
    user.desk("ended", { reason: "agent" });
    const step = user.result("refused", null, pendingFile(user));
    expect(textsOf(step.gave, "SayToUser")).toEqual(["Imagen no enviada"]);
    expect(textsOf(step.gave, "SayToAgent")).toEqual([]);
  });

  it("is tried on while the next chat is opened, and no further once the user asks for the one after that", () => {
    const user = userIn("ACTIVE");
    photo(user, "m1");
    const { giveUpAt } = pendingFile(user);
    user.desk("ended", { reason: "agent" });
    const [opening] = user.connect("again").gave;
    expect(pendingFile(user).giveUpAt).toBe(giveUpAt);
    user.result("refused", null, opening);
    const { nowMs } = user;
    user.connect("once more");
    expect(pendingFile(user).giveUpAt).toBe(nowMs + 100);
    user.result("given_up", null, pendingFile(user));
    expect(user.facts.findLast(({ kind }) => kind === "file")).toMatchObject({ reason: "gave_up" });
  });
});
