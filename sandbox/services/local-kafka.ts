// Owns how Kafka runs as a local process: one node, KRaft, broker and controller in one. Called by local.ts. The listener with TLS and
// login is in kafka-security.ts.
import { execFile } from "node:child_process";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { obtain, type CacheAccess } from "./artefacts.ts";
import type { ClassArchive } from "./class-archive.ts";
import type { Java } from "./java.ts";
import { scramArguments, type SecureSetup } from "./kafka-security.ts";
import type { LocalProgram } from "./local-service.ts";
import { kafkaAnswers } from "./probes.ts";
import { programEnvironment } from "./program-environment.ts";
import type { RunDirectory } from "./run-directory.ts";

const FORMAT_TIMEOUT_MS = 60_000;
/** Any 16 bytes, base64url: clusters of different runs never meet. */
const CLUSTER_ID = "c2FuZGJveC1jbHVzdGVyMQ";
const LOGGING = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";

/** Ports of one node. */
export interface KafkaPorts {
  readonly plain: number;
  readonly controller: number;
}

/** Folder with the class path of a Kafka version. */
export function obtainKafka(version: string, cache: CacheAccess): Promise<string> {
  return obtain(
    {
      name: `kafka-${version}`,
      title: `Kafka ${version} (54 MB)`,
      pom: "kafka.xml",
      args: ["dependency:copy-dependencies", `-Dkafka.version=${version}`],
    },
    cache,
  );
}

/** One node of a run. */
export interface KafkaNode {
  readonly java: Java;
  /** From `obtainKafka`. */
  readonly folder: string;
  readonly ports: KafkaPorts;
  readonly run: RunDirectory;
  readonly archive: ClassArchive;
  /** Adds the listener with TLS and login. */
  readonly secure: SecureSetup | undefined;
  /** Adds a plain listener each, which gives out the port of its proxy as its own. */
  readonly proxied: readonly { readonly port: number; readonly proxyPort: number }[];
}

/** Kafka on its ports, its data in the run's folder. */
export function kafkaProgram({ java, folder, ports, run, archive, secure, proxied }: KafkaNode): LocalProgram {
  const dataFolder = run.folder("kafka");
  const configuration = join(run.path, "kafka.properties");
  const classPath = join(folder, "*");
  return {
    command: java.path,
    args: [
      "-Xmx512m",
      "-XX:+UseSerialGC",
      "-XX:-UsePerfData",
      ...archive.args,
      `-Djava.io.tmpdir=${run.folder("kafka-tmp")}`,
      LOGGING,
      "-cp",
      classPath,
      "kafka.Kafka",
      configuration,
    ],
    env: programEnvironment(),
    answers: kafkaAnswers(ports.plain),
    dataFolder,
    afterStop: () => archive.keep(),
    async prepare() {
      const properties = withProxied({ ...nodeProperties(ports, dataFolder), ...secure?.properties }, proxied);
      await writeFile(configuration, propertiesText(properties), { mode: 0o600 });
      if (await isFormatted(dataFolder)) return;
      await mkdir(dataFolder, { recursive: true });
      await format(java, classPath, configuration, secure === undefined ? [] : scramArguments(secure.users));
    },
  };
}

/** Text of a Java properties file. */
function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}\n`)
    .join("");
}

/** Settings of a single node that serves quickly; https://kafka.apache.org/documentation/#brokerconfigs. */
function nodeProperties(ports: KafkaPorts, dataFolder: string): Record<string, string> {
  const plain = `PLAINTEXT://127.0.0.1:${String(ports.plain)}`;
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${String(ports.controller)}`,
    listeners: `${plain},CONTROLLER://127.0.0.1:${String(ports.controller)}`,
    "advertised.listeners": plain,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": dataFolder,
    // After a SIGKILL the node is refused by its own controller until its old session is over: with the default of 9 s that is the
    // longest part of a restart.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
  };
}

/** Each name in the list of listeners needs its protocol, once there is a name that is not one. */
function withProxied(
  properties: Readonly<Record<string, string>>,
  proxied: KafkaNode["proxied"],
): Readonly<Record<string, string>> {
  if (proxied.length === 0) return properties;
  const add = (name: string, more: readonly string[]): string => [properties[name], ...more].join(",");
  const map = properties["listener.security.protocol.map"] ?? "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT";
  const names = proxied.map((_, i) => `PROXIED${String(i)}`);
  const at = (ports: readonly number[]): readonly string[] =>
    names.map((name, i) => `${name}://127.0.0.1:${String(ports[i])}`);
  return {
    ...properties,
    listeners: add("listeners", at(proxied.map(({ port }) => port))),
    "advertised.listeners": add("advertised.listeners", at(proxied.map(({ proxyPort }) => proxyPort))),
    "listener.security.protocol.map": [map, ...names.map((name) => `${name}:PLAINTEXT`)].join(","),
  };
}

async function isFormatted(dataFolder: string): Promise<boolean> {
  return stat(join(dataFolder, "meta.properties")).then(
    () => true,
    () => false,
  );
}

function format(java: Java, classPath: string, configuration: string, extra: readonly string[]): Promise<void> {
  const args = [
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    LOGGING,
    "-cp",
    classPath,
    "kafka.tools.StorageTool",
    "format",
    "-t",
    CLUSTER_ID,
    "-c",
    configuration,
    "--ignore-formatted",
    ...extra,
  ];
  return new Promise((resolve, reject) => {
    execFile(
      java.path,
      args,
      { timeout: FORMAT_TIMEOUT_MS, env: programEnvironment(), cwd: dirname(configuration) },
      (error, stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`Kafka's storage could not be formatted:\n${stdout}${stderr}`));
      },
    );
  });
}
