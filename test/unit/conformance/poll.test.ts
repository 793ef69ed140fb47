// Conformance vectors of the parity sheet (section 12): the address of the poll, answer by answer.
import { afterEach, expect, it } from "vitest";

import { createLongPollClient } from "../../../src/clients/http/long-poll-client.ts";
import { createPoll } from "../../../src/clients/salesforce/live-agent/poll.ts";
import { createServers } from "../../../src/clients/salesforce/live-agent/servers.ts";
import { answeringServer, type Reply } from "../clients/http/answering-server.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const never = new AbortController().signal;
const event = { type: "AgentTyping", message: {} };
const told = (sequence: number): Reply => ({ status: 200, body: { messages: [event], sequence, offset: sequence } });

it.each<[string, readonly Reply[], readonly string[]]>([
  ["-1 first, then the answer's sequence", [told(1), told(2), told(3), { status: 204 }], ["-1", "1", "2", "3"]],
  [
    "the same after 204, and when the answer was lost",
    [told(1), { status: 204 }, (_, request) => void request.socket.destroy(), told(2)],
    ["-1", "1", "1", "1"],
  ],
])("Poll URI: ack is %s", async (_, replies, expected) => {
  const left = [...replies];
  const server = await answeringServer(() => left.shift() ?? { status: 599 });
  const polls = createLongPollClient({
    connectTimeoutMs: 3_000,
    bodyTimeoutMs: 3_000,
    maxBodyBytes: 1e6,
    now: () => 0,
  });
  toClose.push(
    () => polls.close(),
    () => server.close(),
  );
  const servers = createServers(server.url, []);
  const poll = createPoll(polls, { servers, apiVersion: "52", organizationId: "00D1", deploymentId: "5721" });
  const session = { id: "sid", key: "key", route: "route", pollTimeoutMs: 3_000, numbered: true };
  let position = -1;
  for (let i = 0; i < replies.length; i++) {
    const answer = await poll(session, position, never);
    if (answer.kind === "events") ({ position } = answer);
  }
  expect(server.received.map(({ url }) => url)).toEqual(expected.map((ack) => `/chat/rest/System/Messages?ack=${ack}`));
});
