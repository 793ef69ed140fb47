// The operator's command line, run from the service's own environment: `npm run operator -- --help`. Reads arguments and settings, opens
// what the command needs, and says with its exit code how it ended: 0 done, 1 failed, 64 usage, 78 settings (sysexits.h). Joins no
// group and commits nothing.
import { createClock, createRandom } from "./clients/clock.ts";
import { describeMistakes, loadOperatorSettings, type OperatorSettings } from "./clients/config/settings.ts";
import { deleteRecords } from "./clients/kafka/delete-records.ts";
import { createOffsetQueries } from "./clients/kafka/offset-queries.ts";
import { createKafkaProducer } from "./clients/kafka/producer.ts";
import { createTopicReader } from "./clients/kafka/topic-reader.ts";
import { createLog } from "./clients/log/log.ts";
import { createUserHash } from "./clients/log/user-hash.ts";
import { createMetrics } from "./clients/metrics/metrics.ts";
import { createProxyFor } from "./clients/http/proxy.ts";
import { createRedisConnection, type RedisSettings } from "./clients/redis/connection.ts";
import { createOnlooker } from "./clients/redis/onlooker.ts";
import { createReplies } from "./clients/redis/replies.ts";
import { settleWhereabouts } from "./clients/redis/sentinels.ts";
import { openCodec, openDecoder } from "./clients/schema-registry/open-codec.ts";
import { kafkaConnection } from "./composition-settings.ts";
import { help, readCommandLine, type ChatsCommand } from "./operator/command-line.ts";
import { runChats, type ChatTools } from "./operator/run-chats.ts";
import { runCommand, type OperatorTools } from "./operator/run.ts";
import type { Log } from "./topology/ports.ts";
import { topicName, topics, type TopicSuffix } from "./topology/topics.ts";

const failedCode = 1;
const usageCode = 64;
const settingsCode = 78;
const patienceMs = 10_000;
const lookAgainMs = 1_000;
const redisPatienceMs = 5_000;
/** An outcome comes within milliseconds; a takeover on the way takes seconds. */
const outcomePatienceMs = 30_000;
/** Above what any topic of ours takes: the broker has the last word. */
const maxMessageBytes = 64 * 1024 * 1024;

const out = (text: string): void => void process.stdout.write(text);
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

const clock = createClock();

process.exitCode = await run();

async function run(): Promise<number> {
  const read = readCommandLine(process.argv.slice(2));
  if ("mistake" in read) {
    tell(`${read.mistake}\n`);
    process.stderr.write(help);
    return usageCode;
  }
  const { command } = read;
  if (command.kind === "help") {
    out(help);
    return 0;
  }
  const loaded = loadOperatorSettings(process.env, { redis: command.kind === "chats" });
  if (!("settings" in loaded)) {
    tell(`${describeMistakes(loaded.mistakes)}\nNothing was done.`);
    return settingsCode;
  }
  try {
    return await withTopics(loaded.settings, (tools) =>
      command.kind === "chats" ? withRedis(command, loaded.settings, tools) : runCommand(command, tools),
    );
  } catch (error) {
    tell(`Failed: ${error instanceof Error ? error.message : "unknown error"}`);
    return failedCode;
  }
}

/** Nothing connects before it is used: what is about Redis alone does not need Kafka. */
async function withTopics(
  settings: OperatorSettings,
  carryOut: (tools: OperatorTools) => Promise<number>,
): Promise<number> {
  const log = quietLog(settings);
  const connection = kafkaConnection(settings, `${settings.appName}-operator`);
  const fullName = (suffix: TopicSuffix): string => topicName(settings.kafka.topicPrefix, suffix);
  const suffixes = topics.map(({ suffix }) => suffix);
  const names = suffixes.map(fullName);
  const truncated = (): void => tell("Some dead letters went away by their retention while they were read.");
  const reader = createTopicReader({ connection, topics: names, patienceMs, clock, log, truncated });
  const queries = createOffsetQueries(connection, clock, log);
  const shared = { connection, topicPrefix: settings.kafka.topicPrefix, clock, log };
  const metrics = createMetrics({ processMetrics: false });
  const producer = createKafkaProducer({
    ...shared,
    topics: suffixes,
    maxMessageBytes,
    timeoutMs: patienceMs,
    metrics,
  });
  const { url, user, password } = settings.schemaRegistry;
  const registry = { url, user, password, proxyFor: createProxyFor(settings.proxy) };
  try {
    return await carryOut({
      files: {
        bounds: (topic) => queries.bounds(fullName(topic)),
        read: (topic, partition, range, each) => reader.read({ topic: fullName(topic), partition, ...range }, each),
      },
      codec: openDecoder(registry, clock),
      producer,
      async encodeRequest(request) {
        const { topicPrefix } = settings.kafka;
        const opened = await openCodec({ registry, topicPrefix, autoRegister: false }, clock);
        if (opened.kind === "open") return opened.codec.encode("chat-requests", request);
        throw new Error(opened.kind === "refused" ? opened.mistakes.join(" ") : opened.detail);
      },
      truncateDeadLetters: (partition, before) =>
        deleteRecords(connection, log, { topic: fullName("dead-letters"), partition, before }),
      now: () => clock.now(),
      pause: () => new Promise((resolve) => void clock.after(lookAgainMs, () => resolve())),
      client: settings.client,
      fullName,
      userHash: createUserHash(settings.log.idKey),
      out,
      tell,
    });
  } finally {
    await Promise.all([reader.close(), queries.close(), producer.close()]);
  }
}

async function withRedis(command: ChatsCommand, settings: OperatorSettings, tools: OperatorTools): Promise<number> {
  if (settings.redis === null) throw new Error("the settings of Redis were not read");
  const { redis } = settings;
  const log = quietLog(settings);
  const opened = { log, random: createRandom() };
  const whereabouts = await ofRedis(redis, () => settleWhereabouts(redis));
  if ("mistake" in whereabouts) throw new Error(whereabouts.mistake);
  const connection = createRedisConnection({ ...whereabouts.settings, commandTimeoutMs: patienceMs }, opened);
  const listener = createRedisConnection(whereabouts.settings, opened);
  const space = { client: settings.client, topicPrefix: settings.kafka.topicPrefix };
  const ask: ChatTools["ask"] = async (request) => {
    const key = Buffer.from(request.userId);
    const value = await tools.encodeRequest(request);
    await listener.ready(redisPatienceMs);
    const waiting = await createReplies(connection, listener, { space, clock, log }).waiter(request.requestId);
    try {
      await tools.producer.produce([{ topic: "chat-requests", partition: null, key, value }]);
      return await waiting.wait(outcomePatienceMs);
    } finally {
      waiting.close();
    }
  };
  try {
    return await ofRedis(redis, async () => {
      await connection.ready(redisPatienceMs);
      const onlooker = createOnlooker(connection, space);
      return runChats(command, { ...tools, onlooker, ask, hashIsKept: settings.log.idKey !== null });
    });
  } finally {
    connection.close();
    listener.close();
  }
}

/** Says of a Redis that does not answer which setting names it. */
async function ofRedis<Value>({ address }: RedisSettings, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && error.name === "StoreUnavailable")) throw error;
    const where = address === null ? "REDIS_MASTER" : "REDIS_ADDRESS";
    throw new Error(`Redis (${where}) can't be read: ${error.message}. Chats are read from Redis alone.`, {
      cause: error,
    });
  }
}

function quietLog({ appName, log }: OperatorSettings): Log {
  return createLog({ ...log, level: "error", always: { app: appName }, destination: process.stderr });
}
