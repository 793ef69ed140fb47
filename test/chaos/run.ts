// One chaos run: users talk over several instances while faults strike; then all is healed, drained, and one instance alone has to serve. What it
// came to is judged by the history checker from what witnesses outside have seen. Called by main.ts and by the short run of npm test.
import { setTimeout as delay } from "node:timers/promises";

import type { JournalEntry } from "../../sandbox/world/journal.ts";
import { isOver } from "../../sandbox/world/live-agent/session.ts";
import { describeHistory, judgeHistory, type HistoryVerdict } from "../support/history/check-history.ts";
import { inOrder, type Entry } from "../support/history/entries.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { Arena, Crash } from "./arena.ts";
import { withCast, type Cast } from "./cast.ts";
import { drain, drainWithinMs, openWork } from "./drain.ts";
import { chatWasEnding, collectEvidence, placeOf } from "./evidence.ts";
import { metric } from "./faults.ts";
import { runNemesis, type StruckFault } from "./nemesis.ts";
import { planFaults, type PlannedFault, type PlanOptions } from "./plan.ts";
import { describeOpen } from "./stuck.ts";
import type { User, Users } from "./users.ts";
import type { Words } from "./words.ts";

/** How long and how much. */
export interface RunOptions {
  readonly seed: number;
  /** Of the faults. */
  readonly lengthMs: number;
  readonly warmUpMs: number;
  readonly users: number;
  readonly thinkMs: readonly [number, number];
  readonly everyMs: PlanOptions["everyMs"];
  readonly longestMs: number;
  /** Instead of one drawn from the seed. */
  readonly plan?: readonly PlannedFault[];
  /** How many kinds of fault must be proven, and how many words flow, for the run to say anything. Default 3 and 1,000. */
  readonly wantedKinds?: number;
  readonly wantedWords?: number;
  /** `import.meta.url` of who asks. */
  readonly file: string;
  readonly say: (line: string) => void;
  /** Ends the run before its time, in order. */
  readonly stopped: AbortSignal;
}

/** What a run came to. */
export interface RunResult {
  readonly seed: number;
  readonly lengthMs: number;
  readonly struck: readonly StruckFault[];
  readonly verdict: HistoryVerdict;
  readonly text: string;
  /** Why it says nothing; empty where it counts. */
  readonly voids: readonly string[];
  /** What is wrong beside the findings of the verdict. */
  readonly failures: readonly string[];
  readonly words: Words;
  readonly chats: number;
  readonly users: Users;
  readonly drainedMs: number | null;
  readonly tailMs: number | null;
  readonly crashes: readonly Crash[];
  readonly poison: { readonly given: number; readonly found: number };
  readonly memory: readonly MemorySlope[];
  /** The whole history. */
  readonly entries: readonly Entry[];
  /** What reached the simulators, held polls left out: for finding out why. */
  readonly calls: readonly JournalEntry[];
}

/** Resident memory of an instance over the run. */
export interface MemorySlope {
  readonly name: string;
  readonly lastMiB: number;
  readonly mibPerHour: number;
}

const instances = 3;
const tailUsers = 20;
const tailWithinMs = 120_000;
const poisonEveryMs = 6_000;
const lettersWithinMs = 30_000;
const sampleEveryMs = 5_000;
const endingsAllowed = 3;
const usualWords = 1_000;
const usualKinds = 3;

/** Runs it to its end. Rejects only where the run itself is broken; leaves nothing behind. */
export function runChaos(options: RunOptions): Promise<RunResult> {
  const manner = { seed: options.seed, thinkMs: options.thinkMs, acts: [8, 24] } as const;
  // Seeds take turns with the two platforms: a service has one of them.
  const bot = options.seed % 2 === 0 ? "Botrunner" : "Studio NG";
  return withCast({ ...options, instances, manner, bot }, (cast) => phases(cast, options));
}

