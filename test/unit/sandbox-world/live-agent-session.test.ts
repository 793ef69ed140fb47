// The simulated Live Agent over real HTTP: states, queue, sequence, affinity, ending; rules 3 to 9 of the reference's simulator guide.
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  AGENT,
  OTHER_AGENT,
  act,
  call,
  control,
  engagedVisitor,
  initBody,
  openVisitor,
  queuedVisitor,
  stillWorld,
} from "./harness.ts";
import type { StillWorld } from "./harness.ts";

let world: StillWorld;

beforeEach(async () => {
  world = await stillWorld();
});

afterEach(async () => {
  await world.close();
});

describe("opening", () => {
  it("gives id, key, affinity token and poll timeout, not wrapped", async () => {
    const reply = await call("GET", `${world.salesforceUrl}/chat/rest/System/SessionId/`, {
      "x-liveagent-api-version": "52",
      "x-liveagent-affinity": "null",
    });
    expect(reply.body).toEqual({
      id: expect.any(String) as string,
      key: expect.stringContaining("!") as string,
      affinityToken: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      clientPollTimeout: 40,
    });
  });

  it("insists on the literal null for affinity, and on the version", async () => {
    const url = `${world.salesforceUrl}/chat/rest/System/SessionId`;
    expect((await call("GET", url, { "x-liveagent-api-version": "52" })).status).toBe(400);
    expect((await call("GET", url, { "x-liveagent-affinity": "null" })).status).toBe(400);
  });

  it("answers OK to ChasitorInit and reports the request by polling", async () => {
    const visitor = await openVisitor(world);
    const reply = await visitor.post("ChasitorInit", initBody(visitor), 1);
    expect([reply.status, reply.text]).toEqual([200, "OK"]);
    const polled = await visitor.poll(-1);
    expect(polled).toMatchObject({ status: 200, types: ["ChatRequestSuccess"], sequence: 0 });
    expect(polled.messages[0]?.message).toMatchObject({
      connectionTimeout: 150_000,
      estimatedWaitTime: -1,
      sensitiveDataRules: [],
      queuePosition: 1,
      url: "",
    });
  });

  it.each([
    ["visitorName left out", { visitorName: undefined }, "visitorName must be a text"],
    ["isPost as text", { isPost: "true" }, "isPost must be a boolean"],
    ["no pre-chat details", { prechatDetails: undefined }, "prechatDetails must be a list"],
    ["another org", { organizationId: "00D000000000001" }, "organizationId is not of this org"],
    ["another session", { sessionId: "x" }, "sessionId is not the id of this session"],
    [
      "a detail without transcriptFields",
      { prechatDetails: [{ label: "a", value: "b", displayToAgent: true }] },
      "prechatDetails[0].transcriptFields must be a list of texts",
    ],
    [
      "an entity with entityFieldMaps instead of entityFieldsMaps",
      { prechatEntities: [{ entityName: "Case", entityFieldMaps: [] }] },
      "prechatEntities[0].entityFieldsMaps must be a list",
    ],
  ])("refuses ChasitorInit with %s, and does not use up the number", async (_name, more, sentence) => {
    const visitor = await openVisitor(world);
    const reply = await visitor.post("ChasitorInit", initBody(visitor, more), 1);
    expect([reply.status, reply.text]).toEqual([400, sentence]);
    expect((await visitor.post("ChasitorInit", initBody(visitor), 1)).text).toBe("OK");
  });

  it("links the records that pre-chat entities find, and notes those that lead nowhere", async () => {
    const contact = await control(world, "POST", "/salesforce/records/Contact", { LastName: "Ada" });
    const { Id } = contact.body as { Id: string };
    const entity = (entityName: string, label: string): unknown => ({
      entityName,
      showOnCreate: true,
      entityFieldsMaps: [{ fieldName: "Id", label, doFind: true, isExactMatch: true, doCreate: false }],
    });
    const visitor = await openVisitor(world);
    const prechatDetails = [{ label: "ContactId", value: Id, transcriptFields: [], displayToAgent: true }];
    const prechatEntities = [entity("Contact", "ContactId"), entity("Case", "CaseId")];
    await visitor.post("ChasitorInit", initBody(visitor, { prechatDetails, prechatEntities }), 1);
    expect(visitor.session().visitor?.linked).toEqual({ Contact: Id });
    expect(visitor.session().violations).toEqual([
      "no pre-chat detail is labelled CaseId",
      "pre-chat entity Case leads to no record",
    ]);
  });

  it("fails the request when no agent is online, and the session ends once that is acknowledged", async () => {
    await control(world, "PUT", `/agents/${AGENT}`, { online: false });
    const visitor = await queuedVisitor(world);
    const polled = await visitor.poll(-1);
    expect(polled.messages).toEqual([{ type: "ChatRequestFail", message: { reason: "Unavailable" } }]);
    expect((await visitor.poll(-1)).types).toEqual(["ChatRequestFail"]);
    expect((await visitor.poll(0)).status).toBe(403);
    expect((await visitor.poll(-1)).status).toBe(403);
  });
});

