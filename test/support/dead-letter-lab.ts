// Puts records on a service's topics that no honest writer would, and reads its dead letters: own Kafka client and registry client, none
// of the service's code. Runs the operator's command line as the process that it is. Called by
// test/integration/dead-letters.test.ts and poison.test.ts.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, Partitioners, type CompressionTypes, type IHeaders } from "kafkajs";

import { programEnvironment } from "../../sandbox/services/program-environment.ts";
import { keepText } from "./outputs.ts";
import type { OwnNames, ServiceAddresses } from "./services.ts";

/** A record as it is put on a topic. */
export interface Injected {
  readonly topic: "chat-requests" | "channel-messages" | "agent-events";
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
  /** KafkaJS must have its codec. */
  readonly compression?: CompressionTypes;
}

/** A dead letter as it was decoded. */
export interface ReadLetter {
  /** `partition/offset`. */
  readonly place: string;
  readonly recordKey: Buffer | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly holds: string;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
  readonly reason: string;
  readonly detail: string | null;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly userId: string | null;
  readonly chatId: string | null;
  readonly requestId: string | null;
}

/** The bench. */
export interface DeadLetterLab {
  /** Partition of a user. */
  partitionOf(userId: string): Promise<number>;
  /** Puts a record on its topic; resolves with its offset. */
  inject(record: Injected): Promise<number>;
  /** A value in the wire format with the newest schema of the topic. */
  encode(topic: Injected["topic"], value: unknown): Promise<Buffer>;
  /** The same by another writer's schema: one field more, registered under a subject of its own. */
  encodeAsAnother(topic: Injected["topic"], value: object): Promise<Buffer>;
  /** Dead letters so far, in the order in which they were read; each once, as the topic has them at least once. */
  letters(): readonly ReadLetter[];
  /** How many there are with repeats. */
  count(): number;
  /** Groups that the broker knows. */
  groups(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens it; the topics must exist. */
export async function openDeadLetterLab(addresses: ServiceAddresses, names: OwnNames): Promise<DeadLetterLab> {
  const kafka = new Kafka({ brokers: addresses.brokers.split(","), clientId: "lab", logLevel: logLevel.NOTHING });
  const registry = new SchemaRegistry({ host: addresses.registryUrl });
  const fullName = (topic: string): string => `${names.topic}.${topic}`;
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const consumer = kafka.consumer({ groupId: `lab-${names.topic}`, maxWaitTimeInMs: 100 });
  const admin = kafka.admin();
  const found: ReadLetter[] = [];
  await Promise.all([producer.connect(), consumer.connect(), admin.connect()]);
  await consumer.subscribe({ topic: fullName("dead-letters"), fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      if (message.value === null) return; // a mark of a replay
      const letter = (await registry.decode(message.value)) as Omit<ReadLetter, "place" | "recordKey">;
      found.push({ ...letter, place: `${String(partition)}/${message.offset}`, recordKey: message.key });
    },
  });
  const schemaText = async (topic: string): Promise<string> => {
    const response = await fetch(`${addresses.registryUrl}/subjects/${fullName(topic)}-value/versions/latest`);
    return ((await response.json()) as { readonly schema: string }).schema;
  };

  return {
    async partitionOf(userId) {
      const { topics } = await admin.fetchTopicMetadata({ topics: [fullName("channel-messages")] });
      const { partitions = [] } = topics[0] ?? {};
      const choose = Partitioners.DefaultPartitioner();
      return choose({ topic: "any", partitionMetadata: partitions, message: { key: userId, value: null } });
    },
    async inject({ topic, partition, key, value, headers, compression }) {
      const message = { partition, key, value, ...(headers === undefined ? {} : { headers }) };
      const how = compression === undefined ? {} : { compression };
      const [answer] = await producer.send({ topic: fullName(topic), messages: [message], ...how });
      return Number(answer?.baseOffset ?? -1);
    },
    async encode(topic, value) {
      return registry.encode(await registry.getLatestSchemaId(`${fullName(topic)}-value`), value);
    },
    async encodeAsAnother(topic, value) {
      const schema = JSON.parse(await schemaText(topic)) as { readonly fields: readonly object[] };
      const campaign = { name: "campaign", type: ["null", "string"], default: null, doc: "Of the writer's own." };
      const body = JSON.stringify({ schema: JSON.stringify({ ...schema, fields: [...schema.fields, campaign] }) });
      const response = await fetch(`${addresses.registryUrl}/subjects/${names.topic}.of-another/versions`, {
        method: "POST",
        headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
        body,
      });
      const { id } = (await response.json()) as { readonly id: number };
      return registry.encode(id, { ...value, campaign: "autumn" });
    },
    letters: () => [...new Map(found.toReversed().map((one) => [contentOf(one), one])).values()].toReversed(),
    count: () => found.length,
    async groups() {
      return (await admin.listGroups()).groups.map(({ groupId }) => groupId);
    },
    async close() {
      await Promise.all([producer.disconnect(), consumer.disconnect(), admin.disconnect()]);
    },
  };
}

/** The same for a repeat, which has another place alone. */
function contentOf({ place: _place, ...content }: ReadLetter): string {
  return JSON.stringify(content);
}

/** A way to the registry that can be closed. */
export interface RegistryDoor {
  readonly url: string;
  /** While closed it answers 503, as a proxy in front of a registry that is away. */
  open: boolean;
  close(): Promise<void>;
}

/** Stands in front of a registry. */
export async function openRegistryDoor(registryUrl: string): Promise<RegistryDoor> {
  const state = { open: true };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const method = request.method ?? "GET";
      const pass = async (): Promise<void> => {
        const body = parts.length === 0 ? {} : { body: Buffer.concat(parts) };
        const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
        const answer = await fetch(`${registryUrl}${request.url ?? ""}`, { method, headers, ...body });
        response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
      };
      if (!state.open) response.writeHead(503).end("away");
      else pass().catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    get open() {
      return state.open;
    },
    set open(open) {
      state.open = open;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

/** How a run of the operator's command line ended. */
export interface OperatorRun {
  readonly code: number;
  readonly out: string;
  readonly told: string;
}

/** Runs it with exactly this environment, settings by their name without prefix. */
export function runOperator(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<OperatorRun> {
  const named = Object.entries(settings).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value]);
  const env = { ...programEnvironment(), ...(Object.fromEntries(named) as Record<string, string>) };
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  return new Promise<OperatorRun>((resolve) => {
    execFile(process.execPath, ["src/operator.ts", ...args], { env, cwd, timeout: 60_000 }, (error, out, told) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, out, told });
    });
  }).then(async (run: OperatorRun) => {
    // What `show` prints is there to be read; what a list or a refusal says is not to hold any of it.
    const said = args.includes("list") ? `${run.told}${run.out}` : run.told;
    if (said !== "") await keepText("operator", said);
    return run;
  });
}
