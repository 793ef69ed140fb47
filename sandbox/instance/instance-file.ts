// Owns the note that says which sandbox runs for this copy of the repository, and where: one at a time, recognised by process and start
// time. Called by main.ts; a second start and `--play` read it. Stops nothing: what a killed one left is run-directory.ts's.
import { createHash } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isSameProcess, startedAt, type NotedProcess } from "../process-identity.mjs";

/** Where a running sandbox is to be found: base URLs without a slash at the end, `host:port` for the rest. */
export interface InstanceAddresses {
  /** The sandbox's page, for a browser. */
  readonly page: string;
  readonly service: string;
  /** Of the service: /live, /ready, /metrics. */
  readonly metrics: string;
  /** Of the world. */
  readonly control: string;
  readonly salesforce: string;
  readonly integrations: string;
  readonly botrunner: string;
  readonly registry: string;
  readonly brokers: string;
  readonly redis: string;
  /** File with the service's own output. */
  readonly serviceLog: string;
}

/** A sandbox as noted down. */
export interface Instance {
  readonly owner: NotedProcess;
  /** Undefined while it starts. */
  readonly addresses: InstanceAddresses | undefined;
}

/** Our own entry. */
export interface Claim {
  /** Says where to find us. */
  publish(addresses: InstanceAddresses): void;
  /** Takes the entry away. Repeat-safe. */
  release(): void;
}

const ADDRESS_NAMES = [
  "page",
  "service",
  "metrics",
  "control",
  "salesforce",
  "integrations",
  "botrunner",
  "registry",
  "brokers",
  "redis",
  "serviceLog",
] as const satisfies readonly (keyof InstanceAddresses)[];

/** File of the instance of one copy of the repository: copies do not get in each other's way. */
export function instanceFile(folder: string, root: string): string {
  return join(folder, `sandbox-${createHash("sha256").update(root).digest("hex").slice(0, 12)}.json`);
}

/** The sandbox that runs or starts now; undefined when there is none, or the noted one is dead. */
export function runningInstance(file: string): Instance | undefined {
  const noted = readInstance(file);
  return noted !== undefined && isSameProcess(noted.owner) ? noted : undefined;
}

/** Enters this process as the sandbox, or tells who is. What a dead one wrote is replaced; two may try at once. */
export function claimInstance(file: string): { readonly claim: Claim } | { readonly running: Instance } {
  const started = startedAt(process.pid);
  if (started === undefined) throw new Error("this process cannot find its own start time");
  const owner: NotedProcess = { pid: process.pid, startedAt: started };
  const mine = `${file}.${String(process.pid)}`;
  for (;;) {
    writeFileSync(mine, JSON.stringify({ owner }), { mode: 0o600 });
    if (link(mine, file)) {
      rmSync(mine, { force: true });
      return { claim: claimOf(file, mine, owner) };
    }
    rmSync(mine, { force: true });
    const running = runningInstance(file);
    if (running !== undefined) return { running };
    setAside(file);
  }
}

function claimOf(file: string, temporary: string, owner: NotedProcess): Claim {
  return {
    publish(addresses) {
      writeFileSync(temporary, JSON.stringify({ owner, addresses }), { mode: 0o600 });
      renameSync(temporary, file);
    },
    release() {
      const noted = readInstance(file);
      if (noted?.owner.pid === owner.pid && noted.owner.startedAt === owner.startedAt) rmSync(file, { force: true });
    },
  };
}

/** Removes a dead entry; puts back one that somebody entered since we looked. */
function setAside(file: string): void {
  const aside = `${file}.dead.${String(process.pid)}`;
  if (!unlessGone(() => renameSync(file, aside))) return;
  if (runningInstance(aside) !== undefined) link(aside, file);
  rmSync(aside, { force: true });
}

function readInstance(file: string): Instance | undefined {
  let text = "";
  if (!unlessGone(() => void (text = readFileSync(file, "utf8")))) return undefined;
  return parseInstance(text);
}

/** The instance in a file's text; undefined when it is not one. */
function parseInstance(text: string): Instance | undefined {
  const value = asRecord(JSON.parse(text));
  const owner = asRecord(value?.["owner"]);
  const pid = owner?.["pid"];
  const started = owner?.["startedAt"];
  if (typeof pid !== "number" || typeof started !== "string") return undefined;
  return { owner: { pid, startedAt: started }, addresses: parseAddresses(asRecord(value?.["addresses"])) };
}

function parseAddresses(value: Readonly<Record<string, unknown>> | undefined): InstanceAddresses | undefined {
  if (value === undefined) return undefined;
  const text = (name: keyof InstanceAddresses): string => {
    const found = value[name];
    if (typeof found !== "string") throw new Error(`the note of the running sandbox has no ${name}`);
    return found;
  };
  return Object.fromEntries(ADDRESS_NAMES.map((name) => [name, text(name)])) as unknown as InstanceAddresses;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** False when the file is not there. */
function unlessGone(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
