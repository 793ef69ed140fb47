// A random schedule over several instances: people write, and instances, store, broker and desk fail, all as the seed says.
// At the end everything is healed, and what must hold is checked. The same seed gives the same run.
import { createSeededRandom } from "../../src/topology/in-memory/clock.ts";
import type { StoreFaults } from "../../src/topology/in-memory/store.ts";
import type { Log, ProducedRecord, Store } from "../../src/topology/ports.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";
import { checkTokens, describeVerdict, token, type Promised, type Seen } from "../support/tokens.ts";

/** What came of one seed. */
export interface ScheduleOutcome {
  /** What was done, in order. */
  readonly trace: readonly string[];
  /** What did not hold; empty when all did. */
  readonly breaches: readonly string[];
}

/** Ways to look on, for finding out why a seed fails. */
export interface Watch {
  readonly log?: (world: GraphWorld) => Log;
  readonly end?: (world: GraphWorld) => void;
}

interface Choice {
  readonly name: string;
  readonly weight: number;
  act(): Promise<void> | void;
}

const steps = 120;
const patience = 600_000;

/** Plays one seed. */
export async function playSeed(seed: number, watch: Watch = {}): Promise<ScheduleOutcome> {
  const random = createSeededRandom(seed);
  const below = (n: number): number => Math.floor(random.next() * n);
  const one = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new Error("nothing to choose from");
    return value;
  };
  const partitions = 1 + below(4);
  const users = Array.from({ length: 2 + below(4) }, (_, i) => `user-${String(i)}`);
  const log: Log = {
    info: (fields, text) => watch.log?.(world).info(fields, text),
    warn: (fields, text) => watch.log?.(world).warn(fields, text),
    error: (fields, text) => watch.log?.(world).error(fields, text),
  };
  const world: GraphWorld = createGraphWorld({
    seed,
    log,
    partitions,
    sessionTimeoutMs: 4_000,
    batchRecords: 1 + below(20),
    callsPerSecond: { desk: 1 + (seed % 20), channel: 1 + (seed % 7) },
  });
  world.start();
  for (const user of users) await world.openChat(user);

  const promised: Promised[] = [];
  const trace: string[] = [];
  let slept = false;
  let files = 0;
  let past: ReturnType<StoreFaults["snapshot"]> | null = null;
  const next = (user: string, direction: "user-to-agent" | "agent-to-user"): string => {
    const text = token(user, direction, promised.length);
    promised.push({ token: text, outcome: "ok" });
    return text;
  };
  const running = (): GraphWorld["instances"] => world.instances.filter(({ dead, held }) => !dead && !held);

  // Each kind of fault is left out of about half of the seeds, so that the others show what they do alone.
  const sometimes = (choice: Choice): readonly Choice[] => (random.next() < 0.5 ? [choice] : []);
  const choices: readonly Choice[] = [
    { name: "user writes", weight: 30, act: async () => userWrites(one(users)) },
    { name: "user sends a file", weight: 4, act: () => userSends(one(users)) },
    { name: "agent writes", weight: 30, act: () => agentWrites(one(users)) },
    { name: "time", weight: 20, act: () => world.advance(below(800)) },
    { name: "start", weight: 4, act: () => startOne() },
    ...sometimes({ name: "crash", weight: 3, act: () => one(running()).crash() }),
    ...sometimes({ name: "stop", weight: 2, act: () => void one(running()).stop(3_000) }),
    ...sometimes({ name: "hold", weight: 3, act: () => sleepOne() }),
    { name: "release", weight: 3, act: () => wakeAll() },
    ...sometimes({ name: "store fails", weight: 6, act: () => storeFails() }),
    ...sometimes({ name: "store away", weight: 2, act: () => storeAway(below(3_000)) }),
    ...sometimes({ name: "store empty", weight: 1, act: () => world.store.faults.flush() }),
    ...sometimes({ name: "store back", weight: 1, act: () => goBack() }),
    ...sometimes({ name: "produce fails", weight: 6, act: () => world.log.failNext(one(produceFaults), isOurs) }),
    ...sometimes({ name: "broker away", weight: 2, act: () => brokerAway(below(3_000)) }),
    ...sometimes({ name: "session moves", weight: 2, act: () => world.chat(one(users)).move() }),
    ...sometimes({ name: "desk fails", weight: 6, act: () => deskFails() }),
    ...sometimes({ name: "channel fails", weight: 6, act: () => world.phone.fail("say", one(channelFaults)) }),
  ];
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);

  for (let step = 0; step < steps; step++) {
    let left = below(total);
    const choice = choices.find(({ weight }) => (left -= weight) < 0);
    if (running().length === 0) startOne();
    trace.push(`${String(world.clock.monotonicMs())} ${choice?.name ?? "nothing"}`);
    await choice?.act();
    await world.clock.settle();
  }
  return { trace, breaches: await healAndCheck() };

  async function userWrites(user: string): Promise<void> {
    const text = next(user, "user-to-agent");
    await world.say(user, text);
  }
  async function userSends(user: string): Promise<void> {
    files += 1;
    await world.sendFile(user, next(user, "user-to-agent"), random.next() < 0.3 ? "slow" : "plain");
  }
  function agentWrites(user: string): void {
    world.chat(user).say(next(user, "agent-to-user"));
  }
  function startOne(): void {
    if (running().length < 3) world.start();
  }
  function sleepOne(): void {
    slept = true;
    one(running()).hold();
  }
  function wakeAll(): void {
    for (const instance of world.instances) instance.release();
  }
  function storeFails(): void {
    const calls: readonly (keyof Store)[] = ["save", "begin", "finish", "load", "claim", "catchUp", "standings"];
    for (let i = below(4); i >= 0; i--) world.store.faults.failNext(random.next() < 0.5, one(calls));
  }
  async function storeAway(ms: number): Promise<void> {
    world.store.faults.away(true);
    await world.advance(ms);
    world.store.faults.away(false);
  }
  function goBack(): void {
    if (past !== null) world.store.faults.goBack(past);
    past = world.store.faults.snapshot();
  }
  async function brokerAway(ms: number): Promise<void> {
    world.log.setDown(true);
    await world.advance(ms);
    world.log.setDown(false);
  }
  function deskFails(): void {
    world.desk.fail(one(["say", "poll", "resync", "reconnect", "attachFile", "findFile"] as const), {
      kind: "retry",
      effect: random.next() < 0.5 ? "none" : "after",
    });
  }

  async function healAndCheck(): Promise<readonly string[]> {
    wakeAll();
    world.start();
    const breaches: string[] = [];
    const until = async (what: string, condition: () => boolean): Promise<void> => {
      if (!(await world.until(condition, patience))) breaches.push(`never: ${what}`);
    };
    await until("all texts delivered", () => undelivered().length === 0);
    await until("all results", () => users.every((user) => world.state(user).pending.length === 0));
    for (const user of users) world.chat(user).end();
    await until("all users handed back", () => users.every(isHandedBack));
    await until("nothing pending", () => users.every((user) => world.state(user).pending.length === 0));
    await world.advance(90_000);
    watch.end?.(world);
    const verdict = checkTokens({ promised, seen: seen() });
    if (!verdict.ok) breaches.push(describeVerdict(verdict));
    for (const user of users) {
      const { status } = world.state(user).interconnection ?? { status: "none" };
      if (status !== "CLOSED") breaches.push(`a chat is ${status}`);
      if (!slept && world.chat(user).pollsAtOnce > 1) breaches.push("two polls at once");
    }
    const atCases = world.desk.files.map(({ reference }) => reference);
    if (atCases.length !== files)
      breaches.push(`${String(atCases.length)} files at the cases, ${String(files)} were sent`);
    if (new Set(atCases).size !== atCases.length) breaches.push("a file is there twice");
    for (const { reason, detail } of world.deadLetters()) breaches.push(`dead letter ${reason}: ${String(detail)}`);
    for (const { id, fatal } of world.instances) if (fatal !== null) breaches.push(`${id}: ${String(fatal.stack)}`);
    return breaches;
  }
  function isHandedBack(user: string): boolean {
    return world.phone.handedBack.some(({ userId }) => userId === user);
  }
  function seen(): readonly Seen[] {
    return users.flatMap((user) => [
      ...world.chat(user).seen.map((text): Seen => ({ witness: "agent", user, text })),
      ...world.shown(user).map((text): Seen => ({ witness: "user", user, text })),
    ]);
  }
  function undelivered(): readonly Promised[] {
    const texts = seen().map(({ text }) => text);
    return promised.filter((each) => !texts.some((text) => text.includes(each.token)));
  }
}

/** Of the service: what people write has been acknowledged to them. */
const isOurs = ([first]: readonly ProducedRecord[]): boolean =>
  first?.topic !== "channel-messages" && first?.topic !== "chat-requests";
const produceFaults = ["ack-lost", "not-stored", "half-stored"] as const;
const channelFaults = ["lost reply", "not done"] as const;