describe("queue", () => {
  it("moves all up when one is served, tells position 0, then ChatEstablished", async () => {
    const first = await queuedVisitor(world);
    const second = await queuedVisitor(world);
    expect((await second.poll(-1)).messages[0]?.message["queuePosition"]).toBe(2);
    await act(world, first, "accept", { agentId: AGENT });
    expect((await first.poll(0)).messages).toMatchObject([
      { type: "QueueUpdate", message: { position: 0, estimatedWaitTime: 0 } },
      { type: "ChatEstablished", message: { name: "Ana", userId: AGENT, items: [], sneakPeekEnabled: false } },
    ]);
    expect((await second.poll(0)).messages).toMatchObject([{ type: "QueueUpdate", message: { position: 1 } }]);
  });

  it("tells no positions to a visitor who did not ask for them", async () => {
    const visitor = await openVisitor(world);
    await visitor.post("ChasitorInit", initBody(visitor, { receiveQueueUpdates: false }), 1);
    await act(world, visitor, "accept");
    expect((await visitor.poll(-1)).types).toEqual(["ChatRequestSuccess", "ChatEstablished"]);
  });

  it("fails the chat when the last agent declines, and when the last goes offline", async () => {
    const declined = await queuedVisitor(world);
    await act(world, declined, "decline", { agentId: AGENT });
    expect((await declined.poll(0)).types).toEqual(["ChatRequestFail"]);
    const left = await queuedVisitor(world);
    await control(world, "PUT", `/agents/${AGENT}`, { online: false });
    expect((await left.poll(0)).types).toEqual(["ChatRequestFail"]);
  });

  it("holds chats beyond an agent's capacity until one ends", async () => {
    await control(world, "PUT", `/agents/${AGENT}`, { accept: "auto", acceptDelayMs: 50, capacity: 1 });
    const first = await queuedVisitor(world);
    const second = await queuedVisitor(world);
    world.clock.advance(50);
    expect(first.session().state).toBe("ENGAGED");
    expect(second.session().state).toBe("QUEUED");
    await act(world, first, "end");
    world.clock.advance(50);
    expect(second.session().state).toBe("ENGAGED");
  });

  it("estimates the wait by the moving average", async () => {
    const first = await queuedVisitor(world);
    world.clock.advance(20_000);
    await act(world, first, "accept");
    const second = await queuedVisitor(world);
    expect((await second.poll(-1)).messages[0]?.message["estimatedWaitTime"]).toBe(20);
  });

  it("answers 500 to texts before an agent has accepted, unless told otherwise", async () => {
    const visitor = await queuedVisitor(world);
    expect((await visitor.post("ChatMessage", { text: "hi" }, 2)).status).toBe(500);
    await control(world, "PATCH", "/live-agent/modes", { postBeforeAccept: "accept" });
    expect((await visitor.post("ChatMessage", { text: "hi" }, 2)).status).toBe(200);
  });
});

