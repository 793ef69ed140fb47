// The example of a producer, as another team would run it: its own folder, its own install, nothing of ours. It starts a conversation
// and reads the outcome.
import { afterAll, beforeAll, expect, it } from "vitest";

import { say } from "../../sandbox/world/live-agent/agents.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { eventually } from "../support/eventually.ts";
import { installed, type OwnProgram, type Said } from "../support/own-install.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage; facts?: FactReader; producer?: OwnProgram } = {};

beforeAll(async () => {
  open.producer = await installed("examples/producer");
  open.stage = await openStage({ file: import.meta.url });
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

function connect(more: Readonly<Record<string, string>>): Promise<Said> {
  const { addresses, names } = there(open.stage);
  const { brokers, registryUrl: registry } = addresses;
  const options = { brokers, registry, topic: names.topic, client: names.client, ...more };
  return there(open.producer).run(
    "connect.js",
    Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  );
}

it("starts a conversation by a record and prints its outcome; the next connect is refused, and says why", async () => {
  const stage = there(open.stage);
  const { phones, desk } = stage.world.parts;
  const ana = stage.user("ana");
  const { userId, name, email } = ana;
  const user = { user: userId, name, email };

  const first = await connect({ ...user, "request-id": "first" });
  expect(first.code, first.stderr).toBe(0);
  const outcome = JSON.parse(first.stdout) as { readonly chatId: string; readonly caseId: string };
  expect(outcome).toMatchObject({ requestId: "first", outcome: "waiting", reason: "none", detail: null });
  expect(await there(open.facts).waitFor(userId, "waiting")).toMatchObject({
    requestId: "first",
    chatId: outcome.chatId,
    caseId: outcome.caseId,
  });

  // It is a conversation: an agent has the user and is heard.
  const session = await eventually("an agent has the user", () => {
    const newest = stage.session(ana);
    return newest?.state === "ENGAGED" && newest;
  });
  say(desk, session, "Buenos días");
  await eventually("the user reads the agent", () =>
    phones.log.read().entries.some((line) => line.userId === userId && line.text === "Buenos días"),
  );

  const second = await connect({ ...user, "request-id": "second" });
  expect(second.code, second.stderr).toBe(1);
  expect(JSON.parse(second.stdout)).toMatchObject({ requestId: "second", outcome: "refused", reason: "chat_open" });
  expect([...desk.records.all("Case")]).toHaveLength(1);
});

it("prints the refusal of a connect that nobody waits for any more", async () => {
  const { userId, name, email } = there(open.stage).user("eva");
  const late = await connect({ user: userId, name, email, "request-id": "late", "expires-in": "-1" });
  expect(late.code, late.stderr).toBe(1);
  expect(JSON.parse(late.stdout)).toMatchObject({ requestId: "late", outcome: "refused", reason: "expired" });
});

it("hears nothing from a deployment that is not there", async () => {
  const { userId, name, email } = there(open.stage).user("ines");
  const silence = await connect({ user: userId, name, email, client: "nobody", timeout: "4" });
  expect(silence).toMatchObject({ code: 2, stdout: "" });
  expect(silence.stderr).toContain("no outcome within 4 s");
});
