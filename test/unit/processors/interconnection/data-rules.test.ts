// What of users' words the agent must not be told: the desk's rules, applied to all that is said to the agent.
import { describe, expect, it } from "vitest";

import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import { formatRecord, parseRecord } from "../../../../src/processors/interconnection/record.ts";
import { defaultLimits, type DecideSettings } from "../../../../src/processors/interconnection/settings.ts";
import { defaultTexts } from "../../../../src/processors/interconnection/texts.ts";
import { textsOf, userIn, type TestUser } from "./user.ts";

const cards = { id: "0GO1", name: "Cards", pattern: "\\d{16}", replacement: "****" };
const words = { id: null, name: "Words", pattern: "^secret$", replacement: "" };
const card = "4111111111111111";

function waiting(overrides: Partial<DecideSettings> = {}): TestUser {
  const user = userIn("ON_HOLD", overrides);
  user.desk("queued", { queuePosition: 1, dataRules: [cards, words] });
  user.settle();
  return user;
}

function talking(overrides: Partial<DecideSettings> = {}): TestUser {
  const user = waiting(overrides);
  user.desk("accepted", { agentName: "Kim" });
  user.settle();
  return user;
}

const reported = (commands: readonly Command[]): string[] =>
  commands.flatMap((command) =>
    command.kind === "ReportToDesk" && command.report.kind === "rules_applied"
      ? [command.report.rules.map(({ name }) => name).join()]
      : [],
  );
const everything = (commands: readonly Command[]): string =>
  JSON.stringify(commands.map((command) => ({ ...command, chatId: "", giveUpAt: 0 })));