describe("sequence of POSTs", () => {
  it("drops a repeat with 200, or with 409 by mode, and shows the text once", async () => {
    const { visitor } = await engagedVisitor(world);
    expect((await visitor.post("ChatMessage", { text: "one" }, 2)).status).toBe(200);
    expect((await visitor.post("ChatMessage", { text: "one" }, 2)).status).toBe(200);
    await control(world, "PATCH", "/live-agent/modes", { repeatedPost: 409 });
    const repeat = await visitor.post("ChatMessage", { text: "one" }, 2);
    expect([repeat.status, repeat.text]).toEqual([409, "Out of sync Ack. Expected 2. Actual 2"]);
    expect(visitor.session().transcript.map((line) => line.content)).toEqual(["one"]);
    expect(visitor.session().posts.map((post) => [post.noun, post.sequence])).toEqual([
      ["ChasitorInit", 1],
      ["ChatMessage", 2],
    ]);
  });

  it("does a repeat again where the header is ignored", async () => {
    const { visitor } = await engagedVisitor(world);
    await control(world, "PATCH", "/live-agent/modes", { sequence: "ignored" });
    expect((await visitor.post("ChatMessage", { text: "one" }, 2)).status).toBe(200);
    expect((await visitor.post("ChatMessage", { text: "one" }, 2)).status).toBe(200);
    expect(visitor.session().transcript.map((line) => line.content)).toEqual(["one", "one"]);
  });

  it("refuses a gap and names the last number", async () => {
    const { visitor } = await engagedVisitor(world);
    const gap = await visitor.post("ChatMessage", { text: "x" }, 498);
    expect([gap.status, gap.text]).toEqual([409, "Out of sync Ack. Expected 498. Actual 1"]);
    expect((await visitor.post("ChatMessage", { text: "x" }, 3)).status).toBe(409);
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(200);
  });

  it("accepts a POST without the header and leaves the count alone", async () => {
    const { visitor } = await engagedVisitor(world);
    expect((await visitor.post("ChatMessage", { text: "x" })).status).toBe(200);
    expect(visitor.session().postSequence).toBe(1);
  });

  it("takes one number for a whole MultiNoun, in order", async () => {
    const { visitor } = await engagedVisitor(world);
    const noun = (text: string): unknown => ({ prefix: "Chasitor", noun: "ChatMessage", object: { text } });
    expect((await visitor.post("MultiNoun", { nouns: [noun("a"), noun("b")] }, 2)).status).toBe(200);
    expect(visitor.session().transcript.map((line) => line.content)).toEqual(["a", "b"]);
    expect(visitor.session().postSequence).toBe(2);
  });
});

describe("talk", () => {
  it("brings the agent's text with typing around it, and not the visitor's own", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await visitor.post("ChatMessage", { text: "hi" }, 2);
    await act(world, visitor, "say", { text: "hola" });
    const polled = await visitor.poll(ack);
    expect(polled.types).toEqual(["AgentTyping", "ChatMessage", "AgentNotTyping"]);
    expect(polled.messages[1]?.message).toEqual({
      text: "hola",
      name: "Ana",
      agentId: AGENT,
      schedule: { responseDelayMilliseconds: 0 },
    });
    const screens = world.parts.desk.screens.read().entries;
    expect(screens.map((line) => [line.from, line.text, line.sequence])).toEqual([
      ["visitor", "hi", 2],
      ["agent", "hola", null],
    ]);
  });

  it.each([
    ["ChatMessage", {}],
    ["ChatMessage", { text: "" }],
    ["ChatMessage", { text: 5 }],
    ["ChasitorSneakPeek", { text: "x" }],
    ["ChatEnd", {}],
    ["ChatEnd", { reason: "bored" }],
  ])("refuses %s %j with 400", async (noun, body) => {
    const { visitor } = await engagedVisitor(world);
    expect((await visitor.post(noun, body, 2)).status).toBe(400);
    expect(visitor.session().postSequence).toBe(1);
  });

  it("transfers to another agent, and back to waiting", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await control(world, "PUT", `/agents/${OTHER_AGENT}`, { name: "Eva", accept: "manual" });
    await act(world, visitor, "transfer", { agentId: OTHER_AGENT });
    await act(world, visitor, "transfer", { buttonId: "5735g000000SBX1" });
    await act(world, visitor, "accept", { agentId: AGENT });
    const polled = await visitor.poll(ack);
    expect(polled.types).toEqual(["ChatTransferred", "TransferToButtonInitiated", "ChatEstablished"]);
    expect(polled.messages[0]?.message).toMatchObject({ name: "Eva", userId: OTHER_AGENT });
  });

  it("lets an agent drop out and another take over", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await act(world, visitor, "disconnect");
    expect(visitor.session().state).toBe("QUEUED");
    await act(world, visitor, "accept", { agentId: AGENT });
    expect((await visitor.poll(ack)).types).toEqual(["AgentDisconnect", "ChatEstablished"]);
  });

  it("follows a script: greeting, paced texts, echo, end", async () => {
    const script = {
      greeting: "hola",
      texts: ["uno {n}"],
      repeat: { text: "otra {n}", count: 1 },
      everyMs: 100,
      echo: "> ",
    };
    await control(world, "PUT", `/agents/${AGENT}`, { script: { ...script, endWhenSaid: true } });
    await control(world, "PATCH", "/live-agent/modes", { typing: false });
    const { visitor, ack } = await engagedVisitor(world);
    await visitor.post("ChatMessage", { text: "eco" }, 2);
    world.clock.advance(100);
    world.clock.advance(100);
    const polled = await visitor.poll(ack - 1);
    expect(polled.messages.map(({ message }) => message["text"] ?? message["reason"])).toEqual([
      "hola",
      "> eco",
      "uno 1",
      "otra 2",
      "agent",
    ]);
  });
});

