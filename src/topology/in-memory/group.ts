// Consumer groups of the in-memory broker: members, generations, commits, batches. Owns what a member sees; what is stored is log.ts. As
// with Kafka, a commit is accepted for partitions already lost, a killed member is missed only after its session, and a member that
// slept through that learns of its loss when it wakes.
import { assignIndexes } from "../assigner.ts";
import type { ConsumedBatch, Consumer, ConsumerListener } from "../ports.ts";
import { inputTopics, type InputTopic } from "../topics.ts";
import { recordsFrom, type BrokerSide } from "./partition-log.ts";

/** A member of a group, with what only tests may do to it. */
export interface InMemoryConsumer extends Consumer {
  /** As kill -9: it hears and says nothing more, and is missed when its session times out. Safe to repeat. */
  kill(): void;
  /** It hears nothing and sends no heartbeats until `wake`. */
  stall(): void;
  wake(): void;
}

/** The consumer side of the broker. */
export interface Groups {
  /** A new member of the group; it joins by `start`. */
  consumer(groupId: string, instanceId: string): InMemoryConsumer;
  /** Members of the group by memberId, and what each owns. */
  assignment(groupId: string): ReadonlyMap<string, readonly number[]>;
  /** Counts up at each rebalance. */
  generation(groupId: string): number;
}

/** What log.ts tells the groups. */
export interface GroupsInside extends Groups {
  /** There is something new to read. */
  wake(): void;
  brokerChanged(): void;
}

interface Place {
  /** Next offset to hand over; null: the commit, or the log's start. */
  next: number | null;
  /** Counts up when a fetch on its way must not be delivered. */
  version: number;
  fetching: boolean;
}

interface Member {
  readonly memberId: string;
  readonly instanceId: string;
  readonly listener: ConsumerListener;
  /** Ends its start; safe to repeat. */
  readonly joined: () => void;
  owned: readonly number[];
  readonly paused: Set<number>;
  readonly places: Map<string, Place>;
  state: "alive" | "stalled" | "killed";
  /** Removed from the group while it could not hear it. */
  expelled: boolean;
  /** The group has assigned without it since the last assignment that it heard. */
  interrupted: boolean;
  silentSinceMs: number | null;
  cancelExpiry: () => void;
  lastBatch: { readonly atMs: number; readonly topic: InputTopic; readonly partition: number } | null;
}

interface Group {
  readonly members: Map<string, Member>;
  readonly committed: Map<string, number>;
  generation: number;
  rebalancing: boolean;
}

