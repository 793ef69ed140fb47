// The runtime of one instance: one owner per partition index that the group gives it, commits, and the clean stop. It knows
// no library: everything outside is a port, so that tests run it in memory, unchanged.
import type { Command } from "../processors/interconnection/commands.ts";
import type { AgentEvent } from "../processors/messages/generated.ts";
import { policyOf, type Graph } from "./bridge.ts";
import { checkGraph } from "./check.ts";
import { createPartitionOwner, type OwnerTools, type PartitionOwner } from "./partition-owner.ts";
import type { Offsets } from "./stored.ts";
import { createProgressWatch } from "./progress-watch.ts";
import { createRightToAct } from "./right-to-act.ts";
import { measure, measureLag } from "./measures.ts";
import { createRateLimits, type CallsPerSecond } from "./rate-limits.ts";
import { sleep, untilDone } from "./retry.ts";
import { createSessionGates } from "./session-gates.ts";
import { inputTopics } from "./topics.ts";

/** What the composition gives; the rest of the owners' tools is made here. */
export interface RuntimePorts extends Omit<
  OwnerTools,
  "right" | "limits" | "gates" | "policyOf" | "tell" | "commit" | "heartbeatAgeMs" | "posts" | "brings"
> {
  readonly graph: Graph;
  /** Texts and files a second, by direction. */
  readonly callsPerSecond: CallsPerSecond;
  /** Writes results and events of the lanes and pollers, apart from the turns' producer. */
  readonly effectsProducer: OwnerTools["producer"];
}

/** One running instance. */
export interface Runtime {
  /** Joins the group. Rejects when the first join fails. */
  start(): Promise<void>;
  /** Clean stop within `deadlineMs`: turns, commands in hand, polls, commits, release, leave. */
  stop(deadlineMs: number): Promise<void>;
  /** What this instance waits for, for /ready; empty when it works. */
  missing(): readonly string[];
  /** Owned indexes and what they hold. */
  owned(): readonly Pick<PartitionOwner, "partition" | "running" | "counts" | "waitingFor">[];
  /**
   * Brings the gauges up to date. Resolves within a second also when the broker does not tell how far behind the inputs are: then their
   * lag comes with a later call.
   */
  measure(): Promise<void>;
}

const commitEveryMs = 250;
const lookEveryMs = 1_000;
/** Whoever asks for the gauges gives up after some seconds (Prometheus by default after 10), sooner than questions to the brokers do. */
const lagWaitMs = 1_000;

