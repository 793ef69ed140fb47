// The texts that operators of the Go service look for in logs (parity sheet, section 9): each comes out of the log by the path on which it
// happens, as it always read. The real clients, gateway, lanes, polls and log; what answers is a server of the test.
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { createClock } from "../../../../src/clients/clock.ts";
import { createLongPollClient } from "../../../../src/clients/http/long-poll-client.ts";
import { createLog } from "../../../../src/clients/log/log.ts";
import { recordMapping } from "../../../../src/clients/salesforce/data-api/mapping.ts";
import { createDesk } from "../../../../src/clients/salesforce/desk.ts";
import { createSealer } from "../../../../src/clients/sealer.ts";
import { createDeskGateway, type DeskGateway } from "../../../../src/processors/desk/gateway.ts";
import type { DeskCommand } from "../../../../src/processors/interconnection/commands.ts";
import { createLanes } from "../../../../src/topology/lanes.ts";
import { createPollers } from "../../../../src/topology/pollers.ts";
import type { Log } from "../../../../src/topology/ports.ts";
import { active, createOwnerParts, sayToAgent, session, stateWith } from "../../../support/owner-parts.ts";
import { createEdge } from "../../ingress/edge.ts";
import { answeringServer, type Reply } from "../http/answering-server.ts";
import { caseCommand, contactCommand, freely, grant, shortClient } from "./clients.ts";

type Answers = (path: string) => Reply;
const token: Reply = { status: 200, body: { access_token: "t", instance_url: "https://x.my.salesforce.com" } };
const sealed = { ...session, key: "plain.aw", route: "plain.cg" };

/** The service's own log into a list of lines. */
function listeningLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ level: "info", idKey: null, always: {}, destination });
  return { log, lines };
}

async function gatewayOn(answers: Answers, log: Log): Promise<DeskGateway> {
  const server = await answeringServer(({ url }) => answers(url));
  const http = shortClient();
  const polls = createLongPollClient({
    connectTimeoutMs: 3_000,
    bodyTimeoutMs: 3_000,
    maxBodyBytes: 1e6,
    now: () => 0,
  });
  onTestFinished(async () => {
    http.close();
    await polls.close();
    await server.close();
  });
  const { url } = server;
  const desk = createDesk({
    ...{ http, polls, log, clock: createClock(), grant, loginUrl: url, baseUrl: url, chatUrl: url },
    ...{ logins: http, limits: { dataApi: freely.limits, liveAgent: freely.limits } },
    ...{ messages: http, dataApiVersion: "52", chatApiVersion: "52", organizationId: "00D1", deploymentId: "5721" },
    mapping: recordMapping({
      ...{ firstName: "Bot ", contactFields: {}, search: { fields: {}, blockedField: null, phonePrefixes: [] } },
      account: { recordTypeId: null, birthDate: null, fields: {} },
      case: { recordTypeId: null, closedStatus: "Cerrado", fields: {} },
    }),
  });
  return createDeskGateway({ desk, sealer: createSealer([]), download: () => Promise.reject(new Error("no files")) });
}

async function command(log: Log, answers: Answers, one: DeskCommand): Promise<void> {
  const gateway = await gatewayOn(answers, log);
  const parts = createOwnerParts();
  await parts.store.store.claim(0, 5, "me");
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const policy = { name: "p", maxTries: 1, firstDelayMs: 1, maxDelayMs: 1, tryTimeoutMs: 60_000 };
  const tools = {
    ...{ ...parts, log, store: parts.store.store, policyOf: () => policy, limits: { take: () => null } },
    ...{ posts: () => true, brings: () => false },
    perform: (each: unknown, attempt: Parameters<DeskGateway["perform"]>[1]) =>
      gateway.perform(each as DeskCommand, attempt),
  };
  const fenced = (): void => undefined;
  createLanes(tools, { partition: 0, epoch: 5, marksLost: false, fenced }, end.signal, end.signal).update(
    "ana",
    // One try: there is no time for another.
    stateWith([{ ...one, giveUpAt: parts.clock.now() + 1 }]),
  );
}