describe("ending", () => {
  it("queues ChatEnded for the next poll when the visitor ends; later POSTs are 403, a repeat is not", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    expect((await visitor.post("ChatEnd", { reason: "client" }, 2)).status).toBe(200);
    expect((await visitor.post("ChatEnd", { reason: "client" }, 2)).status).toBe(200);
    expect((await visitor.post("ChatEnd", { reason: "client" }, 3)).status).toBe(403);
    const polled = await visitor.poll(ack);
    expect(polled.messages).toEqual([{ type: "ChatEnded", message: { reason: "client" } }]);
    const gone = await visitor.poll(polled.sequence);
    expect([gone.status, gone.text]).toEqual([403, "Session required but was invalid or not found"]);
  });

  it("tells the visitor when the agent ends", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await act(world, visitor, "end");
    expect((await visitor.poll(ack)).messages).toEqual([{ type: "ChatEnded", message: { reason: "agent" } }]);
    expect((await visitor.post("ChatMessage", { text: "late" }, 2)).status).toBe(403);
  });

  it("ends chat and session by DELETE with the key in the address", async () => {
    const { visitor } = await engagedVisitor(world);
    const url = `${world.salesforceUrl}/chat/rest/System/SessionId/${encodeURIComponent(visitor.key)}`;
    const { "x-liveagent-session-key": _key, ...headers } = visitor.headers();
    expect((await call("DELETE", url, headers)).status).toBe(200);
    expect((await visitor.poll(0)).status).toBe(403);
    expect(visitor.session()).toMatchObject({ state: "ENDED", endedBy: "client" });
  });

  it("loses a session that is not polled within the connection timeout, held polls count as contact", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    for (let round = 0; round < 6; round++) {
      const { reply } = await visitor.heldPoll(ack);
      world.clock.advance(30_000);
      expect((await reply).status).toBe(204);
    }
    world.clock.advance(149_999);
    expect(visitor.session().state).toBe("ENGAGED");
    world.clock.advance(1);
    expect(visitor.session().state).toBe("LOST");
    expect((await visitor.poll(ack)).status).toBe(403);
  });
});

it("keeps a session alive as long as a poll is held", async () => {
  await control(world, "PATCH", "/live-agent/modes", { pollHoldMs: 400_000 });
  const { visitor, ack } = await engagedVisitor(world);
  const { reply } = await visitor.heldPoll(ack);
  world.clock.advance(399_999);
  expect(visitor.session().state).toBe("ENGAGED");
  world.clock.advance(1);
  expect((await reply).status).toBe(204);
});

describe("keys, affinity and addresses", () => {
  it("answers 403 to an unknown key and 503 to a wrong affinity", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const stranger = await visitor.poll(ack, { "x-liveagent-session-key": "nobody" });
    expect([stranger.status, stranger.text]).toEqual([403, "Session required but was invalid or not found"]);
    expect((await visitor.poll(ack, { "x-liveagent-affinity": "ffffffff" })).status).toBe(503);
    expect((await visitor.poll(ack, { "x-liveagent-affinity": "null" })).status).toBe(503);
  });

  it("answers 404 to unknown nouns, 405 to wrong methods, 400 to bad JSON and bad numbers", async () => {
    const { visitor } = await engagedVisitor(world);
    const base = `${world.salesforceUrl}/chat/rest`;
    expect((await call("GET", `${base}/System/Nothing`, visitor.headers())).status).toBe(404);
    expect((await call("POST", `${base}/System/Messages`, visitor.headers(), {})).status).toBe(405);
    expect((await call("GET", `${base}/Chasitor/ChatMessage`, visitor.headers())).status).toBe(405);
    expect((await visitor.post("ChatMessage", '{"text":', 2)).status).toBe(400);
    const headers = { ...visitor.headers(), "x-liveagent-sequence": "two" };
    expect((await call("POST", `${base}/Chasitor/ChatMessage`, headers, { text: "x" })).status).toBe(400);
    expect((await call("GET", `${base}/System/Messages?ack=x`, visitor.headers())).status).toBe(400);
  });

  it("tells availability by id, without the key for those who are not there", async () => {
    const url = `${world.salesforceUrl}/chat/rest/Visitor/Availability?Availability.ids=[5735g000000SBX1,5730000000000XX]`;
    const reply = await call("GET", url, { "x-liveagent-api-version": "52" });
    expect(reply.body).toEqual({
      messages: [
        {
          type: "Availability",
          message: { results: [{ id: "5735g000000SBX1", isAvailable: true }, { id: "5730000000000XX" }] },
        },
      ],
    });
  });
});
