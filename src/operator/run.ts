// Carries out one command over the topics it is given. Owns the exit code and the closing line; what the command was is
// command-line.ts, how things look print.ts. Called by src/operator.ts, and by tests over topics in memory.
import { positionText } from "../topology/replay.ts";
import { topics, type InputTopic } from "../topology/topics.ts";
import type { TopicsCommand } from "./command-line.ts";
import { choose, readDeadLetters, type Letter } from "./dead-letters.ts";
import { eraseDeadLetters, eraseState, type ErasingTools } from "./erase.ts";
import { exportLine, recordsOf, type FoundRecord } from "./personal-data.ts";
import { printDetails, printDone, printList, printStep, type Naming } from "./print.ts";
import { planReplay, replay, type Step } from "./replay.ts";

/** What a command works with. */
export interface OperatorTools extends ErasingTools {
  /** Keyed hash of a user id. */
  userHash(userId: string): string;
  /** Writes what was asked for. */
  out(text: string): void;
  /** Writes what a person should know beside it. */
  tell(text: string): void;
}

/** Exit code: 0, or 1 when something that was asked for could not be done. Rejects when broker or registry do not answer. */
export async function runCommand(command: TopicsCommand, tools: OperatorTools): Promise<0 | 1> {
  switch (command.kind) {
    case "export":
      return exportUser(command.userId, tools);
    case "erase":
      return eraseUser(command.userId, tools);
    case "list":
    case "show":
    case "replay":
      return deadLetters(command, tools);
  }
}

async function exportUser(userId: string, tools: OperatorTools): Promise<0> {
  const found = await recordsOf(userId, tools);
  for (const one of found) tools.out(exportLine(one));
  tools.tell(
    `${counted(found.length, "record")}. What Redis holds is made of these: the last state, and the messages of the last 24 h.`,
  );
  return 0;
}

async function eraseUser(userId: string, tools: OperatorTools): Promise<0 | 1> {
  const erased = await eraseState(userId, tools);
  if (!erased)
    tools.tell(
      "The service has the order, and has not ended the user's record within a minute: a command of his chat is still pending (a hand-back is tried for 24 h), or no instance runs. He is erased when it has ended; run this again to see.",
    );
  const letters = await eraseDeadLetters(userId, tools);
  const left = (await recordsOf(userId, tools)).filter(({ value }) => value !== null);
  if (erased)
    tools.tell("Erased: state, context, message ids and marks in Redis; the record on the changelog has ended.");
  tools.tell(`Erased: ${counted(letters, "dead letter")}.`);
  tools.tell(staying(left));
  return erased ? 0 : 1;
}

/** What no command can take out of the topics, and when it goes by itself. */
function staying(left: readonly FoundRecord[]): string {
  const lines = topics.flatMap(({ suffix, retentionMs }) => {
    const records = left.filter(({ topic }) => topic === suffix);
    if (records.length === 0) return [];
    if (retentionMs === null)
      return [`${suffix}: ${String(records.length)}, until the topic is compacted (by default within a day)`];
    const newest = Math.max(...records.map(({ record }) => record.timestamp));
    const until = new Date(newest + retentionMs).toISOString();
    return [`${suffix}: ${String(records.length)}, until ${until} as topics are created (see retention.ms)`];
  });
  if (lines.length === 0) return "Nothing of the user is left in the topics.";
  return `What stays in the topics until its retention, and can't be taken out before:\n${lines.map((line) => `  ${line}`).join("\n")}\nNot touched: Salesforce's contact and case, the bot, the channel, backups, and whoever reads chat-events.`;
}

type LettersCommand = Extract<TopicsCommand, { kind: "list" | "show" | "replay" }>;

async function deadLetters(command: LettersCommand, tools: OperatorTools): Promise<0 | 1> {
  const { letters, unreadable } = await readDeadLetters(tools);
  const userHash = (userId: string): string => tools.userHash(userId);
  const { chosen, missing } = choose(letters, command.selection, userHash);
  const naming: Naming = { ...command.display, userHash };
  if (unreadable.length > 0) tools.tell(`Not readable by this version, at ${unreadable.map(positionText).join(", ")}.`);
  for (const { text } of missing) tools.tell(`There is no dead letter at ${text}.`);
  switch (command.kind) {
    case "list":
      tools.out(printList(chosen, naming));
      tools.tell(`${counted(chosen.length, "dead letter")} of ${String(letters.length)}.`);
      return 0;
    case "show":
      tools.out(printDetails(chosen, naming, command.raw));
      return missing.length > 0 ? 1 : 0;
    case "replay": {
      const partitions = await partitionCounts(chosen, tools);
      const steps = planReplay(chosen, { again: command.again, partitions: (topic) => partitions.get(topic) ?? 1 });
      const done = command.dryRun
        ? showPlan(steps, naming, tools)
        : await carryOut(steps, command.again, naming, tools);
      const named = command.selection.places.length > 0;
      return missing.length > 0 || !done.all || (named && done.left > 0) ? 1 : 0;
    }
  }
}

interface Result {
  readonly all: boolean;
  readonly left: number;
}

function showPlan(steps: readonly Step[], naming: Naming, tools: OperatorTools): Result {
  for (const step of steps) tools.out(printStep(step, naming));
  const left = steps.filter(({ kind }) => kind === "leave").length;
  tools.tell(
    `${counted(steps.length - left, "dead letter")} would be replayed, ${String(left)} left. Nothing was done.`,
  );
  return { all: true, left };
}

async function carryOut(steps: readonly Step[], again: boolean, naming: Naming, tools: OperatorTools): Promise<Result> {
  const count = { replayed: 0, found: 0, failed: 0 };
  await replay(steps, again, tools, (done) => {
    count[done.kind] += 1;
    tools.out(printDone(done, naming));
  });
  const leaves = steps.filter((step) => step.kind === "leave");
  for (const step of leaves) tools.out(printStep(step, naming));
  const wanted = steps.length - leaves.length;
  const undone = wanted - count.replayed - count.found;
  const found = count.found === 0 ? "" : ` ${String(count.found)} had been, by a run that was cut off.`;
  const rest = undone === 0 ? "" : ` ${String(undone)} could not be replayed: run the same command again.`;
  tools.tell(`${counted(count.replayed, "dead letter")} replayed, ${String(leaves.length)} left.${found}${rest}`);
  return { all: undone === 0, left: leaves.filter(({ why }) => why !== "twin").length };
}

async function partitionCounts(
  letters: readonly Letter[],
  { files }: OperatorTools,
): Promise<ReadonlyMap<InputTopic, number>> {
  const counts = new Map<InputTopic, number>();
  for (const { topic } of letters)
    if (topic !== null && !counts.has(topic)) counts.set(topic, (await files.bounds(topic)).size);
  return counts;
}

function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? "" : "s"}`;
}
