// What the Go service would have done before it was stopped, by the parity sheet (sections 3.7, 4, 5, 6): chats opened at the desk without
// numbers, its records and sets in Redis byte for byte, its topic with what its group has consumed and what not. None of our code.
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { DEFAULT_ORG } from "../../sandbox/world/defaults.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { objectNamed } from "../../sandbox/world/salesforce/objects.ts";
import { eventually } from "./eventually.ts";
import type { Stage } from "./stage.ts";

/** A record as it stands in Redis, keys in the order of the Go struct. */
export interface OriginalRecord {
  readonly client: string;
  readonly userID: string;
  readonly sessionID: string;
  readonly sessionKey: string;
  readonly affinityToken: string;
  readonly status: string;
  readonly timestamp: string;
  readonly provider: string;
  readonly botSlug: string;
  readonly botID: string;
  readonly name: string;
  readonly email: string;
  readonly phoneNumber: string;
  readonly caseID: string;
  readonly extraData: Readonly<Record<string, unknown>> | null;
}

/** A stopped Go service on a stage. */
export interface OriginalService {
  /** A chat that it has opened, polled and stored. */
  chat(person: Person, status: "ON_HOLD" | "ACTIVE", openedAgoMs?: number): Promise<OriginalRecord>;
  /** Stores a record as it would. */
  store(record: OriginalRecord): Promise<void>;
  /** What this service has left under a key of a user that the Go service does not know. */
  put(person: Person, kind: "connecting", json: string): Promise<void>;
  /** The record of a user as its struct reads it: a key that it does not know is gone. Null when there is none. */
  restored(person: Person): Promise<OriginalRecord | null>;
  /** One entry of the context set. */
  remember(
    person: Person,
    said: { readonly text: string; readonly from: "user" | "bot"; readonly agoMs: number },
  ): Promise<void>;
  /** Members of the context set. */
  remembered(person: Person): Promise<readonly { readonly text?: string; readonly from: string }[]>;
  /** Polls once as after its restart, or behind the last event; gives the status and where it got. */
  poll(record: OriginalRecord, ack?: number): Promise<{ readonly status: number; readonly sequence: number }>;
  /** Says something to the agent; gives the status. */
  say(record: OriginalRecord, text: string): Promise<number>;
  /** A message on its topic; `consumed` ones are committed by its group. */
  queue(messages: readonly QueuedMessage[], consumed: boolean): Promise<void>;
  close(): Promise<void>;
}

/** A message on its topic, as it is or as raw text. */
export type QueuedMessage =
  { readonly to: "user" | "agent"; readonly record: OriginalRecord; readonly text: string } | { readonly raw: string };

const dayMs = 86_400_000;
const [, playButton = ""] = DEFAULT_ORG.buttons;

