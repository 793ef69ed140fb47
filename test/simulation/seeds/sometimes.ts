// Rare things that the simulation must meet now and then, or it searches blindly: the measured traps of Kafka and its client, and the
// moments in which systems like this one break. Counted from what crosses the ports; a run of many seeds fails when one stays at 0.
import type { DriverInstance } from "../../../src/topology/in-memory/driver.ts";
import type { CallerState, CallOutcome, PortCall } from "../../../src/topology/in-memory/instance-gate.ts";
import type { StoredData } from "../../../src/topology/in-memory/stored-data.ts";
import type { ConsumedRecord, ProducedRecord } from "../../../src/topology/ports.ts";
import type { StoredIndex } from "../../../src/topology/stored.ts";
import { inputTopics, type InputTopic } from "../../../src/topology/topics.ts";

/** What must happen. */
export const rareThings = [
  "a rejected send left a sequence under which the next one would be acknowledged and not stored",
  "a commit for a partition already lost was accepted",
  "two topics of one index were handed over at one moment",
  "a claim was refused by a newer one",
  "a claim was accepted by a store that had lost everything",
  "a save was refused by epoch",
  "a save was refused: the store had gone back",
  "a save was refused: the store was empty",
  "a takeover inherited an outbox",
  "a takeover wrote the changelog into the store",
  "a takeover found the commit ahead of the changelog's cursor",
  "a restore overlapped traffic",
  "an old owner appended behind a newer owner's fence",
  "compaction without a lag would have kept such an append and dropped a newer version",
  "the store went back past a commit",
  "a call took effect after its caller's death",
  "a call took effect while its caller was held",
  "a command was begun twice",
  "a post's repeat was answered with 409",
  "a poll's answer was lost and came again",
  "a poll met another one",
  "a session moved and was reconnected",
  "the numbers of a session's posts began anew",
  "a hand-back was repeated by another instance",
] as const;

/** One of them. */
export type RareThing = (typeof rareThings)[number];

/** The counters of one run. */
export interface Sometimes {
  readonly counts: ReadonlyMap<RareThing, number>;
  happened(what: RareThing): void;
  executed(instance: DriverInstance, call: PortCall, outcome: CallOutcome, caller: CallerState): void;
  /** The store is about to go back to this. */
  wentBack(to: StoredData): void;
  /** The changelog's partition, which holds these records, is about to be compacted. */
  compacts(records: readonly ConsumedRecord[]): void;
}

