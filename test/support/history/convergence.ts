// I10, convergence: Redis holds what the changelog says. The fold is written anew from the topic's contract (schemas/interconnection-change
// and docs/contracts.md), so that it does not share the runtime's mistakes: what an older owner produced behind a fence is void, the
// newest version wins, and a state counts once a cursor of its turn or a later one stands behind it. Also: cursors never go back.
import type { ChangelogSeen } from "./entries.ts";
import { nothing, type Check, type Finding } from "./finding.ts";

type Version = NonNullable<ChangelogSeen["version"]>;

interface Partition {
  fence: number;
  claim: number;
  cursor: { readonly version: Version; readonly applied: Readonly<Record<string, number>> } | null;
  /** Versions of each user's states, oldest first, with the state. */
  readonly users: Map<string, { readonly version: Version; readonly state: string | null }[]>;
}

/** A check of states. */
export function createConvergenceCheck(): Check {
  const partitions = new Map<number, Partition>();
  const stored = new Map<string, string | null>();

  const of = (partition: number): Partition => {
    const known = partitions.get(partition);
    if (known !== undefined) return known;
    const made: Partition = { fence: -1, claim: -1, cursor: null, users: new Map() };
    partitions.set(partition, made);
    return made;
  };

  function take(seen: ChangelogSeen, at: number): readonly Finding[] {
    const { body, producedBy, version } = seen;
    const partition = of(seen.partition);
    if (body.type === "fence") partition.fence = Math.max(partition.fence, producedBy);
    if (body.type === "claim") return claim(partition, seen, at);
    if (body.type === "fence" || version === null || producedBy < partition.fence) return nothing;
    if (body.type === "cursor") return moveTo(partition, seen.partition, { version, applied: body.applied }, at);
    const states = partition.users.get(body.user) ?? [];
    states.push({ version, state: body.state });
    partition.users.set(body.user, states);
    return nothing;
  }

  function claim(partition: Partition, { partition: number, offset }: ChangelogSeen, at: number): readonly Finding[] {
    const back = offset <= partition.claim;
    partition.claim = offset;
    if (!back) return nothing;
    return [
      {
        invariant: "I4",
        what: "epoch went back",
        subject: `partition ${String(number)}`,
        detail: `to ${String(offset)}`,
        at,
      },
    ];
  }

  function moveTo(
    partition: Partition,
    number: number,
    cursor: NonNullable<Partition["cursor"]>,
    at: number,
  ): readonly Finding[] {
    const before = partition.cursor;
    if (before !== null && isOlder(cursor.version, before.version)) return nothing;
    partition.cursor = cursor;
    const back = Object.entries(before?.applied ?? {}).filter(
      ([topic, offset]) => (cursor.applied[topic] ?? -1) < offset,
    );
    return back.map(([topic, offset]) => ({
      ...{ invariant: "I10", what: "cursor went back", subject: `partition ${String(number)} of ${topic}`, at },
      detail: `from ${String(offset)} to ${String(cursor.applied[topic] ?? -1)}`,
    }));
  }

  return {
    see(entry) {
      if (entry.kind === "stored") stored.set(entry.user, entry.state);
      return entry.kind === "changelog" ? take(entry, entry.at) : nothing;
    },
    end() {
      if (partitions.size === 0 || stored.size === 0) return nothing;
      const folded = new Map([...partitions.values()].flatMap(fold));
      const found = (what: string, subject: string, detail: string): readonly Finding[] => [
        { invariant: "I10", what, subject, detail, at: null },
      ];
      const unasked = [...folded].filter(([user, state]) => state !== null && !stored.has(user));
      return [
        ...unasked.flatMap(([user]) => found("not looked at", user, "changelog has a state, Redis was not asked")),
        ...[...stored].flatMap(([user, state]) => {
          const said = folded.get(user) ?? null;
          return canonical(said) === canonical(state) ? nothing : found("diverged", user, difference(said, state));
        }),
      ];
    },
  };
}

function fold({ cursor, users }: Partition): readonly (readonly [string, string | null])[] {
  return [...users].map(([user, states]) => {
    const counted = states.filter(({ version }) => cursor !== null && !isOlder(cursor.version, version));
    const newest = counted.reduce<(typeof states)[number] | null>(
      (best, one) => (best === null || !isOlder(one.version, best.version) ? one : best),
      null,
    );
    return [user, newest?.state ?? null];
  });
}

function isOlder(a: Version, b: Version): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.turn < b.turn);
}

/** Equal for JSON that says the same, whatever the order of its fields. */
function canonical(json: string | null): string | null {
  return json === null ? null : JSON.stringify(sorted(JSON.parse(json)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}

function difference(changelog: string | null, redis: string | null): string {
  if (changelog === null || redis === null)
    return `changelog ${changelog === null ? "has nothing" : "has a state"}, Redis ${redis === null ? "has nothing" : "has a state"}`;
  const [a, b] = [JSON.parse(changelog), JSON.parse(redis)] as readonly Readonly<Record<string, unknown>>[];
  const names = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])];
  const differ = names.filter((name) => JSON.stringify(sorted(a?.[name])) !== JSON.stringify(sorted(b?.[name])));
  return `differ in ${differ.join(", ")}`;
}