/** Of the stage's names, on the run's services. */
export function createOriginalService(stage: Stage): OriginalService {
  const { addresses, names, world } = stage;
  const { desk } = world.parts;
  const redis = new Redis(`redis://${addresses.redis}`, { protocol: 2, lazyConnect: true });
  const chatUrl = `${world.salesforceUrl}/chat/rest`;
  const keyOf = (userId: string, ending: string): string => `${names.client}:${userId}:${ending}`;

  const headers = (session: { readonly key?: string; readonly affinity: string }): Record<string, string> => ({
    "X-LIVEAGENT-API-VERSION": "52",
    "X-LIVEAGENT-AFFINITY": session.affinity,
    ...(session.key === undefined ? {} : { "X-LIVEAGENT-SESSION-KEY": session.key }),
  });
  const ofRecord = ({ sessionKey, affinityToken }: OriginalRecord): Record<string, string> =>
    headers({ key: sessionKey, affinity: affinityToken });
  const post = (noun: string, record: Record<string, string>, body: unknown): Promise<Response> =>
    fetch(`${chatUrl}/Chasitor/${noun}`, { method: "POST", headers: record, body: JSON.stringify(body) });

  const original: OriginalService = {
    async chat(person, status, openedAgoMs = 60_000) {
      const { records } = desk;
      const context = { autoAssign: false };
      const [contactType, caseType] = [objectNamed("Contact"), objectNamed("Case")];
      if (contactType === undefined || caseType === undefined) throw new Error("the org lacks its objects");
      const contact = records.create(contactType, { LastName: person.name, Email: person.email }, context);
      const ofCase = {
        ContactId: contact.Id,
        Subject: "Ayuda",
        Origin: person.channel,
        Status: "Nuevo",
        Priority: "Medium",
      };
      const { Id: caseId } = records.create(caseType, ofCase, context);
      const opened = await fetch(`${chatUrl}/System/SessionId`, { headers: headers({ affinity: "null" }) });
      const { id, key, affinityToken } = (await opened.json()) as Record<"id" | "key" | "affinityToken", string>;
      const session = headers({ key, affinity: affinityToken });
      const init = await post("ChasitorInit", session, chasitorInit(id, person, { caseId, contactId: contact.Id }));
      if (init.status !== 200) throw new Error(`ChasitorInit: ${String(init.status)} ${await init.text()}`);
      const mine = await eventually("the chat is queued", () => stage.session(person));
      if (status === "ACTIVE") {
        const agent = desk.agents.get(PLAY_AGENT_ID);
        if (agent === undefined) throw new Error("no such agent");
        acceptChat(desk, mine, agent);
      }
      // What it had read when it was stopped.
      await fetch(`${chatUrl}/System/Messages?ack=-1`, { headers: session });
      const record: OriginalRecord = {
        ...{ client: names.client, userID: person.userId, sessionID: id, sessionKey: key, affinityToken, status },
        timestamp: goTime(Date.now() - openedAgoMs),
        ...{ provider: person.channel, botSlug: "bot-slug", botID: "5215500000000" },
        ...{ name: person.name, email: person.email, phoneNumber: person.phoneNumber, caseID: caseId },
        extraData: { order: 17, nested: { a: [1] }, html: "<&>" },
      };
      await original.store(record);
      return record;
    },
    async store(record) {
      await redis.set(keyOf(record.userID, "interconnection"), goJson(record), "PX", dayMs);
    },
    async put({ userId }, kind, json) {
      await redis.set(keyOf(userId, kind), json);
    },
    async restored({ userId }) {
      const json = await redis.get(keyOf(userId, "interconnection"));
      if (json === null) return null;
      const { client, userID, sessionID, sessionKey, affinityToken, status, ...rest } = JSON.parse(
        json,
      ) as OriginalRecord;
      const { timestamp, provider, botSlug, botID, name, email, phoneNumber, caseID, extraData } = rest;
      if (Number.isNaN(Date.parse(timestamp))) throw new Error("Go can't parse the timestamp, and with it the record");
      return {
        ...{ client, userID, sessionID, sessionKey, affinityToken, status, timestamp, provider, botSlug, botID },
        ...{ name, email, phoneNumber, caseID, extraData },
      };
    },
    async remember({ userId }, { text, from, agoMs }) {
      const at = Date.now() - agoMs;
      const member = { userId, client: names.client, timestamp: at, text, from, ttl: goTime(at + dayMs) };
      await redis.sadd(keyOf(userId, "context"), goJson(member));
    },
    async remembered({ userId }) {
      const members = await redis.smembers(keyOf(userId, "context"));
      return members.map((member) => JSON.parse(member) as { readonly text?: string; readonly from: string });
    },
    async poll(record, ack = 0) {
      const response = await fetch(`${chatUrl}/System/Messages?ack=${String(ack)}`, { headers: ofRecord(record) });
      const { status } = response;
      if (status !== 200) return { status, sequence: ack };
      return { status, sequence: ((await response.json()) as { readonly sequence: number }).sequence };
    },
    async say(record, text) {
      return (await post("ChatMessage", ofRecord(record), { text })).status;
    },
    async queue(messages, consumed) {
      const kafka = new Kafka({
        brokers: addresses.brokers.split(","),
        clientId: "go-service",
        logLevel: logLevel.NOTHING,
      });
      const producer = kafka.producer();
      await producer.connect();
      const values = messages.map((message, i) =>
        "raw" in message ? message.raw : envelope(message, i, names.client),
      );
      await producer.send({ topic: names.topic, messages: values.map((value) => ({ key: "0", value })) });
      await producer.disconnect();
      if (!consumed) return;
      const groupId = `${names.appName}-${names.topic}`;
      const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
      const state = { seen: 0 };
      await consumer.connect();
      await consumer.subscribe({ topic: names.topic, fromBeginning: true });
      await consumer.run({ eachMessage: async () => void (state.seen += 1) });
      await eventually("its group has consumed them", () => state.seen >= messages.length);
      await consumer.stop();
      await consumer.disconnect();
    },
    async close() {
      redis.disconnect();
      await Promise.resolve();
    },
  };
  return original;
}

function chasitorInit(
  sessionId: string,
  { name }: Person,
  { caseId, contactId }: { readonly caseId: string; readonly contactId: string },
): unknown {
  const pairs = [
    ["Case", "CaseId", caseId],
    ["Contact", "ContactId", contactId],
  ] as const;
  return {
    ...{ organizationId: DEFAULT_ORG.organizationId, deploymentId: DEFAULT_ORG.deploymentId, buttonId: playButton },
    ...{ sessionId, userAgent: "Yalo Bot", language: "es-MX", screenResolution: "1900x1080", visitorName: name },
    prechatDetails: pairs.map(([, label, value]) => ({
      ...{ label, value, displayToAgent: true, transcriptFields: [label] },
    })),
    prechatEntities: pairs.map(([entity, label]) => ({
      ...{ entityName: entity, linkToEntityName: entity, linkToEntityField: "Id", saveToTranscript: entity },
      showOnCreate: true,
      entityFieldsMaps: [{ fieldName: "Id", label, doFind: true, isExactMatch: true, doCreate: false }],
    })),
    ...{ receiveQueueUpdates: true, isPost: true },
  };
}

function envelope({ to, record, text }: Extract<QueuedMessage, { to: string }>, i: number, client: string): string {
  const { userID, sessionKey, affinityToken, provider } = record;
  return goJson({
    id: `${"x".repeat(35)}${String(i)}`,
    event_type: to === "user" ? "send_message_to_user" : "send_message_to_salesforce",
    params: { message: { id: "", text, imageUrl: "", userID, sessionKey, affinityToken, provider }, client },
    trace_id: "7411122345501234567",
  });
}

/** As encoding/json writes it: HTML's characters escaped. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}

/** RFC 3339 with nanoseconds and the offset of the pod's zone. */
function goTime(atMs: number): string {
  return `${new Date(atMs - 6 * 3_600_000).toISOString().slice(0, -1)}456789-06:00`;
}