/** All at 0. `inputs` tells how many inputs there were so far. */
export function createSometimes(inputs: () => number): Sometimes {
  const counts = new Map<RareThing, number>();
  const commits = new Map<string, number>();
  const claims = new Map<string, number>();
  const fences = new Map<number, number>();
  const answered = new Map<string, number>();
  const handedBackBy = new Map<string, string>();
  const claimed = new Set<number>();

  const happened = (what: RareThing): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const when = (condition: boolean, what: RareThing): void => {
    if (condition) happened(what);
  };

  type Look = (instance: DriverInstance, args: readonly unknown[], value: unknown) => void;
  const looks: Readonly<Record<string, Look>> = {
    "store.claim": (instance, [partition], value) => {
      const verdict = value as { readonly kind: string; readonly index: StoredIndex | null };
      const index = Number(partition);
      when(verdict.kind === "refused", "a claim was refused by a newer one");
      if (verdict.kind === "refused") return;
      when(verdict.index === null && claimed.has(index), "a claim was accepted by a store that had lost everything");
      when((verdict.index?.outbox ?? null) !== null, "a takeover inherited an outbox");
      claimed.add(index);
      claims.set(`${instance.id} ${String(index)}`, inputs());
    },
    "store.catchUp": (_, [partition, , , cursor]) => {
      if (cursor === null) return;
      happened("a takeover wrote the changelog into the store");
      const { applied } = cursor as StoredIndex;
      const isAhead = (topic: InputTopic): boolean =>
        (commits.get(`${topic} ${String(partition)}`) ?? 0) > applied[topic] + 1;
      when(inputTopics.some(isAhead), "a takeover found the commit ahead of the changelog's cursor");
    },
    "store.save": (instance, [request], value) => {
      when(value === "fenced", "a save was refused by epoch");
      when(value === "behind", "a save was refused: the store had gone back");
      when(value === "missing", "a save was refused: the store was empty");
      const claim = `${instance.id} ${String((request as { readonly partition: number }).partition)}`;
      when(inputs() > (claims.get(claim) ?? Number.POSITIVE_INFINITY), "a restore overlapped traffic");
      claims.delete(claim);
    },
    "store.begin": (_, __, value) =>
      when((value as { readonly repeated?: boolean }).repeated === true, "a command was begun twice"),
    "consumer.commit": (_, [offsets]) => {
      for (const { topic, partition, nextOffset } of offsets as readonly {
        topic: string;
        partition: number;
        nextOffset: number;
      }[])
        commits.set(`${topic} ${String(partition)}`, nextOffset);
    },
    "broker.send": (_, [records]) => (records as readonly ProducedRecord[]).forEach(produced),
    "desk.say": (_, __, value) =>
      when((value as { readonly kind: string }).kind === "outOfStep", "a post's repeat was answered with 409"),
    "desk.reconnect": (_, __, outcome) => {
      const { kind, value } = outcome as {
        readonly kind: string;
        readonly value?: { readonly resetsPostSequence: boolean };
      };
      when(kind === "done", "a session moved and was reconnected");
      when(value?.resetsPostSequence === true, "the numbers of a session's posts began anew");
    },
    "desk.poll": (_, [session], value) =>
      polled(
        session as { readonly id: string; readonly route: string },
        value as { readonly kind: string; readonly events?: readonly { readonly number: number }[] },
      ),
    "bot.handBack": ({ id }, [request]) => {
      const { userId } = request as { readonly userId: string };
      when((handedBackBy.get(userId) ?? id) !== id, "a hand-back was repeated by another instance");
      handedBackBy.set(userId, id);
    },
  };

  function produced({ topic, partition, key, headers }: ProducedRecord): void {
    if (topic !== "interconnections" || partition === null) return;
    const name = key?.toString() ?? "";
    const epoch = Number(headers?.find((header) => header.name === "epoch")?.value?.toString() ?? "-1");
    const fence = fences.get(partition) ?? -1;
    if (name.startsWith("#fence")) fences.set(partition, Math.max(fence, epoch));
    else when(!name.startsWith("#claim") && epoch < fence, "an old owner appended behind a newer owner's fence");
  }

  function polled(
    { id, route }: { readonly id: string; readonly route: string },
    answer: { readonly kind: string; readonly events?: readonly { readonly number: number }[] },
  ): void {
    when(answer.kind === "conflict", "a poll met another one");
    const [first] = answer.events ?? [];
    const last = answer.events?.at(-1);
    if (first === undefined || last === undefined) return;
    const place = `${id} ${route}`;
    when(first.number <= (answered.get(place) ?? -1), "a poll's answer was lost and came again");
    answered.set(place, last.number);
  }

  return {
    counts,
    happened,
    executed(instance, { name, args }, outcome, caller) {
      when(caller === "dead" && name !== "desk.poll", "a call took effect after its caller's death");
      when(caller === "held" && name !== "desk.poll", "a call took effect while its caller was held");
      if ("value" in outcome) looks[name]?.(instance, args, outcome.value);
    },
    wentBack({ indexes }) {
      const isPast = ([partition, { cursor }]: readonly [number, { readonly cursor: StoredIndex | null }]): boolean =>
        inputTopics.some(
          (topic) => (commits.get(`${topic} ${String(partition)}`) ?? 0) > (cursor?.applied[topic] ?? -1) + 1,
        );
      when([...indexes].some(isPast), "the store went back past a commit");
    },
    compacts(records) {
      const newest = new Map<string, number>();
      let keepsOlder = false;
      for (const { key, headers } of records) {
        const [epoch = -1, turn = -1] = (headers.find(({ name }) => name === "version")?.value?.toString() ?? "")
          .split(":")
          .map(Number);
        const version = epoch * 1e6 + turn;
        const name = key?.toString() ?? "";
        keepsOlder ||= !name.startsWith("#") && version < (newest.get(name) ?? -1);
        newest.set(name, Math.max(version, newest.get(name) ?? -1));
      }
      when(keepsOlder, "compaction without a lag would have kept such an append and dropped a newer version");
    },
  };
}
