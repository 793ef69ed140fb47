// How dead letters and replays look in a terminal and as JSON. Pure: text out. Shows no message text, key or phone number unless it was
// asked for. Called by run.ts.
import type { Header } from "../topology/ports.ts";
import { positionText, timesReplayed } from "../topology/replay.ts";
import type { Display } from "./command-line.ts";
import { userOf, type Letter } from "./dead-letters.ts";
import { obstacles, type Done, type Step } from "./replay.ts";
import { jsonLines, table } from "./table.ts";

/** How users are named. */
export interface Naming extends Display {
  /** Keyed hash, as in the field `user` of the log. */
  userHash(userId: string): string;
}

/** One line each, under a head. */
export function printList(letters: readonly Letter[], naming: Naming): string {
  if (naming.json) return jsonLines(letters.map((letter) => describe(letter, naming)));
  const head = ["PLACE", "GIVEN UP", "REASON", "ORIGINAL", "USER", "TRIES", "HOLDS", "REPLAYED", "DETAIL"];
  const rows = letters.map((one) => [
    positionText(one.position),
    new Date(one.letter.occurredAt).toISOString(),
    one.letter.reason,
    originalOf(one),
    userText(one, naming),
    String(one.letter.attempts),
    holdsText(one),
    replayedText(one),
    one.letter.detail ?? "",
  ]);
  return table([head, ...rows]);
}

/** Everything that is known of each; with `raw` its bytes as well. */
export function printDetails(letters: readonly Letter[], naming: Naming, raw: boolean): string {
  if (naming.json) return jsonLines(letters.map((one) => ({ ...describe(one, naming), ...(raw ? bytesOf(one) : {}) })));
  return letters.map((one) => details(one, naming, raw)).join("\n");
}

/** What a replay would do, or why it leaves one. */
export function printStep(step: Step, naming: Naming): string {
  const { letter } = step;
  const what =
    step.kind === "replay"
      ? { done: "would be replayed", to: `${step.to.topic}/${String(step.to.partition)}` }
      : { done: "left", why: step.why };
  return printOne(letter, what, naming);
}

/** What a replay has done with one. */
export function printDone(done: Done, naming: Naming): string {
  const { letter } = done;
  if (done.kind === "failed") return printOne(letter, { done: "failed", detail: done.detail }, naming);
  const to = `${done.to.topic}/${positionText(done.to)}`;
  return printOne(letter, { done: done.kind === "found" ? "had been replayed" : "replayed", to }, naming);
}

interface Outcome {
  readonly done: string;
  readonly to?: string;
  readonly why?: keyof typeof obstacles;
  readonly detail?: string;
}

function printOne(letter: Letter, outcome: Outcome, naming: Naming): string {
  if (naming.json) return jsonLines([{ ...describe(letter, naming), ...outcome }]);
  const where = `${positionText(letter.position)} (${letter.letter.reason}, ${originalOf(letter)})`;
  const to = outcome.to === undefined ? "" : ` as ${outcome.to}`;
  const why = outcome.why === undefined ? "" : `: ${obstacles[outcome.why]}`;
  const detail = outcome.detail === undefined ? "" : `: ${outcome.detail}`;
  return `${where} ${outcome.done}${to}${why}${detail}\n`;
}

function describe(one: Letter, naming: Naming): Record<string, unknown> {
  const { letter, position } = one;
  const userId = userOf(one);
  return {
    place: positionText(position),
    givenUpAt: new Date(letter.occurredAt).toISOString(),
    reason: letter.reason,
    detail: letter.detail,
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    user: userId === null ? null : naming.userHash(userId),
    ...(naming.showUser ? { userId } : {}),
    chatId: letter.chatId,
    requestId: letter.requestId,
    attempts: letter.attempts,
    holds: letter.holds,
    sizeBytes: letter.value?.length ?? null,
    headers: letter.headers.map(({ name }) => name),
    replays: timesReplayed(letter.headers),
    replayed: one.replayed.kind,
  };
}

function bytesOf({ letter }: Letter): Record<string, unknown> {
  const base64 = (bytes: Buffer | null): string | null => bytes?.toString("base64") ?? null;
  return {
    key: base64(letter.key),
    value: base64(letter.value),
    headers: letter.headers.map(({ name, value }) => ({ name, value: base64(value) })),
  };
}

function details(one: Letter, naming: Naming, raw: boolean): string {
  const { letter } = one;
  const lines: [string, string][] = [
    ["place", positionText(one.position)],
    ["given up", new Date(letter.occurredAt).toISOString()],
    ["reason", letter.reason],
    ["detail", letter.detail ?? "-"],
    ["original", `${letter.topic}/${positionText(letter)}`],
    ["user", userText(one, naming)],
    ["chat", letter.chatId ?? "-"],
    ["request", letter.requestId ?? "-"],
    ["tries", String(letter.attempts)],
    ["holds", holdsText(one)],
    ["headers", letter.headers.map(({ name }) => name).join(", ") || "-"],
    ["replayed", replayedText(one)],
  ];
  if (raw) {
    lines.push(["key", bytesText(letter.key)]);
    for (const header of letter.headers) lines.push([`header ${header.name}`, bytesText(header.value)]);
    lines.push(["content", letter.holds === "text" ? (letter.value?.toString() ?? "-") : bytesText(letter.value)]);
  }
  return table(lines);
}

/** Words where bytes are words, else their base64: an unreadable record must not steer the terminal. */
function bytesText(bytes: Header["value"]): string {
  if (bytes === null) return "null";
  const text = bytes.toString();
  const isPlain = Buffer.from(text).equals(bytes) && !/\p{Cc}/u.test(text);
  return isPlain ? JSON.stringify(text) : `base64 ${bytes.toString("base64")}`;
}

function userText(one: Letter, naming: Naming): string {
  const userId = userOf(one);
  if (userId === null) return "-";
  return naming.showUser ? userId.replaceAll(/\p{Cc}/gu, "?") : naming.userHash(userId);
}

function originalOf({ letter, topic }: Letter): string {
  return `${topic ?? letter.topic}/${positionText(letter)}`;
}

function holdsText({ letter }: Letter): string {
  return letter.value === null ? letter.holds : `${letter.holds} ${String(letter.value.length)} B`;
}

function replayedText({ replayed, letter }: Letter): string {
  const before = timesReplayed(letter.headers);
  const now = { no: "-", begun: "cut off", done: "yes" }[replayed.kind];
  return before === 0 ? now : `${now} (was a replay: ${String(before)})`;
}
