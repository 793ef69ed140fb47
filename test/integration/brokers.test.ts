// The older broker generation: conversations on Kafka 3.9, also with the service stopped and started in the middle. Services of its own;
// the whole level on both generations is `npm test -- integration --matrix`.
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";

import { createServices, type Services } from "../../sandbox/services/driver.ts";
import { createConversations } from "../support/conversations.ts";
import { createShortConversations } from "../support/short-conversation.ts";
import { openStage, type Stage } from "../support/stage.ts";

const upMs = 90_000;
const apiVersionsKey = 18;
const fetchKey = 1;
const open: { services?: Services; stage?: Stage } = {};

beforeAll(async () => {
  open.services = await createServices({ say: () => undefined, env: { ...process.env, KAFKA_VERSION: "3.9" } });
  open.stage = await openStage({ file: import.meta.url, services: await open.services.start() });
}, upMs);

afterAll(async () => {
  await open.stage?.close();
  await open.services?.stop();
}, upMs);

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

it("it is a broker of that generation: it still speaks the first version of Fetch, which 4.0 removed (KIP-896)", async () => {
  expect(await oldestVersion(stage().addresses.brokers, fetchKey)).toBe(0);
});

it("a conversation passes", async () => {
  await createShortConversations(stage(), 1).have();
});

it("a conversation goes on where it was after the service was stopped and started", async () => {
  const people = { ana: stage().user("ana") };
  const { ana } = people;
  const session = await stage().openChat(ana);
  const talk = createConversations(stage(), people);
  await talk.userSays("ana");
  talk.agentSays("ana");
  expect(await stage().service.terminate()).toMatchObject({ code: 0 });
  talk.agentSays("ana");
  const waiting = talk.userSays("ana");
  await stage().service.start();
  await waiting;
  await talk.drained();
  expect(talk.judge().lost).toEqual([]);
  expect(talk.judge().doubled).toEqual([]);
  expect(talk.judge().delivered).toBe(4);
  expect(session.violations).toEqual([]);
});

/** Asks with ApiVersions v0 (kafka.apache.org/protocol#The_Messages_ApiVersions) for the oldest version of an API. */
function oldestVersion(brokers: string, api: number): Promise<number | undefined> {
  const [host = "", port = ""] = brokers.split(":");
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0);
  request.writeInt16BE(apiVersionsKey, 4);
  // Version 0, correlation id 0, and no client id.
  request.writeInt16BE(-1, 12);
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const socket = connect({ host, port: Number(port) }, () => socket.write(request));
    socket.setTimeout(5_000, () => socket.destroy(new Error("the broker did not answer")));
    socket.once("error", reject);
    socket.on("data", (part) => {
      bytes = Buffer.concat([bytes, part]);
      if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) return;
      socket.destroy();
      const count = bytes.readInt32BE(10);
      const rows = Array.from({ length: count }, (_, i) => 14 + 6 * i);
      const row = rows.find((at) => bytes.readInt16BE(at) === api);
      resolve(row === undefined ? undefined : bytes.readInt16BE(row + 2));
    });
  });
}
