// Last of all: plants a canary through every input of a service, shows that each has got there, and then looks through the output of
// every service process of the whole run, sandbox, benches and operator included, for every one of them, in every form.
import { createDecipheriv, createHmac } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";

import { endByAgent, say as agentSays } from "../../sandbox/world/live-agent/agents.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { findCanaries, settingCanaries } from "../support/canaries.ts";
import { runOperator, type OperatorRun } from "../support/dead-letter-lab.ts";
import { eventually } from "../support/eventually.ts";
import { keepText, keptOutputs, levelsBeforeVariable } from "../support/outputs.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { openStoredChats, type StoredChat } from "../support/stored-chats.ts";
import { topicBytes } from "../support/topic-bytes.ts";
import { wireSettings } from "../support/wire.ts";

/** Start of every access token of the simulated org. */
const accessToken = "00D5g0000000SBX!AQ0A";

/** What users, agents, callers and other systems write; the settings and the users' own data are canaries of the stage. */
const planted = {
  userText: "canario-texto-de-usuario-8d1f",
  earlierText: "canario-texto-anterior-27bc",
  agentText: "canario-texto-de-agente-5e90",
  botText: "canario-texto-de-bot-6f02",
  fileAddress: "https://files.canary.example/canario-archivo-93ad?firma=canario-firma-71ce",
  caption: "canario-leyenda-0b44",
  extraData: "canario-dato-extra-c3a8",
  messageId: "wamid.canario-mensaje-19fe",
  brokenBody: "canario-cuerpo-roto-e62d",
  wrongPassword: "canario-clave-errada-f7b1",
  queryToken: "canario-token-en-direccion-2ad9",
  headerToken: "canario-token-en-cabecera-84c6",
  idempotencyKey: "canario-idempotencia-3b70",
  pathText: "canario-en-la-ruta-d915",
  badRecord: "canario-registro-ilegible-a04e",
  deskError: "canario-error-de-mesa-6c58",
  channelError: "canario-error-de-canal-9e37",
  botError: "canario-error-de-bot-b58d",
  botSlug: "canario-slug-de-bot-52e7",
  botId: "canario-id-de-bot-e8a3",
  facebookUser: "canario-usuario-de-facebook-47cd",
  facebookText: "canario-texto-de-facebook-0f96",
  facebookMessageId: "canario-mid-de-facebook-b2e1",
  facebookFile: "https://files.canary.example/canario-archivo-de-facebook-6ad8",
  facebookPage: "canario-pagina-de-facebook-913b",
  facebookBotId: "canario-bot-de-facebook-d4f0",
  facebookTracking: "canario-rastreo-de-facebook-38c5",
  facebookReader: "canario-lector-de-facebook-c07e",
  facebookEcho: "canario-eco-de-facebook-7b29",
  operatorName: "canario-nombre-de-operador-a61c",
  operatorUser: "canario-usuario-de-operador-f350",
} as const;

type Planted = keyof typeof planted;

const open: { stage?: Stage } = {};

beforeAll(async () => {
  open.stage = await openStage({ file: import.meta.url });
});

