// Owns how the schema registry (Apicurio, its Confluent-compatible API) runs as a local process. Called by local.ts.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { obtain, type CacheAccess } from "./artefacts.ts";
import type { ClassArchive } from "./class-archive.ts";
import type { Java } from "./java.ts";
import type { LocalProgram } from "./local-service.ts";
import { registryAnswers } from "./probes.ts";
import { programEnvironment } from "./program-environment.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Path of Apicurio's Confluent-compatible API. */
export const REGISTRY_PATH = "/apis/ccompat/v7";

/** Folder with the unpacked registry. */
export function obtainRegistry(cache: CacheAccess): Promise<string> {
  return obtain(
    {
      name: "apicurio-registry-3.3.3",
      title: "Apicurio Registry 3.3.3 (158 MB)",
      pom: "unpack.xml",
      args: ["dependency:unpack", "-Dartifact=io.apicurio:apicurio-registry-app:3.3.3:tar.gz:all"],
    },
    cache,
  );
}

/** Base URL of the API that clients use. */
export function registryUrl(port: number): string {
  return `http://127.0.0.1:${String(port)}${REGISTRY_PATH}`;
}

/** One registry of a run. */
export interface RegistryNode {
  readonly java: Java;
  /** From `obtainRegistry`. */
  readonly folder: string;
  readonly port: number;
  readonly run: RunDirectory;
  readonly archive: ClassArchive;
}

/**
 * The registry on a port. Its database is a file, written through at each commit, because schema ids must survive a restart; by default
 * it is in memory. Its management port would be 9000 on all interfaces.
 */
export function registryProgram({ java, folder, port, run, archive }: RegistryNode): LocalProgram {
  const dataFolder = run.folder("registry");
  const temporary = run.folder("registry-tmp");
  const properties: Readonly<Record<string, string>> = {
    "java.io.tmpdir": temporary,
    "quarkus.http.host": "127.0.0.1",
    "quarkus.http.port": String(port),
    "quarkus.management.host": "127.0.0.1",
    "quarkus.management.port": "0",
    "quarkus.log.level": "WARN",
    "apicurio.datasource.url": `jdbc:h2:file:${join(dataFolder, "registry")};DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0`,
    "apicurio.datasource.jdbc.initial-size": "2",
    "apicurio.datasource.jdbc.min-size": "2",
  };
  return {
    command: java.path,
    args: [
      "-Xmx512m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-XX:-UsePerfData",
      ...archive.args,
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      "-jar",
      join(folder, "quarkus-run.jar"),
    ],
    env: programEnvironment(),
    answers: registryAnswers(registryUrl(port)),
    dataFolder,
    afterStop: () => archive.keep(),
    async prepare() {
      await mkdir(dataFolder, { recursive: true });
    },
  };
}