/** Makes it; throws when the graph is wrong. */
export function createRuntime(ports: RuntimePorts): Runtime {
  const mistakes = checkGraph(ports.graph);
  if (mistakes.length > 0) throw new Error(`the graph in src/topology/bridge.ts is wrong: ${mistakes.join("; ")}`);
  const { consumer, clock, log, metrics } = ports;
  const owners = new Map<number, PartitionOwner>();
  const committed = new Map<string, number>();
  const right = createRightToAct(ports);
  const progress = createProgressWatch(ports);
  const ended = new AbortController();
  let joined = false;
  let measured: ReadonlySet<number> = new Set();
  let lagAsked: Promise<void> | null = null;
  let stopping = false;

  const tools: OwnerTools = {
    ...ports,
    right,
    limits: createRateLimits(ports.callsPerSecond, clock),
    gates: createSessionGates(),
    policyOf: (command) => policyOf(ports.graph, command),
    posts: (command) => "session" in command,
    brings: (command) => bringing.has(command.kind),
    heartbeatAgeMs: () => consumer.heartbeatAgeMs(),
    tell,
    commit: (partition, next) => commit([[partition, next]]),
  };

  async function tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<number> {
    const value = ports.codec.encode("agent-events", event);
    const record = { topic: "agent-events" as const, partition, key: Buffer.from(event.userId), value };
    const [offset] = await untilDone(
      ports,
      signal,
      () => ports.effectsProducer.produce([record]),
      (error, tries) => {
        log.warn(
          { partition, userId: event.userId, chatId: event.chatId, tries, error },
          "the broker did not take an agent event; producing it again",
        );
      },
    );
    if (offset === undefined) throw new Error("the producer told no offset for an agent event");
    return offset;
  }

  async function commit(next: Iterable<readonly [number, Offsets<number>]>): Promise<void> {
    const offsets = [];
    for (const [partition, nexts] of next) {
      for (const topic of inputTopics) {
        const nextOffset = nexts[topic];
        if (nextOffset > 0 && committed.get(`${topic}/${String(partition)}`) !== nextOffset)
          offsets.push({ topic, partition, nextOffset });
      }
    }
    if (offsets.length === 0) return;
    try {
      await consumer.commit(offsets);
      for (const { topic, partition, nextOffset } of offsets)
        committed.set(`${topic}/${String(partition)}`, nextOffset);
    } catch (error) {
      log.warn({ error }, "the broker did not take a commit; the applied offsets in the state store decide");
    }
  }

  async function commitLoop(): Promise<void> {
    while (!ended.signal.aborted) {
      await sleep(clock, commitEveryMs, ended.signal);
      const running = [...owners.values()].flatMap((owner): (readonly [number, Offsets<number>])[] => {
        const next = owner.committable();
        return next === null ? [] : [[owner.partition, next]];
      });
      await commit(running);
    }
  }

  async function watchLoop(): Promise<void> {
    while (!ended.signal.aborted) {
      await sleep(clock, lookEveryMs, ended.signal);
      progress.look(owners.values());
    }
  }

  /**
   * What another may have owned in between is claimed anew. Not even our epoch in the store would show that nobody has: a store that went
   * back in time has forgotten the other's claim, and the changelog, where that stands, would void what we add to it.
   */
  function assigned(partitions: readonly number[], uninterrupted: boolean): void {
    joined = true;
    for (const owner of [...owners.values()]) if (!uninterrupted || !partitions.includes(owner.partition)) drop(owner);
    if (stopping) return;
    for (const partition of partitions) {
      const kept = owners.get(partition);
      if (kept === undefined) {
        for (const topic of inputTopics) committed.delete(`${topic}/${String(partition)}`);
        const owner = createPartitionOwner(partition, tools);
        owners.set(partition, owner);
      }
    }
    metrics.gauge("owned_indexes", owners.size);
    log.info({ owned: [...owners.keys()].sort((a, b) => a - b) }, "the group gave this instance its partition indexes");
    void right.look();
  }

  /** One question at a time: one that is still open is the answer to all who ask meanwhile. */
  async function askForLag(): Promise<void> {
    try {
      await measureLag([...owners.values()], ports);
    } catch (error) {
      log.warn({ error }, "the broker did not tell where the input topics end; the lag stays as it was shown last");
    } finally {
      lagAsked = null;
    }
  }

  function drop(owner: PartitionOwner): void {
    owners.delete(owner.partition);
    owner.lose();
  }

  return {
    async start() {
      await consumer.start({
        assigned,
        revoked() {
          joined = false;
          for (const owner of [...owners.values()]) drop(owner);
        },
        batch(batch) {
          owners.get(batch.partition)?.accept(batch);
        },
        crashed: ports.fatal,
      });
      void commitLoop();
      void watchLoop();
    },
    async stop(deadlineMs) {
      stopping = true;
      const deadline = new AbortController();
      const cancel = clock.after(deadlineMs, () => {
        deadline.abort();
      });
      await Promise.all([...owners.values()].map((owner) => owner.finish(deadline.signal)));
      cancel();
      ended.abort();
      right.stop();
      await consumer.stop();
    },
    missing() {
      const waits = new Set<string>();
      if (!joined) waits.add("consumer group");
      if (progress.standing) waits.add("progress");
      for (const { waitingFor } of owners.values()) if (waitingFor !== null) waits.add(waitingFor);
      return [...waits];
    },
    owned: () => [...owners.values()],
    async measure() {
      measure([...owners.values()], measured, metrics);
      measured = new Set(owners.keys());
      const told = new AbortController();
      lagAsked ??= askForLag();
      void lagAsked.then(() => told.abort());
      await sleep(clock, lagWaitMs, told.signal);
    },
  };
}

/** Commands whose result carries data: after a lost result they are carried out again, looking for what is there. */
const bringing: ReadonlySet<Command["kind"]> = new Set(["EnsureContact", "EnsureCase", "OpenSession", "AttachFile"]);
