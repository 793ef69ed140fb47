// R28: an instance whose heap runs out while users and agents talk. It dies by that, which is shown by its end and its last words; nothing that was
// accepted is lost, doubled or out of order once one with enough memory has taken over. Judged by the history checker.
import { expect, it, onTestFinished } from "vitest";

import { say as agentSays } from "../../sandbox/world/live-agent/agents.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { openDeadLetterLab } from "../support/dead-letter-lab.ts";
import { eventually } from "../support/eventually.ts";
import { describeHistory, judgeHistory } from "../support/history/check-history.ts";
import type { Entry, Untimed } from "../support/history/entries.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { token, tokensIn, type Direction } from "../support/tokens.ts";

/** Those who talk all the time in short words, and those who then fill the memory. */
const [talkers, fillers] = [10, 60];
const wordsBefore = 300;
/** A bare start takes some 35 MB of it. */
const heapMb = 48;
/** Of each user one such text is under way at a time, below the 64 KiB that may wait: what is beyond would rightly be a dead letter. */
const textChars = 50_000;
const diesWithinMs = 90_000;
const drainedWithinMs = 90_000;

it("R28 a heap that runs out under load ends the process, and nothing accepted is lost, doubled or out of order", async () => {
  const stage = await openStage({ file: import.meta.url });
  onTestFinished(() => stage.close());
  // As the Integrations API is said to: a repeat is known by its id.
  stage.world.parts.integrations.modes.dedupe = true;
  const lab = await openDeadLetterLab(stage.addresses, stage.names);
  onTestFinished(() => lab.close());
  const people = new Map(
    Array.from({ length: talkers + fillers }, (_, i) => [`u${String(i)}`, stage.user(`u${String(i)}`)]),
  );
  await Promise.all([...people.values()].map((person) => stage.openChat(person)));
  await stage.service.terminate();

  const history = createHistory(stage, people);
  await stage.service.spawn({ NODE_OPTIONS: `--max-old-space-size=${String(heapMb)}` });
  history.note({ kind: "process", actor: "small", step: "started" });
  await stage.service.ready();
  history.note({ kind: "process", actor: "small", step: "ready" });
  const quiet = new AbortController();
  onTestFinished(() => quiet.abort());
  const aliases = [...people.keys()];
  const talks = aliases.slice(0, talkers).map((alias) => history.talk(alias, "", quiet.signal));
  await eventually("they talk", () => history.seen() >= wordsBefore);
  const filler = "x".repeat(textChars);
  talks.push(...aliases.slice(talkers).map((alias) => history.talk(alias, filler, quiet.signal)));

  await eventually("the heap has run out", () => !stage.service.isRunning(), { timeoutMs: diesWithinMs });
  const ending = await stage.service.ended();
  history.note({ kind: "process", actor: "small", step: "exited", code: ending.code });
  const [seenBefore, openAtDeath] = [history.seen(), history.open()];
  const lastWords = await stage.service.latestOutput();
  await stage.service.start();
  history.note({ kind: "process", actor: "large", step: "ready" });
  history.note({ kind: "healed" });
  quiet.abort();
  await Promise.all(talks);
  await eventually("every word is seen", () => history.open().length === 0, {
    timeoutMs: drainedWithinMs,
    why: () => [history.open().slice(0, 5), lab.letters().map(({ reason }) => reason)],
  });

  const entries = [...history.entries(), ...letters(stage, lab.letters())];
  const verdict = judgeHistory(entries);
  const how = ending.signal ?? `code ${String(ending.code)}`;
  console.log(
    `${String(seenBefore)} words seen before it ended with ${how}, ${String(openAtDeath.length)} under way; ${describeHistory(verdict)}`,
  );
  // Node aborts: by the signal, or the shell's code for it.
  expect([ending.signal, ending.code]).toEqual(["SIGABRT", null]);
  expect(lastWords).toMatch(/FATAL ERROR: .*JavaScript heap out of memory/u);
  expect(openAtDeath.length, "under way when it died").toBeGreaterThan(0);
  expect(verdict.ok, describeHistory(verdict)).toBe(true);
  expect(verdict.inFlightDoubles).toEqual([]);
  expect(verdict.delivered).toBeGreaterThan(seenBefore);
}, 300_000);

