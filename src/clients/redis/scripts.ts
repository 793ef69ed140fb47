// The Lua scripts beside this file: reads them, and runs one whether or not the server knows it. What they do is said in them.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Redis } from "ioredis";

import { asStoreUnavailable } from "./failure.ts";

/** Parts of each script, in the order in which they are put together. */
const parts = {
  claim: ["claim"],
  save: ["write", "save"],
  catchUp: ["write", "catch-up"],
  begin: ["begin"],
  finish: ["finish"],
  release: ["release"],
  replies: ["replies"],
} as const;

type ScriptName = keyof typeof parts;
/** Sources by name. */
export type ScriptSources = Readonly<Record<ScriptName, string>>;

/** Reads all scripts from the folder beside this file. Throws when one is not there. */
export function loadScripts(): ScriptSources {
  const source = (name: ScriptName): string =>
    parts[name].map((part) => readFileSync(new URL(`scripts/${part}.lua`, import.meta.url), "utf8")).join("\n");
  return {
    claim: source("claim"),
    save: source("save"),
    catchUp: source("catchUp"),
    begin: source("begin"),
    finish: source("finish"),
    release: source("release"),
    replies: source("replies"),
  };
}

/** Runs a script. Rejects with StoreUnavailable; every script is safe to run again. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
) => Promise<unknown>;

/**
 * A runner on one connection; bulk strings come back as Buffers. A server that does not know a script (first use, restart,
 * SCRIPT FLUSH, failover) says so without having done anything, and gets its text: no preparation that a reconnect could miss.
 */
export function createScriptRunner(redis: Redis, sources: ScriptSources): RunScript {
  const gather = gatherWrites(redis);
  const hashes = new Map(Object.entries(sources).map(([name, text]) => [name, sha1(text)]));
  return async (name, keys, args) => {
    const rest = [keys.length, ...keys, ...args];
    gather();
    try {
      return await redis.callBuffer("EVALSHA", [hashes.get(name) ?? "", ...rest]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw asStoreUnavailable(error);
    }
    try {
      return await redis.callBuffer("EVAL", [sources[name], ...rest]);
    } catch (error) {
      throw asStoreUnavailable(error);
    }
  };
}

/**
 * What is written in one pass of the event loop goes out in one write: saves of several indexes, marks of several lanes. A write of
 * its own for each was the largest single cost of a message.
 */
function gatherWrites(redis: Redis): () => void {
  let corked: Redis["stream"] | null = null;
  return () => {
    const { stream } = redis;
    if (stream === corked || redis.status !== "ready") return;
    corked = stream;
    stream.cork();
    setImmediate(() => {
      if (corked === stream) corked = null;
      stream.uncork();
    });
  };
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
