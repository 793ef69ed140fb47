// What tests ask and do with a consumer group from outside. Takes dead members out at once: what the broker does by itself when their
// session times out; a test that kills ten times saves ten time-outs. Called by kills.test.ts and redis-loss.test.ts.
import { connect } from "node:net";
import { Kafka, logLevel } from "kafkajs";

const leaveGroup = 13;
const timeoutMs = 5_000;

/** Makes every present member of the group leave. Only for a group all of whose members are dead. */
export async function removeMembers(brokers: string, groupId: string): Promise<number> {
  const admin = new Kafka({ brokers: brokers.split(","), clientId: "undertaker", logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    const members = groups.flatMap((group) => group.members.map(({ memberId }) => memberId));
    for (const memberId of members) await leave(brokers, groupId, memberId);
    return members.length;
  } finally {
    await admin.disconnect();
  }
}

/** Partitions of the inputs, those topics that the group commits, whose last record is not committed. */
export async function uncommitted(brokers: string, groupId: string, prefix: string): Promise<readonly string[]> {
  const admin = new Kafka({ brokers: brokers.split(","), clientId: "auditor", logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = ["agent-events", "chat-requests", "channel-messages"].map((suffix) => `${prefix}.${suffix}`);
    const left: string[] = [];
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics })) {
      const committed = new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        if ((committed.get(partition) ?? 0) < Number(high)) left.push(`${topic}/${String(partition)}`);
    }
    return left;
  } finally {
    await admin.disconnect();
  }
}

/** LeaveGroup v1 (Kafka protocol guide): group id, member id; answered with throttle time and an error code. */
async function leave(brokers: string, groupId: string, memberId: string): Promise<void> {
  const [host = "", port = ""] = brokers.split(":");
  const body = Buffer.concat([
    int16(leaveGroup),
    int16(1),
    int32(1),
    text("undertaker"),
    text(groupId),
    text(memberId),
  ]);
  const answer = await exchange(host, Number(port), Buffer.concat([int32(body.length), body]));
  const code = answer.readInt16BE(4 + 4 + 4);
  // 25: the broker has noticed by itself.
  if (code !== 0 && code !== 25) throw new Error(`LeaveGroup is answered with error ${String(code)}`);
}

function exchange(host: string, port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host, port });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("the broker did not answer")));
    socket.once("error", reject);
    socket.once("connect", () => socket.write(request));
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.destroy();
      resolve(received);
    });
  });
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