async function phases(cast: Cast, options: RunOptions): Promise<RunResult> {
  const { arena, lab, words, users } = cast;
  const { say, stopped } = options;
  const all = Array.from({ length: options.users }, (_, i) =>
    users.add(`u${String(i)}`, i % 5 < 3 ? "whatsapp" : "facebook"),
  );
  const quiet = new AbortController();
  const lives = users.live(all, AbortSignal.any([quiet.signal, stopped]));
  const poison = startPoison(cast, options.seed + 1, quiet.signal);
  const memory = startMemory(arena);
  try {
    await delay(options.warmUpMs, undefined, { signal: stopped });
    say(`warm: ${String(words.all().filter(({ seenMs }) => seenMs !== null).length)} words seen`);
    const plan = options.plan ?? planFaults({ ...options, instances });
    const inFlight = (): number => openWork(cast);
    const struck = await runNemesis({ arena, users }, { plan, inFlight, say, stopped });
    stopped.throwIfAborted();
    const workAtEnd = openWork(cast);
    arena.note({ kind: "healed" });
    quiet.abort();
    await lives;
    const poisoned = await poison;
    const slopes = memory.stop();
    const drainedMs = await drain(cast, stopped);
    const stuck = drainedMs === null ? await describeOpen(cast) : "";
    say(drainedMs === null ? `not drained: ${stuck}` : `drained after ${seconds(drainedMs)}`);
    const chats = all.reduce((sum, user) => sum + user.chats, 0);
    const tailMs = await tail(cast, all, stopped);
    say(
      tailMs === null
        ? "one instance alone did not serve"
        : `one instance alone served ${String(tailUsers)} new chats in ${seconds(tailMs)}`,
    );
    await Promise.all([lettersCome(cast, poisoned.certain), cast.facts.caughtUp()]);
    const entries = inOrder([...arena.entries, ...(await collectEvidence({ ...cast, struck }))]);
    const verdict = judgeHistory(entries, {
      poison: poisoned.certain,
      reasons: new Set([chatWasEnding, ...(poisoned.unknown > 0 ? ["undecodable"] : [])]),
      drainWithinMs,
    });
    const failures = [
      ...(drainedMs === null ? [`not drained within ${seconds(drainWithinMs)}: ${stuck}`] : []),
      ...(tailMs === null ? [`one instance alone did not serve ${String(tailUsers)} new chats`] : []),
      ...chatsLost(cast),
      ...violations(cast),
      ...endings(arena),
    ];
    return {
      ...{ seed: options.seed, lengthMs: options.lengthMs, struck, verdict, text: describeHistory(verdict) },
      ...{ voids: voidsOf(options, struck, words, workAtEnd), failures, words, chats, users, drainedMs, tailMs },
      ...{ crashes: arena.crashes, memory: slopes, entries },
      calls: arena.stage.world.parts.journal.log.read({
        limit: Number.MAX_SAFE_INTEGER,
        matching: ({ operation }) => operation !== "Messages",
      }).entries,
      poison: {
        given: poisoned.certain.size,
        found: lab.letters().filter(({ reason }) => reason === "undecodable").length,
      },
    };
  } finally {
    quiet.abort();
    memory.stop();
    await lives;
  }
}

interface Poisoned {
  /** Places of records that the broker has. */
  readonly certain: ReadonlySet<string>;
  /** Of those nobody knows. */
  readonly unknown: number;
}

/** Something unreadable on a topic every few seconds. */
async function startPoison({ lab }: Cast, seed: number, stopped: AbortSignal): Promise<Poisoned> {
  const random = seededRandom(seed);
  const certain = new Set<string>();
  let unknown = 0;
  while (!stopped.aborted) {
    await Promise.race([delay(poisonEveryMs, undefined, { ref: false }), aborted(stopped)]);
    const topic = random() < 0.5 ? "channel-messages" : "chat-requests";
    const partition = Math.floor(random() * 12);
    try {
      const offset = await lab.inject({ topic, partition, key: "poison", value: Buffer.from("not avro") });
      certain.add(placeOf(topic, partition, offset));
    } catch {
      // The broker is away; it may have it all the same.
      unknown += 1;
    }
  }
  return { certain, unknown };
}

