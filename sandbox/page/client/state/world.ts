// All that the page knows of the world, in one place: filled by the stream, one frame at a time; read by the components. Nothing else
// writes it.
import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import type {
  Agent,
  Batch,
  CaseFile,
  Conditions,
  DeskChat,
  Graph,
  PhoneLine,
  RiverRecord,
  ScreenLine,
  Snapshot,
  Tally,
  User,
} from "../../protocol.ts";
import { appended, remember } from "./bounded.ts";

const KEPT_LINES = 120;
const KEPT_RECORDS = 3_000;
const KEPT_ARRIVALS = 4_000;
const KEPT_ENDED_CHATS = 60;
/** How long a node of the graph glows after something happened at it. */
const GLOW_MS = 900;

/** How it stands with the stream. */
export const connection = signal<"connecting" | "live" | "lost">("connecting");
/** Users by id, in the order in which they came. */
export const users = signal<ReadonlyMap<string, User>>(new Map());
/** Agents of the console. */
export const agents = signal<readonly Agent[]>([]);
/** Chats at the desk by id, oldest first. */
export const chats = signal<ReadonlyMap<string, DeskChat>>(new Map());
/** Files at cases. */
export const files = signal<readonly CaseFile[]>([]);
/** Newest records, oldest first. */
export const records = signal<readonly RiverRecord[]>([]);
/** How often each node of the graph was busy. */
export const counts = signal<Readonly<Record<string, number>>>({});
/** Nodes that were busy just now, with the time of it. */
export const glowing = signal<ReadonlyMap<string, number>>(new Map());
/** Texts between users and agents. */
export const tally = signal<Tally | null>(null);
/** Faults, instances, owners, crowd. */
export const conditions = signal<Conditions | null>(null);
/** The graph of the service. */
export const graph = signal<Graph | null>(null);
/** Texts that were ever seen on the other side, in either direction. */
export const arrivedEver = signal({ phone: false, screen: false });

const phoneLists = new Map<string, Signal<readonly PhoneLine[]>>();
const screenLists = new Map<string, Signal<readonly ScreenLine[]>>();
const arrivedMs = new Map<string, number>();
const arrivalsSeen = signal(0);

function listIn<T>(lists: Map<string, Signal<readonly T[]>>, key: string): Signal<readonly T[]> {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const made = signal<readonly T[]>([]);
  lists.set(key, made);
  return made;
}

/** What is on a user's phone. */
export function phoneOf(user: string): ReadonlySignal<readonly PhoneLine[]> {
  return listIn(phoneLists, user);
}

/** What is on the screen of a chat. */
export function screenOf(chat: string): ReadonlySignal<readonly ScreenLine[]> {
  return listIn(screenLists, chat);
}

/** How long the line took to the other side; undefined while it was not seen there. */
export function arrivalOf(from: "phone" | "screen", n: number): number | undefined {
  return arrivalsSeen.value === 0 ? undefined : arrivedMs.get(`${from}${String(n)}`);
}

/** Chats that wait or are talked in. */
export const openChats = computed(() =>
  [...chats.value.values()].filter(({ state }) => state === "QUEUED" || state === "ENGAGED"),
);

/** Replaces everything by what a new connection is told. */
export function replaceAll(snapshot: Snapshot): void {
  batch(() => {
    for (const list of [...phoneLists.values(), ...screenLists.values()]) list.value = [];
    arrivedMs.clear();
    users.value = new Map();
    chats.value = new Map();
    files.value = [];
    records.value = [];
    counts.value = {};
    graph.value = snapshot.graph;
    applyAll([snapshot], 0);
  });
}

/** Adds what happened. One call a frame. */
export function applyAll(batches: readonly Batch[], nowMs: number): void {
  batch(() => {
    addLines(
      phoneLists,
      batches.flatMap((one) => one.phone),
      ({ user }) => user,
    );
    addLines(
      screenLists,
      batches.flatMap((one) => one.screen),
      ({ session }) => session,
    );
    addArrivals(batches);
    users.value = withChanged(
      users.value,
      batches.flatMap((one) => one.users),
    );
    chats.value = withoutOldEnded(
      withChanged(
        chats.value,
        batches.flatMap((one) => one.chats),
      ),
    );
    agents.value = [
      ...withChanged(
        byId(agents.value),
        batches.flatMap((one) => one.agents),
      ).values(),
    ];
    files.value = [
      ...withChanged(
        byId(files.value),
        batches.flatMap((one) => one.files),
      ).values(),
    ];
    const fresh = batches.flatMap((one) => one.records);
    if (fresh.length > 0) records.value = appended(records.value, fresh, KEPT_RECORDS);
    for (const one of batches) {
      tally.value = one.tally ?? tally.value;
      conditions.value = one.conditions ?? conditions.value;
    }
    addCounts(Object.assign({}, ...batches.map((one) => one.counts)) as Record<string, number>, nowMs);
  });
}

function addLines<T>(lists: Map<string, Signal<readonly T[]>>, lines: readonly T[], keyOf: (line: T) => string): void {
  for (const [key, own] of Map.groupBy(lines, keyOf)) {
    const list = listIn(lists, key);
    list.value = appended(list.value, own, KEPT_LINES);
  }
}

function addArrivals(batches: readonly Batch[]): void {
  const fresh = batches.flatMap((one) => one.arrivals);
  if (fresh.length === 0) return;
  for (const { from, n, ms } of fresh) remember(arrivedMs, `${from}${String(n)}`, ms, KEPT_ARRIVALS);
  arrivalsSeen.value += 1;
  const has = (from: "phone" | "screen"): boolean => arrivedEver.value[from] || fresh.some((one) => one.from === from);
  if (!arrivedEver.value.phone || !arrivedEver.value.screen) {
    arrivedEver.value = { phone: has("phone"), screen: has("screen") };
  }
}

function addCounts(changed: Readonly<Record<string, number>>, nowMs: number): void {
  const labels = Object.keys(changed);
  const stillGlowing = [...glowing.value].filter(([, sinceMs]) => nowMs - sinceMs < GLOW_MS);
  if (labels.length > 0) counts.value = { ...counts.value, ...changed };
  if (labels.length === 0 && stillGlowing.length === glowing.value.size) return;
  glowing.value = new Map([...stillGlowing, ...labels.map((label) => [label, nowMs] as const)]);
}

function byId<T extends { readonly id: string }>(list: readonly T[]): ReadonlyMap<string, T> {
  return new Map(list.map((one) => [one.id, one]));
}

function withChanged<T extends { readonly id: string }>(
  known: ReadonlyMap<string, T>,
  changed: readonly T[],
): ReadonlyMap<string, T> {
  return changed.length === 0 ? known : new Map([...known, ...changed.map((one) => [one.id, one] as const)]);
}

/** Ended chats go when there are many, with what was on their screens. */
function withoutOldEnded(known: ReadonlyMap<string, DeskChat>): ReadonlyMap<string, DeskChat> {
  const ended = [...known.values()].filter(({ state }) => state !== "QUEUED" && state !== "ENGAGED");
  if (ended.length <= KEPT_ENDED_CHATS) return known;
  const kept = new Map(known);
  for (const { id } of ended.slice(0, ended.length - KEPT_ENDED_CHATS)) {
    kept.delete(id);
    screenLists.delete(id);
  }
  return kept;
}
