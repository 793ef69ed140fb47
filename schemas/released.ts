// The schemas of released versions, as they were registered: schemas/released/<version>/<topic suffix>.avsc, one closed document per
// topic. `node schemas/released.ts check` compares today's with all of them; `… add <version>` writes today's as another
// version and touches no other. What was released is never edited: records written with it are still in the topics.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { loadTopicSchemas } from "../src/clients/schema-registry/schemas.ts";
import { topics, type TopicSuffix } from "../src/topology/topics.ts";
import { broken, type SchemaJson } from "./evolution.ts";

/** Read by programs that are not rebuilt with this service: its records must stay readable with every released schema. */
const readByOthers: readonly TopicSuffix[] = ["chat-events", "dead-letters"];

/** Topics whose records of today a released version must be able to read: while a deployment rolls, the newest one reads all. */
export function readByReleased(version: string): readonly TopicSuffix[] {
  return version === releasedVersions().at(-1) ? topics.map(({ suffix }) => suffix) : readByOthers;
}

const folder = fileURLToPath(new URL("released/", import.meta.url));

/** Released versions. */
export function releasedVersions(): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** The schema of a topic's value in a released version; null when it had no such topic. */
export function releasedSchema(version: string, suffix: TopicSuffix): SchemaJson | null {
  const file = `${folder}${version}/${suffix}.avsc`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SchemaJson) : null;
}

function check(): readonly string[] {
  const today = loadTopicSchemas();
  const versions = releasedVersions();
  if (versions.length === 0) return [`there is no released version in ${folder}`];
  return versions.flatMap((version) =>
    topics.flatMap(({ suffix }) => {
      const released = releasedSchema(version, suffix);
      if (released === null) return [];
      const complaints = broken(released, today[suffix], readByReleased(version).includes(suffix));
      return complaints.map((complaint) => `${suffix}, against ${version}: ${complaint}`);
    }),
  );
}

function add(version: string): void {
  const target = `${folder}${version}`;
  if (existsSync(target)) throw new Error(`${version} was released before: what was released is never edited`);
  mkdirSync(target, { recursive: true });
  for (const [suffix, schema] of Object.entries(loadTopicSchemas()))
    writeFileSync(`${target}/${suffix}.avsc`, `${JSON.stringify(schema, null, 2)}\n`);
}

function main([command, version]: readonly string[]): void {
  if (command === "add" && version !== undefined && /^\d+\.\d+\.\d+$/.test(version)) {
    add(version);
    return;
  }
  if (command !== "check") throw new Error("say `check`, or `add <version>` with a version such as 3.1.0");
  const complaints = check();
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  if (complaints.length > 0) process.exitCode = 1;
  else process.stdout.write(`${String(releasedVersions().length)} released\n`);
}

if (import.meta.main) main(process.argv.slice(2));