describe("a rule of the desk", () => {
  it("hides what it finds in a text, and the desk is told behind it; the fact has the user's own words", () => {
    const user = talking({ eventsWithText: true });
    const step = user.message("m1", `It is ${card}`);
    expect(textsOf(step.gave, "SayToAgent")).toEqual(["It is ****"]);
    expect(step.gave.map(({ kind }) => kind)).toEqual(["SayToAgent", "ReportToDesk"]);
    expect(step.gave[1]).toMatchObject({ report: { kind: "rules_applied", rules: [{ id: "0GO1", name: "Cards" }] } });
    expect(step.facts).toMatchObject([{ kind: "message_in", text: `It is ${card}` }]);
    expect(reported(user.message("m2", "Thanks").gave)).toEqual([]);
  });

  it("is applied to the whole text before it is cut", () => {
    const user = talking({ limits: { ...defaultLimits, agentTextChars: 20 } });
    const step = user.message("m1", `It is the card ${card} of mine`);
    expect(textsOf(step.gave, "SayToAgent").join("")).toBe("It is the card **** of mine");
    expect(reported(step.gave)).toEqual(["Cards"]);
  });

  it("that leaves nothing of a text leaves only the report", () => {
    expect(
      talking()
        .message("m1", "secret")
        .gave.map(({ kind }) => kind),
    ).toEqual(["ReportToDesk"]);
  });

  it("is applied to each entry of the history, captions included, whoever said it; addresses stay", () => {
    const user = waiting();
    const url = `https://media.example.org/${card}`;
    user.message("m1", "secret");
    user.message("m2", `bot: ${card}`, { author: "bot", occurredAt: 0 });
    user.message("m3", null, { type: "image", media: { url, mimeType: "image/png", caption: `my card ${card}` } });
    const { gave } = user.desk("accepted", { agentName: "Kim" });
    const [history = ""] = textsOf(gave, "SayToAgent");
    expect(history).toContain("]:\n");
    expect(history).toContain("bot: ****");
    expect(history).toContain(`my card ****\n${url}`);
    expect(history.replaceAll(url, "")).not.toContain(card);
    expect(reported(gave)).toEqual(["Cards,Words"]);
    user.result();
    user.result();
    user.result();
    const file = user.state.pending.find(({ kind }) => kind === "AttachFile");
    expect(file).toMatchObject({ media: { url, caption: "my card ****" } });
  });

  it("is applied to the words of a file, which also name it, and they are not read twice", () => {
    const user = talking();
    const media = { url: "https://media.example.org/1", mimeType: "image/png", caption: `card ${card}` };
    const step = user.message("m1", null, { type: "image", media });
    expect(everything(step.gave)).not.toContain(card);
    expect(step.gave).toMatchObject([{ kind: "AttachFile", words: "card ****", media: { caption: "card ****" } }]);
    const { gave } = user.result();
    expect([textsOf(gave, "SayToAgent").at(-1), reported(gave)]).toEqual(["card ****", ["Cards"]]);
    user.message("m2", card);
    user.settle();
    expect(user.state.interconnection).toMatchObject({ status: "ACTIVE" });
  });

  it("is applied to what waits behind a file as well", () => {
    const user = talking();
    const media = { url: "https://media.example.org/1", mimeType: "image/png", caption: `card ${card}` };
    user.message("m1", null, { type: "image", media });
    user.message("m2", `again ${card}`);
    user.message("m3", null, { type: "image", media });
    const { pending } = user.finish().state;
    expect(everything(pending)).not.toContain(card);
    expect(textsOf(pending, "SayToAgent")).toEqual(["card ****", "again ****", "card ****"]);
  });

  it("is reported behind what waits, and once for all that was found until the report before has its result", () => {
    const user = talking();
    const media = { url: "https://media.example.org/1", mimeType: "image/png", caption: null };
    user.message("m1", null, { type: "image", media });
    for (let i = 0; i < 100; i++) user.message(`x${String(i)}`, i === 50 ? "secret" : card);
    expect(user.state.pending.map(({ kind }) => kind)).toEqual(["AttachFile"]);
    const found = [
      { id: "0GO1", name: "Cards" },
      { id: null, name: "Words" },
    ];
    expect(parseRecord(formatRecord("ana", "test", user.state))).toMatchObject({
      state: { interconnection: { rulesFound: found } },
    });
    let most = 0;
    const told: string[] = [];
    for (let left = user.state.pending; left.length > 0; left = user.state.pending) {
      most = Math.max(most, reported(left).length);
      told.push(...reported(left.slice(0, 1)));
      user.result();
    }
    expect([most, told]).toEqual([1, ["Cards,Words"]]);
    expect(user.state.interconnection).not.toHaveProperty("rulesFound");
    user.message("m2", card);
    user.message("m3", card);
    user.message("m4", "secret");
    expect(reported(user.state.pending)).toEqual(["Cards"]);
    user.settle();
    expect(user.state.interconnection).not.toHaveProperty("rulesFound");
  });

  it("is reported before the end of the chat at the latest, and not to a desk that has ended it", () => {
    const user = talking();
    user.message("m1", card);
    user.message("m2", "secret");
    const { pending } = user.finish().state;
    expect(pending.map(({ kind }) => kind)).toEqual([
      "SayToAgent",
      "ReportToDesk",
      "ReportToDesk",
      "EndChat",
      "HandBack",
    ]);
    expect(reported(pending)).toEqual(["Cards", "Words"]);
    const other = talking();
    other.message("m1", card);
    other.message("m2", "secret");
    expect(reported(other.desk("ended", { reason: "agent" }).state.pending)).toEqual(["Cards"]);
  });

  it("does not let the same notice be said twice by its report", () => {
    const user = talking({ texts: { ...defaultTexts, messageIgnored: `no {type} ${card}` } });
    user.message("m1", null, { type: "sticker" });
    user.message("m2", null, { type: "sticker" });
    expect(textsOf(user.state.pending, "SayToAgent")).toHaveLength(1);
  });

  it("is not applied to what the agent says", () => {
    expect(textsOf(talking().desk("said", { text: card }).gave, "SayToUser")).toEqual([card]);
  });

  it("comes anew with others, goes with none, and stays where none are told", () => {
    const user = talking();
    const said = (id: string): string[] => textsOf(user.message(id, card).gave, "SayToAgent");
    user.desk("typing");
    user.desk("queued", { queuePosition: 0 });
    expect(said("m1")).toEqual(["****"]);
    user.desk("data_rules", { dataRules: [{ ...cards, replacement: "#" }] });
    expect(said("m2")).toEqual(["#"]);
    user.desk("data_rules", { dataRules: [] });
    expect(said("m3")).toEqual([card]);
    expect(user.state.interconnection).not.toHaveProperty("dataRules");
  });

  it("stands in the stored record, and goes with the chat", () => {
    const user = talking();
    const parsed = parseRecord(formatRecord("ana", "test", user.state));
    expect(parsed).toMatchObject({ state: { interconnection: { dataRules: [cards, words] } } });
    user.finish();
    expect(user.state.interconnection).not.toHaveProperty("dataRules");
  });
});
