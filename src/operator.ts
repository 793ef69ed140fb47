// The operator's command line, run from the service's own environment: `npm run operator -- --help`. Reads arguments and settings, opens
// what the command needs, and says with its exit code how it ended: 0 done, 1 failed, 64 usage, 78 settings (sysexits.h). Joins no
// group and commits nothing.
import { createClock } from "./clients/clock.ts";
import { describeMistakes, loadOperatorSettings, type OperatorSettings } from "./clients/config/settings.ts";
import { deleteRecords } from "./clients/kafka/delete-records.ts";
import { createOffsetQueries } from "./clients/kafka/offset-queries.ts";
import { createKafkaProducer } from "./clients/kafka/producer.ts";
import { createTopicReader } from "./clients/kafka/topic-reader.ts";
import { createLog } from "./clients/log/log.ts";
import { createUserHash } from "./clients/log/user-hash.ts";
import { createMetrics } from "./clients/metrics/metrics.ts";
import { createProxyFor } from "./clients/http/proxy.ts";
import { openCodec, openDecoder } from "./clients/schema-registry/open-codec.ts";
import { kafkaConnection } from "./composition-settings.ts";
import { help, readCommandLine, type Command } from "./operator/command-line.ts";
import { runCommand } from "./operator/run.ts";
import { topicName, topics, type TopicSuffix } from "./topology/topics.ts";

const failedCode = 1;
const usageCode = 64;
const settingsCode = 78;
const patienceMs = 10_000;
const lookAgainMs = 1_000;
/** Above what any topic of ours takes: the broker has the last word. */
const maxMessageBytes = 64 * 1024 * 1024;

const out = (text: string): void => void process.stdout.write(text);
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

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
  const loaded = loadOperatorSettings(process.env);
  if (!("settings" in loaded)) {
    tell(`${describeMistakes(loaded.mistakes)}\nNothing was done.`);
    return settingsCode;
  }
  try {
    return await withTopics(command, loaded.settings);
  } catch (error) {
    tell(`Failed: ${error instanceof Error ? error.message : "unknown error"}`);
    return failedCode;
  }
}

async function withTopics(command: Exclude<Command, { kind: "help" }>, settings: OperatorSettings): Promise<number> {
  const clock = createClock();
  const log = createLog({ level: "error", always: { app: settings.appName }, destination: process.stderr });
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
    return await runCommand(command, {
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
