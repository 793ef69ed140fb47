// Owns the stream of the page: at every beat it collects what happened in the world, on the topics and to the service into one batch, and
// keeps what a page that comes later has to be shown. Called by page.ts; server.ts sends the batches.
import { createBusyCounts } from "./busy-counts.ts";
import type { CannedConversations } from "./canned-conversations.ts";
import type { CrowdControl } from "./crowd.ts";
import type { FaultBoard } from "./fault-board.ts";
import type { Evidence } from "./fault-kinds.ts";
import type { InstanceWatch } from "./instance-watch.ts";
import { keepNewest } from "./kept.ts";
import { lineOf } from "./record-line.ts";
import type { TappedRecord } from "./record-tap.ts";
import { createTraces, type Traces } from "./traces.ts";
import type { Sights, WorldWatch } from "./world-watch.ts";
import type { Agent, Batch, CaseFile, Conditions, DeskChat, Graph, RiverRecord, Snapshot, User } from "./protocol.ts";

/** The stream. */
export interface Feed {
  /** Everything that is kept, for a page that has nothing. */
  snapshot(): Snapshot;
  /** Gets every batch in which something happened; answers how to stop. */
  listen(onBatch: (batch: Batch) => void): () => void;
  onRecord(record: TappedRecord): void;
  /** A whole record, as long as it is kept. */
  record(id: string): TappedRecord | undefined;
  readonly traces: Pick<Traces, "find">;
  stop(): void;
}

/** Where it comes from. */
export interface FeedSources {
  readonly watch: WorldWatch;
  readonly board: FaultBoard;
  readonly instances: InstanceWatch;
  readonly crowd: Pick<CrowdControl, "now">;
  readonly conversations: Pick<CannedConversations, "list">;
  /** How many files were fetched from the world's host of files. */
  readonly filesFetched: () => number;
  readonly isTapped: () => boolean;
  readonly graph: Graph;
  /** Gets what a beat failed of, a line for a person. */
  readonly say: (line: string) => void;
}

const BEAT_MS = 50;
const KEPT_LINES = 2_000;
const KEPT_RIVER = 1_000;
const KEPT_RECORDS = 3_000;

const NOTHING_SAID = {
  sent: 0,
  arrived: 0,
  refused: 0,
  lost: 0,
  doubled: 0,
  reordered: 0,
  medianMs: null,
  slowestMs: null,
};

/** Starts the beat. */
export function startFeed(sources: FeedSources): Feed {
  const { watch, board, instances } = sources;
  const traces = createTraces();
  const counts = createBusyCounts();
  const listeners = new Set<(batch: Batch) => void>();
  const phone = keepNewest<Sights["phone"][number]>(KEPT_LINES);
  const screen = keepNewest<Sights["screen"][number]>(KEPT_LINES);
  const arrivals = keepNewest<Sights["arrivals"][number]>(KEPT_LINES);
  const river = keepNewest<RiverRecord>(KEPT_RIVER);
  const users = new Map<string, User>();
  const chats = new Map<string, DeskChat>();
  const agents = new Map<string, Agent>();
  const files = new Map<string, CaseFile>();
  const whole = new Map<string, TappedRecord>();
  let tally: Snapshot["tally"] = NOTHING_SAID;
  let tapped: TappedRecord[] = [];
  let filesFetched = 0;
  let knownConditions = "";
  let lastSaid = "";

  const conditions = (): Conditions => ({
    instances: instances.instances(),
    faults: board.faults(),
    incidents: board.incidents(),
    owners: instances.owners(),
    crowd: sources.crowd.now(),
    conversations: sources.conversations.list(),
    isTapped: sources.isTapped(),
  });
  const changedConditions = (): Conditions | null => {
    const now = conditions();
    const text = JSON.stringify(now);
    if (text === knownConditions) return null;
    knownConditions = text;
    return now;
  };
  const keep = (sights: Sights): void => {
    phone.add(sights.phone);
    screen.add(sights.screen);
    arrivals.add(sights.arrivals);
    for (const user of sights.users) users.set(user.id, user);
    for (const chat of sights.chats) chats.set(chat.id, chat);
    for (const agent of sights.agents) agents.set(agent.id, agent);
    for (const file of sights.files) files.set(file.url, file);
    tally = sights.tally ?? tally;
  };
  const follow = (sights: Sights): void => {
    for (const line of sights.phone) traces.onPhoneLine(line);
    for (const line of sights.screen) traces.onScreenLine(line);
    for (const call of sights.calls) traces.onCall(call);
    for (const webhook of sights.webhooks) traces.onWebhook(webhook);
    for (const call of sights.calls) counts.onCall(call);
    counts.add("HTTP ingress", sights.webhooks.length);
    const fetched = sources.filesFetched();
    counts.add("hosts of files", fetched - filesFetched);
    filesFetched = fetched;
  };

  const beat = (): void => {
    const sights = watch.look();
    keep(sights);
    follow(sights);
    const { calls, webhooks: _webhooks, ...seen } = sights;
    // Only now: what a record is about was seen in the world before it was written.
    const records = tapped.map(lineOfRecord).sort((one, other) => one.at - other.at);
    tapped = [];
    river.add(records);
    const evidence: Evidence = { calls, records, instances: instances.evidence() };
    board.observe(evidence);
    const batch: Batch = { ...seen, records, counts: counts.takeChanged(), conditions: changedConditions() };
    if (!isEmpty(batch)) for (const listener of listeners) listener(batch);
  };
  const lineOfRecord = (record: TappedRecord): RiverRecord => {
    const { topic, partition, offset, at } = record;
    const id = `${topic}/${String(partition)}/${offset}`;
    instances.onRecord(record);
    counts.onRecord(record);
    whole.set(id, record);
    if (whole.size > KEPT_RECORDS) whole.delete(String(whole.keys().next().value));
    return { id, topic, partition, at, ...lineOf(record), trace: traces.onRecord(id, record) };
  };
  /** The page must not end what it shows: what a beat can't show is left out, and said. */
  const guardedBeat = (): void => {
    try {
      beat();
    } catch (error) {
      const line = `The page can't show something: ${error instanceof Error ? error.message : String(error)}`;
      if (line !== lastSaid) sources.say(line);
      lastSaid = line;
    }
  };
  const timer = setInterval(guardedBeat, BEAT_MS);

  return {
    snapshot: () => ({
      phone: phone.newest(),
      screen: screen.newest(),
      arrivals: arrivals.newest(),
      records: river.newest(),
      users: [...users.values()],
      chats: [...chats.values()],
      agents: [...agents.values()],
      files: [...files.values()],
      counts: counts.all(),
      tally,
      conditions: conditions(),
      graph: sources.graph,
    }),
    listen(onBatch) {
      listeners.add(onBatch);
      return () => listeners.delete(onBatch);
    },
    onRecord: (record) => void tapped.push(record),
    record: (id) => whole.get(id),
    traces,
    stop: () => clearInterval(timer),
  };
}

function isEmpty({ counts, tally, conditions, ...lists }: Batch): boolean {
  const hasEntries = Object.values(lists).some((list) => list.length > 0);
  return !hasEntries && tally === null && conditions === null && Object.keys(counts).length === 0;
}