/** The witness of dead letters is a consumer like any other: it may be behind. What never comes is for the history to tell. */
async function lettersCome({ lab, arena }: Cast, places: ReadonlySet<string>): Promise<void> {
  const untilMs = arena.now() + lettersWithinMs;
  const seen = (): ReadonlySet<string> =>
    new Set(lab.letters().map(({ topic, partition, offset }) => placeOf(topic, partition, offset)));
  while (arena.now() < untilMs && !places.isSubsetOf(seen())) await delay(100);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function startMemory(arena: Arena): { stop(): readonly MemorySlope[] } {
  const samples = new Map<string, { atMs: number; mib: number }[]>();
  const timer = setInterval(() => {
    for (const instance of arena.instances) {
      if (!instance.service.isRunning() || instance.held) continue;
      void metric(instance, "process_resident_memory_bytes").then((bytes) => {
        if (bytes === 0) return;
        const pid = `${instance.name}, process ${String(instance.service.pid())}`;
        samples.set(pid, [...(samples.get(pid) ?? []), { atMs: arena.now(), mib: bytes / 2 ** 20 }]);
      });
    }
  }, sampleEveryMs);
  return {
    stop() {
      clearInterval(timer);
      return [...samples].flatMap(([name, all]) => {
        const [first, last] = [all.at(Math.floor(all.length / 2)), all.at(-1)];
        if (first === undefined || last === undefined || last.atMs - first.atMs < 60_000) return [];
        return [
          { name, lastMiB: last.mib, mibPerHour: ((last.mib - first.mib) / (last.atMs - first.atMs)) * 3_600_000 },
        ];
      });
    },
  };
}

/** One instance alone: the chats that are open go on and end, and new ones do the same. Resolves with the time that it took. */
async function tail(cast: Cast, old: readonly User[], stopped: AbortSignal): Promise<number | null> {
  const { arena, users } = cast;
  const [last, ...rest] = arena.instances.toReversed();
  if (last?.service.isRunning() === true) await arena.kill(last);
  const [alone, ...others] = rest;
  if (alone === undefined) throw new Error("no instances");
  await Promise.all(others.map((one) => arena.kill(one)));
  const startMs = arena.now();
  const deadline = AbortSignal.any([stopped, AbortSignal.timeout(tailWithinMs)]);
  const converse = async (user: User): Promise<boolean> => {
    const before = users.sessionOf(user.person);
    const session = before?.state === "ENGAGED" ? before : await user.connect("http", deadline);
    if (session === null) return false;
    user.says();
    user.hears(session);
    await user.settled(deadline);
    await user.end("agent", session, deadline);
    return !deadline.aborted;
  };
  const fresh = Array.from({ length: tailUsers }, (_, i) =>
    users.add(`t${String(i)}`, i % 2 === 0 ? "whatsapp" : "facebook"),
  );
  const served = await Promise.all([...fresh, ...old].map(converse));
  const tookMs = arena.now() - startMs;
  await drain(cast, stopped);
  return served.every(Boolean) ? tookMs : null;
}

/**
 * A chat may end by those who take part in it, and by a desk that was told to forget it; by nothing else. And at the desk it ends too: an agent
 * who sits before a dead chat is told apart by whether an agent was ever spoken to, and whether the service tried to end it.
 */
function chatsLost({ arena, users }: Cast): readonly string[] {
  const { desk, journal } = arena.stage.world.parts;
  const ends = journal.log.read({
    limit: Number.MAX_SAFE_INTEGER,
    matching: ({ operation }) => operation === "ChatEnd",
  });
  const told = new Set(ends.entries.flatMap(({ session }) => session ?? []));
  return [...desk.byId.values()].flatMap((session) => {
    const { id, state, endedBy, user } = session;
    const alias = users.aliasOf(user);
    if (alias === undefined || users.forgotten.has(id)) return [];
    if (state !== "LOST") return isOver(session) ? [] : [`a session is still open at the desk: ${alias}, ${state}`];
    const how = !users.isGreeted(session)
      ? "a chat that was refused was left at the desk"
      : told.has(id)
        ? "a chat that had ended was left at the desk"
        : "a chat was lost";
    return [`${how}: ${alias}, ${id}, ${endedBy ?? "?"}`];
  });
}

function violations({ arena }: Cast): readonly string[] {
  const found = [...arena.stage.world.parts.desk.byId.values()].flatMap(({ violations: some }) => some);
  // Whether two polls were the service's doing is for the history to say. A chat of which nobody knows whether it was requested can only
  // be ended by trying.
  const counts = Map.groupBy(
    found.filter((one) => !one.startsWith("a second poll") && one !== "ChatEnd before the agent has accepted"),
    (one) => one,
  );
  return [...counts].map(([what, some]) => `against the desk's protocol, ${String(some.length)} times: ${what}`);
}

/** A process may end for its supervisor to start it anew, as `docs/operations.md` has it: with code 1, and seldom. */
function endings({ crashes }: Arena): readonly string[] {
  const strange = crashes.filter(({ code }) => code !== 1).map(({ text }) => text);
  const isMuch = crashes.length > endingsAllowed;
  return [...strange, ...(isMuch ? [`${String(crashes.length)} processes ended by themselves`] : [])];
}

function voidsOf(
  { wantedKinds = usualKinds, wantedWords = usualWords }: RunOptions,
  struck: readonly StruckFault[],
  words: Words,
  workAtEnd: number,
): readonly string[] {
  const proven = new Set(struck.flatMap(({ planned, proof }) => (proof === null ? [] : [planned.kind])));
  const flowed = words.all().filter(({ seenMs }) => seenMs !== null).length;
  const idle = struck.filter(({ inFlight }) => inFlight === 0);
  return [
    ...(proven.size < wantedKinds ? [`only ${String(proven.size)} kinds of fault are proven`] : []),
    ...(flowed < wantedWords ? [`only ${String(flowed)} words flowed`] : []),
    ...idle.map(({ planned, target }) => `nothing was in flight at ${planned.kind} (${target})`),
    ...(workAtEnd === 0 ? ["nothing was in flight when the faults ended"] : []),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
