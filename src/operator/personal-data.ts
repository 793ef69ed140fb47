// What the topics hold of one user: found for an export, counted for an erasure. Owns where a user's records are, and that no secret
// of a session goes out. Called by run.ts.
import type { DeadLetter } from "../processors/messages/generated.ts";
import { keyOfUser } from "../topology/changelog.ts";
import { partitionOf } from "../topology/partitioner.ts";
import type { ConsumedRecord } from "../topology/ports.ts";
import { topics, type TopicSuffix } from "../topology/topics.ts";
import type { ReadingTools } from "./dead-letters.ts";

/** A record of the user as it stands in a topic. */
export interface FoundRecord {
  readonly topic: TopicSuffix;
  readonly partition: number;
  readonly record: ConsumedRecord;
  /** Decoded; null without value, undefined when it can't be read. */
  readonly value: unknown;
}

/** Every record of the user that is still in the topics, topic by topic, each in offset order. Rejects when something does not answer. */
export async function recordsOf(userId: string, tools: ReadingTools): Promise<readonly FoundRecord[]> {
  const found: FoundRecord[] = [];
  for (const { suffix } of topics) {
    const bounds = await tools.files.bounds(suffix);
    // Dead letters are where their original was read; everything else is on the partition of its key.
    const partitions = suffix === "dead-letters" ? [...bounds.keys()] : [partitionOf(Buffer.from(userId), bounds.size)];
    for (const partition of partitions) {
      const { start, end } = bounds.get(partition) ?? { start: 0, end: 0 };
      await tools.files.read(suffix, partition, { from: start, to: end }, async (records) => {
        for (const record of records) {
          const one = await ofUser(userId, { topic: suffix, partition, record }, tools);
          if (one !== null) found.push(one);
        }
      });
    }
  }
  return found;
}

async function ofUser(
  userId: string,
  at: Omit<FoundRecord, "value">,
  tools: ReadingTools,
): Promise<FoundRecord | null> {
  const { key, value: bytes } = at.record;
  const own = at.topic === "interconnections" ? keyOfUser(tools.client, userId) : Buffer.from(userId);
  const isKey = key?.equals(own) === true;
  if (!isKey && at.topic !== "dead-letters") return null;
  if (bytes === null) return isKey && at.topic !== "dead-letters" ? { ...at, value: null } : null;
  const decoded = await tools.codec.decode(at.topic, bytes);
  if (decoded.kind === "unavailable") throw new Error(`the schema registry did not answer: ${decoded.detail}`);
  const value = decoded.kind === "value" ? decoded.value : undefined;
  const client = (value as { readonly client?: unknown } | undefined)?.client;
  if (client !== undefined && client !== tools.client) return null;
  if (at.topic === "dead-letters" && !isLetterOf(userId, value, isKey)) return null;
  return { ...at, value };
}

function isLetterOf(userId: string, value: unknown, isKey: boolean): boolean {
  const letter = value as DeadLetter | undefined;
  if (letter === undefined) return isKey;
  return (letter.userId ?? letter.key?.toString()) === userId;
}

/** One line of JSON. Keys of a session at the desk are left out: they would let one speak in the chat. */
export function exportLine({ topic, partition, record, value }: FoundRecord): string {
  const { offset, timestamp } = record;
  const time = new Date(timestamp).toISOString();
  const unread =
    value === undefined ? { unreadable: record.value?.toString("base64") } : { value: withoutSecrets(value) };
  return `${JSON.stringify({ topic, partition, offset, time, ...unread })}\n`;
}

const secretNames = new Set(["sessionKey", "affinityToken", "route"]);

function withoutSecrets(value: unknown): unknown {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const isSession = "key" in value && "route" in value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !secretNames.has(name) && !(isSession && name === "key"))
      .map(([name, inner]) => [
        name,
        name === "state" && typeof inner === "string" ? stateOf(inner) : withoutSecrets(inner),
      ]),
  );
}

/** The state on the changelog is JSON in a text. */
function stateOf(json: string): unknown {
  try {
    return withoutSecrets(JSON.parse(json));
  } catch (error) {
    if (error instanceof SyntaxError) return "not readable";
    throw error;
  }
}