async function poll(log: Log, answers: Answers): Promise<void> {
  const gateway = await gatewayOn(answers, log);
  const parts = createOwnerParts();
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const tools = {
    ...parts,
    log,
    desk: gateway,
    sessionTimeoutMs: 10_000,
    conflictWaitMs: 1_000,
    heartbeatAgeMs: () => 0,
  };
  const chat = { ...active, session: sealed };
  createPollers(tools, 0, end.signal, () => -1).update("ana", stateWith([], { interconnection: chat }), 0);
  await parts.clock.advance(1);
}

const refusedBy =
  (status: number, errorCode: string): Answers =>
  (path) =>
    path.includes("/oauth2/") ? token : { status, body: [{ errorCode, message: "no" }] };
const loginSays =
  (error: string): Answers =>
  () => ({ status: 400, body: { error, error_description: "no" } });
const refusal =
  (reason: string): Answers =>
  () => ({
    status: 200,
    body: { messages: [{ type: "ChatRequestFail", message: { reason } }], sequence: 5, offset: 1 },
  });
const gone: Answers = () => ({ status: 403, body: "Session required but was invalid or not found" });

const known: readonly (readonly [text: string, path: string, happens: (log: Log) => Promise<void>])[] = [
  [
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
    "a contact is asked for",
    (log) => command(log, refusedBy(403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD"), contactCommand),
  ],
  [
    "INVALID_AUTH_HEADER",
    "a contact is asked for",
    (log) => command(log, refusedBy(401, "INVALID_AUTH_HEADER"), contactCommand),
  ],
  ["INVALID_HEADER_TYPE", "a case is made", (log) => command(log, refusedBy(401, "INVALID_HEADER_TYPE"), caseCommand)],
  ["invalid_grant", "the login", (log) => command(log, loginSays("invalid_grant"), contactCommand)],
  ["invalid_client", "the login", (log) => command(log, loginSays("invalid_client"), contactCommand)],
  ["invalid_client_id", "the login", (log) => command(log, loginSays("invalid_client_id"), contactCommand)],
  [
    "[403] - Error call with status : Session required but was invalid or not found",
    "a poll",
    (log) => poll(log, gone),
  ],
  [
    "[403] - Error call with status : Session required but was invalid or not found",
    "a text to the agent",
    (log) => command(log, gone, sayToAgent(1, { session: sealed })),
  ],
  ["[503] - Error call with status :", "a poll", (log) => poll(log, () => ({ status: 503 }))],
  [
    "[503] - Error call with status :",
    "a text to the agent",
    (log) => command(log, () => ({ status: 503 }), sayToAgent(1, { session: sealed })),
  ],
  ["Event [ChatRequestFail] : [Unavailable]", "a poll", (log) => poll(log, refusal("Unavailable"))],
  ["Event [ChatRequestFail] : [Blocked]", "a poll", (log) => poll(log, refusal("Blocked"))],
  ["Duplicate Long Polling", "a poll", (log) => poll(log, () => ({ status: 409 }))],
  [
    "could not create chat in salesforce: this contact is blocked",
    "a connect",
    async (log) => {
      const edge = createEdge({ log });
      edge.world.reply = { outcome: "refused", reason: "contact_blocked", chatId: null, detail: null };
      const headers = { authorization: `Bearer ${await edge.token()}` };
      const person = { userID: "1", name: "n", provider: "whatsapp", botSlug: "b", botId: "i", email: "e" };
      const response = await edge.send({ method: "POST", url: "/v1/chats/connect", payload: person, headers });
      expect(response.statusCode).toBe(500);
    },
  ],
];

describe("the log", () => {
  it.each(known)("says `%s` when %s meets it", async (text, _path, happens) => {
    const { log, lines } = listeningLog();
    await happens(log);
    await vi.waitFor(() => expect(lines.join("")).toContain(text), { timeout: 10_000 });
  });

  it("says nothing of a reason that is no word of Salesforce's", async () => {
    const { log, lines } = listeningLog();
    await poll(log, refusal("hola 5215512345678"));
    await vi.waitFor(() => expect(lines.join("")).toContain("Event [ChatRequestFail] : []"), { timeout: 10_000 });
    expect(lines.join("")).not.toContain("hola");
  });
});