/** What was said and seen, as entries. */
function createHistory({ world, session }: Stage, people: ReadonlyMap<string, Person>) {
  const { parts } = world;
  const noted: Entry[] = [];
  const open = new Set<string>();
  const counts = new Map<string, number>();
  const read = { screens: 0, phones: 0 };
  const aliases = new Map([...people].map(([alias, { userId }]) => [userId, alias]));
  const whole = { limit: Number.MAX_SAFE_INTEGER };
  let words = 0;

  const note = (entry: Untimed): void => void noted.push({ ...entry, at: parts.clock.monotonicMs() });
  const offer = (alias: string, direction: Direction): string => {
    const n = (counts.get(`${alias} ${direction}`) ?? 0) + 1;
    counts.set(`${alias} ${direction}`, n);
    const id = token(alias, direction, n);
    open.add(id);
    note({ kind: "offered", id, user: alias });
    return id;
  };
  const shown = (witness: "agent" | "user", userId: string | null, text: string, at: number): void => {
    const ids = tokensIn(text);
    if (ids.length === 0) return;
    noted.push({ at, kind: "shown", witness, user: aliases.get(userId ?? "") ?? "somebody", text: ids.join(" ") });
    for (const id of ids) if (open.delete(id)) words += 1;
  };
  /** Reads the witnesses on from where they were left. */
  const look = (): void => {
    const screens = parts.desk.screens.read({ ...whole, since: read.screens });
    read.screens = screens.next;
    for (const { from, user, text, atMs } of screens.entries) if (from === "visitor") shown("agent", user, text, atMs);
    const phones = parts.phones.log.read({ ...whole, since: read.phones });
    read.phones = phones.next;
    for (const { from, shown: isShown, userId, text, atMs } of phones.entries)
      if (from === "service" && isShown) shown("user", userId, text, atMs);
  };

  return {
    note,
    /** Words that no witness has seen yet. */
    open: (): readonly string[] => (look(), [...open]),
    /** How many words were seen. */
    seen: (): number => (look(), words),
    /** Both sides of a chat: the next word of each when the last ones were seen, the user's behind a filler. */
    async talk(alias: string, filler: string, stopped: AbortSignal): Promise<void> {
      const person = people.get(alias);
      const engaged = person && session(person);
      if (engaged === undefined) throw new Error(`no chat of ${alias}`);
      while (!stopped.aborted) {
        const ofAgent = offer(alias, "agent-to-user");
        agentSays(parts.desk, engaged, ofAgent);
        note({ kind: "answered", id: ofAgent, outcome: "ok" });
        const ofUser = offer(alias, "user-to-agent");
        const { outcome } = await parts.bot.sent(engaged.user ?? "", `${filler}${ofUser}`);
        note({ kind: "answered", id: ofUser, outcome: outcomes[outcome] });
        const isSeen = (): boolean => (look(), stopped.aborted || !(open.has(ofUser) || open.has(ofAgent)));
        await eventually(`${alias} goes on`, isSeen, { timeoutMs: diesWithinMs });
      }
    },
    /** All of it, and what has come to be in the org. */
    entries(): readonly Entry[] {
      look();
      const at = parts.clock.monotonicMs();
      const created = (what: string, of: unknown): Entry => ({ at, kind: "created", what, of: String(of) });
      return [
        ...noted,
        ...[...parts.desk.records.all("Contact")].map(({ Email }) => created("contact", Email)),
        ...[...parts.desk.records.all("Case")].map(({ ContactId }) => created("case", ContactId)),
      ];
    },
  };
}

const outcomes = { accepted: "ok", refused: "fail", "given-up": "info" } as const;

function letters(
  { world }: Stage,
  all: ReturnType<Awaited<ReturnType<typeof openDeadLetterLab>>["letters"]>,
): readonly Entry[] {
  const at = world.parts.clock.monotonicMs();
  return all.map(({ reason, topic, partition, offset, value }) => ({
    ...{ at, kind: "dead letter", reason, about: tokensIn(value?.toString("utf8") ?? "") },
    of: `${topic}-${String(partition)}@${String(offset)}`,
  }));
}