afterAll(async () => {
  await open.stage?.close();
});

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stage().service.url}${path}`, { method: "POST", body, headers });
}

const webhookPath = "/v1/integrations/whatsapp/webhook";
const facebookPath = "/v1/integrations/facebook/webhook";

function webhook(message: Readonly<Record<string, unknown>>): Promise<Response> {
  return post(webhookPath, JSON.stringify({ timestamp: String(Date.now()), type: "text", ...message }));
}

/** What Messenger sends: a user's words with a file, and the page's own words, of which the recipient is the user. */
async function tellOfFacebook(): Promise<void> {
  const { facebookUser: user, facebookPage: page, facebookMessageId: mid, facebookText, facebookEcho } = planted;
  const body = (author: "user" | "bot", message: object): Record<string, unknown> => {
    const [sender, recipient] = author === "user" ? [user, page] : [user, planted.facebookReader];
    const event = { sender: { id: sender }, recipient: { id: recipient }, timestamp: Date.now(), message };
    return {
      ...{ authorRole: author, botId: planted.facebookBotId, timestamp: Date.now() },
      ...{ msgTracking: { id: planted.facebookTracking }, message: { entry: [{ messaging: [event] }] } },
    };
  };
  const attachments = [{ type: "image", payload: { url: planted.facebookFile } }];
  const said = body("user", { mid, text: facebookText, attachments });
  const tell = (what: object): Promise<Response> => post(facebookPath, JSON.stringify(what));
  const statuses = [
    await tell(said),
    await tell(body("bot", { mid: `${mid}-2`, text: facebookEcho })),
    // What no record holds is read all the same: without it, or with another type of it, the same body is refused.
    await tell({ ...said, botId: undefined }),
    await tell({ ...said, msgTracking: planted.facebookTracking }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 400, 400]);
}

/** The operator's command line: a chat found by its user and ended by somebody, and a user erased of whom there is nothing. */
async function operate(bea: Person): Promise<void> {
  const { names, addresses } = stage();
  const session = await stage().openChat(bea);
  const operator = (...args: readonly string[]): Promise<OperatorRun> =>
    runOperator(args, {
      ...{ APP_NAME: names.appName, CLIENT: names.client, KAFKA_TOPIC: names.topic },
      ...{ KAFKA_HOST: addresses.brokers, KAFKA_SECURITY_PROTOCOL: "PLAINTEXT" },
      ...{ SCHEMA_REGISTRY_URL: addresses.registryUrl, REDIS_ADDRESS: addresses.redis },
      ...wireSettings(addresses.wire),
    });
  const listed = await operator("chats", "list", "--user", bea.userId, "--json");
  const { chatId } = JSON.parse(listed.out) as { readonly chatId: string };
  const ended = await operator("chats", "end", chatId, "--by", planted.operatorName);
  expect(ended.code, ended.told).toBe(0);
  await eventually("the chat has ended at the desk", () => session.state === "ENDED");
  const erased = await operator("erase", "--user", planted.operatorUser);
  expect(erased.code, erased.told).toBe(0);
  const { userId, email, name } = bea;
  const hidden = [userId, email, name, planted.operatorName, planted.operatorUser];
  for (const { out, told } of [listed, ended, erased]) expect(findCanaries(`${out}${told}`, hidden)).toEqual([]);
}

/** Inputs that are refused at the edge; the status shows that they were read. */
async function callTheEdge(ana: Person): Promise<void> {
  const { wrongPassword, queryToken, headerToken, brokenBody, pathText } = planted;
  const { service } = stage();
  const statuses = [
    await post("/v1/authenticate", JSON.stringify({ username: "yaloUser", password: wrongPassword })),
    await fetch(`${service.url}/v1/tokens/check?token=${queryToken}`),
    await fetch(`${service.url}/v1/tokens/check`, { headers: { authorization: `Bearer ${headerToken}` } }),
    await fetch(`${service.url}/v1/tokens/check`, { headers: { authorization: `Basic ${headerToken} more` } }),
    await fetch(`${service.url}/v1/${pathText}/${ana.userId}?token=${queryToken}`),
    await post(webhookPath, `{"id":"${brokenBody}`),
    await post(webhookPath, JSON.stringify({ id: brokenBody, type: "text", from: ana.userId, timestamp: brokenBody })),
    await stage().call("POST", "/v1/chats/connect", {
      userID: ana.userId,
      name: brokenBody,
      email: ana.email,
      extraData: 1,
    }),
    await stage().call("POST", "/v1/chats/connect", { userID: ana.userId, provider: brokenBody, email: ana.email }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([401, 401, 401, 401, 404, 400, 400, 400, 400]);
}

async function produceRubbish(): Promise<void> {
  const { addresses, names } = stage();
  const kafka = new Kafka({ brokers: addresses.brokers.split(","), logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const messages = [{ key: planted.badRecord, value: `\u0000${planted.badRecord}` }];
  for (const suffix of ["chat-requests", "channel-messages", "agent-events"])
    await producer.send({ topic: `${names.topic}.${suffix}`, messages });
  await producer.disconnect();
}

/** Other systems that answer with words of their own. */
function troubleOutside(ana: Person): void {
  const { faults } = stage().world.parts;
  const once = { times: 1, user: ana.userId } as const;
  const json = "application/json";
  const { deskError, channelError, botError } = planted;
  const oauth = JSON.stringify({ error: "server_error", error_description: `wrong ${settingCanaries.orgPassword}` });
  faults.add({ operation: "token", times: 1, effect: { kind: "status", status: 500, body: oauth, contentType: json } });
  const row = JSON.stringify([{ errorCode: "UNABLE_TO_LOCK_ROW", message: `locked by ${ana.name}` }]);
  faults.add({
    operation: "create Case",
    times: 1,
    effect: { kind: "status", status: 500, body: row, contentType: json },
  });
  faults.add({
    ...once,
    operation: "ChatMessage",
    effect: { kind: "status", status: 500, body: `${deskError} ${planted.userText}` },
  });
  faults.add({
    ...once,
    operation: "Messages",
    effect: { kind: "garbage", body: `<html>${deskError} ${ana.name}</html>` },
  });
  const message = JSON.stringify({ error: { message: `${channelError} ${ana.userId} ${planted.agentText}` } });
  faults.add({
    ...once,
    operation: "messages",
    effect: { kind: "status", status: 503, body: message, contentType: json },
  });
  faults.add({
    ...once,
    operation: "send-to",
    effect: { kind: "status", status: 500, body: `${botError} ${ana.userId}` },
  });
}

async function converse(ana: Person): Promise<void> {
  const { parts } = stage().world;
  const { userId } = ana;
  const answers = [
    await webhook({ id: "bot-1", to: userId, text: { body: planted.botText } }),
    await webhook({ id: "user-1", from: userId, text: { body: planted.earlierText } }),
  ];
  troubleOutside(ana);
  await stage().openChat(ana);
  const file = { url: planted.fileAddress, mimeType: "image/png", caption: planted.caption };
  answers.push(
    await webhook({ id: planted.messageId, from: userId, text: { body: planted.userText } }),
    await webhook({ id: "user-3", from: userId, type: "image", image: file }),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const session = stage().session(ana);
  if (session === undefined) throw new Error("no session");
  await eventually("the agent has read it all", () =>
    parts.desk.screens.read().entries.some(({ user, text }) => user === userId && text.includes(planted.caption)),
  );
  agentSays(parts.desk, session, planted.agentText);
  await eventually("the user has read it", () =>
    parts.phones.log.read().entries.some(({ text, from }) => from === "service" && text.includes(planted.agentText)),
  );
  expect((await stage().call("GET", `/v1/context/${userId}`)).status).toBe(200);
  endByAgent(parts.desk, session);
  await eventually("the bot has the user", () =>
    parts.botrunner.states.read().entries.some((given) => given.userId === userId),
  );
  const again = await stage().call("DELETE", `/v1/chat/finish/${userId}`, undefined, {
    "idempotency-key": planted.idempotencyKey,
  });
  expect(again.status).toBe(404);
}

/** A connect that Salesforce refuses, quoting the user. What the caller is told holds nothing of it. */
async function refusedConnect(): Promise<void> {
  const eva = stage().user("eva");
  const { userId, name, email, phoneNumber } = eva;
  const message = `${name} <${email}> ${phoneNumber}: invalid`;
  const body = JSON.stringify([{ errorCode: "INVALID_EMAIL_ADDRESS", message, fields: ["Email"] }]);
  stage().world.parts.faults.add({
    operation: "create Contact",
    times: 1,
    effect: { kind: "status", status: 400, body, contentType: "application/json" },
  });
  const { botSlug, botId } = planted;
  const payload = { userID: userId, name, email, phoneNumber, provider: "whatsapp", botSlug, botId };
  const answer = await stage().call("POST", "/v1/chats/connect", payload);
  expect(answer.status).toBe(500);
  const told = await answer.text();
  expect(told).toContain("INVALID_EMAIL_ADDRESS");
  expect(findCanaries(told, [userId, name, email])).toEqual([]);
}

/** Names under which the files of a level that start a service keep its output. */
function startersOf(level: string): readonly string[] {
  const files = globSync([`test/${level}/**/*.test.ts`, ...(level === "bench" ? ["bench/*.ts"] : [])]);
  const starters = files.filter((file) =>
    /\b(openStage|createServiceProcess|promiseOutput)\(/.test(readFileSync(file, "utf8")),
  );
  const operators = level === "integration" ? ["operator"] : [];
  return [...starters.map((file) => basename(file).replace(/(\.test)?\.ts$/, "")), ...operators];
}

/** Opens what is sealed under the key of the settings, by its documented form and none of the service's code. Throws when it is not. */
function unseal(sealed: string, userId: string, chatId: string): string {
  const [iv, body, tag] = sealed
    .split(".")
    .slice(2)
    .map((part) => Buffer.from(part, "base64url"));
  if (iv === undefined || body === undefined || tag === undefined) throw new Error("not sealed");
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(settingCanaries.stateKey, "base64"), iv);
  decipher.setAAD(Buffer.from(JSON.stringify([userId, chatId]))).setAuthTag(tag);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString();
}

/** The other caller's password is good, and the session key is stored sealed under the key of the settings. */
async function provePasswordAndStateKey(
  ana: Person,
  stored: StoredChat | undefined,
  sessionKey: string,
): Promise<void> {
  const body = JSON.stringify({ username: "salesforceUser", password: settingCanaries.salesforceUserPassword });
  expect((await post("/v1/authenticate", body)).status).toBe(200);
  if (stored === undefined) throw new Error("no record");
  expect(unseal(stored.sessionKey, ana.userId, String(stored.bridge.chat?.["chatId"]))).toBe(sessionKey);
}

it("every canary reaches the service, and secrets reach neither topic nor Redis in the clear", async () => {
  const introduced = stage().user("ana");
  const ana: Person = { ...introduced, extraData: { nota: planted.extraData } };
  const { parts } = stage().world;
  parts.people.put(ana);
  await callTheEdge(ana);
  await produceRubbish();
  await converse(ana);
  await refusedConnect();
  await tellOfFacebook();
  await operate(stage().user("bea"));
  const session = stage().session(ana);
  if (session === undefined) throw new Error("no session");

  const stored = openStoredChats(stage().addresses.redis, stage().names.client);
  const redis = await stored.dump();
  const record = await stored.of(ana.userId);
  await stored.close();
  const topics = await topicBytes(stage().addresses.brokers, stage().names.topic);
  const bytes = [...topics.values()].join("\n");
  const calls = JSON.stringify(parts.journal.log.read().entries);
  const struck = parts.faults.list().map(({ operation, struck: times }) => [operation, times]);
  expect(struck, "each of the others' errors was answered").toEqual(struck.map(([operation]) => [operation, 1]));

  const inCalls: Planted[] = ["userText", "earlierText", "botText", "caption", "fileAddress"];
  for (const name of inCalls) expect(calls, name).toContain(planted[name]);
  const inTopics: Planted[] = [
    "userText",
    "earlierText",
    "botText",
    "caption",
    "extraData",
    "messageId",
    "badRecord",
    "agentText",
    "botSlug",
    "botId",
    "facebookUser",
    "facebookText",
    "facebookMessageId",
    "facebookFile",
    "facebookReader",
    "facebookEcho",
    "operatorName",
    "operatorUser",
  ];
  for (const name of inTopics) expect(bytes, name).toContain(planted[name]);
  expect(topics.get("dead-letters"), "what can't be read is kept with its bytes").toContain(planted.badRecord);
  for (const own of [ana.userId, ana.email, ana.name]) expect(bytes, "of the user").toContain(own);
  expect(redis, "the context").toContain(planted.earlierText);

  // The settings: what is sent with calls was accepted there, what is checked here was good for a token that it has signed.
  const { clientSecret, orgPassword, securityToken, secretKey } = settingCanaries;
  for (const secret of [clientSecret, `${orgPassword}${securityToken}`]) expect(calls).toContain(secret);
  const accepted = (operation: string): boolean =>
    parts.journal.log
      .read()
      .entries.some((entry) => entry.operation === operation && [200, 201].includes(entry.status ?? 0));
  expect([accepted("messages"), accepted("send-to"), accepted("create Contact")]).toEqual([true, true, true]);
  const [head = "", body = "", signature = ""] = (await stage().token()).split(".");
  expect(createHmac("sha384", secretKey).update(`${head}.${body}`).digest("base64url")).toBe(signature);

  await provePasswordAndStateKey(ana, record, session.key);

  // Session key and route were used at the desk, and stand nowhere in the clear.
  expect(session.posts.length).toBeGreaterThan(2);
  const secrets = [session.key, session.affinityToken, accessToken, ...Object.values(settingCanaries)];
  for (const where of [redis, bytes]) expect(findCanaries(where, secrets)).toEqual([]);

  for (const path of ["/metrics", "/ready", "/live"])
    await keepText("metrics", await (await fetch(`${stage().service.metricsUrl}${path}`)).text());
}, 120_000);

it("no output of any service process of the run holds a canary, in any form", async () => {
  await stage().close();
  const outputs = await keptOutputs(".log");
  const secrets = (await keptOutputs(".secrets")).flatMap(({ bytes }) => bytes.toString().split("\n"));
  const canaries = [
    ...Object.values(settingCanaries),
    ...Object.values(planted),
    accessToken,
    ...secrets.filter((one) => one !== ""),
  ];
  const size = outputs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  console.log(`${String(new Set(canaries).size)} canaries, ${String(outputs.length)} outputs, ${String(size)} bytes`);
  for (const { file, bytes } of outputs) console.log(`  ${file}, ${String(bytes.length)} bytes`);
  const kept = outputs.map(({ file }) => file.replace(/\.log$/, ""));
  const promised = (await keptOutputs(".promised")).map(({ file }) => file.replace(/\.promised$/, ""));
  expect(kept, "every process that was started has left its output").toEqual(expect.arrayContaining(promised));
  const due = (process.env[levelsBeforeVariable] ?? "").split(",").filter(Boolean).flatMap(startersOf);
  const names = kept.map((file) => file.replace(/-[^-]+$/, ""));
  expect(names, "each file that starts a service is heard").toEqual(expect.arrayContaining(["kept-output", ...due]));
  const sightings = outputs.flatMap(({ file, bytes }) =>
    findCanaries(bytes.toString(), canaries).map((sighting) => ({ file, ...sighting })),
  );
  expect(sightings).toEqual([]);
  // Each process has said something: an empty output would hold nothing either.
  for (const { file, bytes } of outputs) expect(bytes.length, file).toBeGreaterThan(0);
});