/** Makes the groups of one broker. */
export function createGroups(side: BrokerSide): GroupsInside {
  const groups = new Map<string, Group>();
  let joins = 0;

  const groupOf = (groupId: string): Group => {
    const known = groups.get(groupId);
    if (known !== undefined) return known;
    const made: Group = { members: new Map(), committed: new Map(), generation: 0, rebalancing: false };
    groups.set(groupId, made);
    return made;
  };

  const placeOf = (member: Member, topic: InputTopic, partition: number): Place => {
    const key = `${topic} ${partition}`;
    const known = member.places.get(key);
    if (known !== undefined) return known;
    const made: Place = { next: null, version: 0, fetching: false };
    member.places.set(key, made);
    return made;
  };

  const hears = (member: Member): boolean => member.state === "alive" && !side.isDown();

  /** Assigns anew, once for all changes of one moment. */
  const rebalance = async (group: Group): Promise<void> => {
    if (group.rebalancing) return;
    group.rebalancing = true;
    await side.step("join");
    group.rebalancing = false;
    group.generation += 1;
    const owned = assignIndexes([...group.members.values()], side.partitions);
    for (const member of group.members.values()) {
      const indexes = owned.get(member.memberId) ?? [];
      if (hears(member)) give(group, member, indexes);
      else missGeneration(member, indexes);
    }
  };

  const missGeneration = (member: Member, indexes: readonly number[]): void => {
    member.owned = indexes;
    member.interrupted = true;
  };

  const give = (group: Group, member: Member, indexes: readonly number[]): void => {
    member.owned = indexes;
    for (const index of [...member.paused]) if (!indexes.includes(index)) member.paused.delete(index);
    for (const [key, place] of [...member.places]) {
      place.version += 1;
      if (!indexes.includes(Number(key.split(" ")[1]))) member.places.delete(key);
    }
    member.listener.assigned(indexes, !member.interrupted);
    member.interrupted = false;
    member.joined();
    fetchAll(group, member);
  };

  const fetchAll = (group: Group, member: Member): void => {
    if (!hears(member) || member.expelled) return;
    for (const partition of member.owned) {
      for (const topic of inputTopics) void fetch(group, member, topic, partition);
    }
  };

  const fetch = async (group: Group, member: Member, topic: InputTopic, partition: number): Promise<void> => {
    const place = placeOf(member, topic, partition);
    if (place.fetching || member.paused.has(partition)) return;
    const log = side.partition(topic, partition);
    place.next ??= group.committed.get(`${topic} ${partition}`) ?? log.start;
    if (place.next === log.end) return;
    place.fetching = true;
    const { version } = place;
    await side.step("fetch");
    place.fetching = false;
    const mine = hears(member) && !member.expelled && member.owned.includes(partition);
    if (!mine || member.paused.has(partition) || member.places.get(`${topic} ${partition}`) !== place) return;
    if (place.version === version) deliver(member, place, topic, partition);
    void fetch(group, member, topic, partition);
  };

  const deliver = (member: Member, place: Place, topic: InputTopic, partition: number): void => {
    const log = side.partition(topic, partition);
    let from = place.next ?? log.start;
    // Outside the log, as after a topic was recreated: from its start, as KafkaJS does with fromBeginning.
    if (from > log.end || from < log.start) from = log.start;
    const records = recordsFrom(log, from, side.batchRecords);
    const last = records.at(-1);
    const more = last !== undefined && last !== log.records.at(-1);
    const nextOffset = more ? last.offset + 1 : log.end;
    place.next = nextOffset;
    if (nextOffset === from) return;
    noticeSimultaneous(member, topic, partition);
    const batch: ConsumedBatch = { topic, partition, fetchedOffset: from, nextOffset, records };
    member.listener.batch(batch);
  };

  /** Handlers of several topics of one index run at the same time: the member must not lean on an order of them. */
  const noticeSimultaneous = (member: Member, topic: InputTopic, partition: number): void => {
    const now = side.clock.monotonicMs();
    const last = member.lastBatch;
    if (last?.atMs === now && last.partition === partition && last.topic !== topic)
      side.noticed("two topics of one index handed over at one moment");
    member.lastBatch = { atMs: now, topic, partition };
  };

  const remove = (group: Group, member: Member): void => {
    member.cancelExpiry();
    if (!group.members.delete(member.memberId)) return;
    void rebalance(group);
  };

  const beSilent = (group: Group, member: Member): void => {
    member.silentSinceMs ??= side.clock.monotonicMs();
    member.cancelExpiry();
    member.cancelExpiry = side.clock.after(side.sessionTimeoutMs, () => {
      // A broker that is down expels nobody.
      if (side.isDown() || hears(member)) return;
      member.expelled = true;
      member.interrupted = true;
      remove(group, member);
    });
  };

  const hearAgain = (group: Group, member: Member): void => {
    if (!hears(member)) return;
    member.cancelExpiry();
    member.silentSinceMs = null;
    if (member.expelled) {
      member.expelled = false;
      group.members.set(member.memberId, member);
      void rebalance(group);
    } else give(group, member, member.owned);
  };

  const all = function* (): Generator<readonly [Group, Member]> {
    for (const group of groups.values()) for (const member of [...group.members.values()]) yield [group, member];
  };

  return {
    wake() {
      for (const [group, member] of all()) fetchAll(group, member);
    },
    brokerChanged() {
      for (const [group, member] of all()) {
        if (side.isDown()) member.silentSinceMs ??= side.clock.monotonicMs();
        else if (member.state === "alive") hearAgain(group, member);
        else beSilent(group, member);
      }
    },
    assignment: (groupId) =>
      new Map([...groupOf(groupId).members.values()].map(({ memberId, owned }) => [memberId, owned])),
    generation: (groupId) => groupOf(groupId).generation,
    consumer(groupId, instanceId) {
      joins += 1;
      const memberId = `${instanceId}-${joins}`;
      const group = groupOf(groupId);
      let member: Member | null = null;
      const owns = (partition: number): boolean => member?.owned.includes(partition) ?? false;

      return {
        async start(listener) {
          if (member !== null) throw new Error("the consumer was started before");
          const joining = new Promise<void>((resolve) => {
            member = {
              memberId,
              instanceId,
              listener,
              joined: resolve,
              owned: [],
              paused: new Set(),
              places: new Map(),
              state: "alive",
              expelled: false,
              interrupted: true,
              silentSinceMs: null,
              cancelExpiry: () => undefined,
              lastBatch: null,
            };
            group.members.set(memberId, member);
          });
          void rebalance(group);
          await joining;
        },
        seek(topic, partition, offset) {
          if (member === null || !owns(partition)) return;
          const place = placeOf(member, topic, partition);
          place.next = offset;
          place.version += 1;
          void fetch(group, member, topic, partition);
        },
        pause(partition) {
          if (owns(partition)) member?.paused.add(partition);
        },
        resume(partition) {
          if (member?.paused.delete(partition) === true) fetchAll(group, member);
        },
        commit: (offsets) =>
          side.answer(() => {
            if (member === null || member.state === "killed" || !group.members.has(memberId)) {
              throw new Error("the coordinator is not aware of this member");
            }
            if (offsets.some(({ partition }) => !owns(partition))) side.noticed("commit for a lost partition accepted");
            for (const { topic, partition, nextOffset } of offsets)
              group.committed.set(`${topic} ${partition}`, nextOffset);
          }),
        committed: (partition) =>
          side.answer(() => {
            const of = (topic: InputTopic): number | null => group.committed.get(`${topic} ${partition}`) ?? null;
            return {
              "agent-events": of("agent-events"),
              "chat-requests": of("chat-requests"),
              "channel-messages": of("channel-messages"),
            };
          }),
        bounds: (topic, partition) =>
          side.answer(() => {
            const { start, end } = side.partition(topic, partition);
            return { start, end };
          }),
        heartbeatAgeMs() {
          if (member === null) return Number.POSITIVE_INFINITY;
          return member.silentSinceMs === null ? 0 : side.clock.monotonicMs() - member.silentSinceMs;
        },
        async stop() {
          const leaving = member;
          if (leaving?.state !== "alive") return;
          // For good: a stall and a wake after it must not bring the member back.
          leaving.state = "killed";
          leaving.expelled = false;
          leaving.owned = [];
          if (!group.members.has(memberId)) return;
          remove(group, leaving);
          await side.step("join");
          leaving.listener.revoked();
        },
        kill() {
          if (member === null) return;
          member.state = "killed";
          beSilent(group, member);
        },
        stall() {
          if (member?.state !== "alive") return;
          member.state = "stalled";
          beSilent(group, member);
        },
        wake() {
          if (member?.state !== "stalled") return;
          member.state = "alive";
          hearAgain(group, member);
        },
      };
    },
  };
}
