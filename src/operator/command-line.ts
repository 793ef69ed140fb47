// What the operator's command line was asked for. Pure: reads arguments, prints and does nothing. Called by src/operator.ts.
import { parseArgs } from "node:util";

import type { Status } from "../processors/interconnection/state.ts";
import type { DeadLetterReason } from "../processors/messages/generated.ts";
import { parsePosition, type Position } from "../topology/replay.ts";
import { inputTopics, type InputTopic } from "../topology/topics.ts";
import { statuses, type ChatSelection } from "./chats.ts";

/** Which dead letters are meant: those that meet every condition; null is none. */
export interface Selection {
  /** Dead letters by their own position or by that of their original; empty means all. */
  readonly places: readonly Place[];
  readonly topic: InputTopic | null;
  readonly reason: DeadLetterReason | null;
  /** User id, or its keyed hash. */
  readonly user: string | null;
  /** When they were given up, epoch milliseconds: from included, to excluded. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** The oldest so many. */
  readonly limit: number | null;
}

/** `partition/offset` of a dead letter, or with its topic that of the original record. */
export interface Place {
  /** As it was written, for messages. */
  readonly text: string;
  readonly topic: InputTopic | null;
  readonly position: Position;
}

/** How it is shown. */
export interface Display {
  readonly json: boolean;
  /** User ids instead of their hash. */
  readonly showUser: boolean;
}

/** One thing to do. */
export type Command = { readonly kind: "help" } | TopicsCommand | ChatsCommand;

/** About what the topics hold. */
export type TopicsCommand =
  | { readonly kind: "export" | "erase"; readonly userId: string }
  | { readonly kind: "list"; readonly selection: Selection; readonly display: Display }
  | { readonly kind: "show"; readonly selection: Selection; readonly display: Display; readonly raw: boolean }
  | {
      readonly kind: "replay";
      readonly selection: Selection;
      readonly display: Display;
      readonly dryRun: boolean;
      readonly again: boolean;
    };

/** About chats: what needs Redis. */
export type ChatsCommand =
  | { readonly kind: "chats"; readonly verb: "list"; readonly selection: ChatSelection; readonly json: boolean }
  | { readonly kind: "chats"; readonly verb: "show"; readonly chatId: string; readonly json: boolean }
  | { readonly kind: "chats"; readonly verb: "end"; readonly chatId: string; readonly by: string | null };

/** A command, or what is wrong with the arguments, in one sentence. */
export type CommandLine = { readonly command: Command } | { readonly mistake: string };

/** The help text. */
export const help = `Usage: npm run operator -- chats [list|show|end] [CHAT] [options]
       npm run operator -- deadletters <command> [options]
       npm run operator -- export --user USER
       npm run operator -- erase --user USER

Runs with the environment of the service, beside it; needs of it what leads to Kafka and the schema registry, and for chats to Redis.

chats, from Redis
  list               open chats, and ended ones of which something is still to be done; longest in their status first
  show CHAT          one chat: its commands without a result, what it waits for, who owns it
  end CHAT           asks the service to end the chat on both sides and to hand the user back, and waits for the outcome

  --status STATUS    ${statuses.join(", ")}; also ended chats, for the 24 h that they are kept
  --older-than TIME  in their status for so long or longer: 90s, 15m, 2h, 1d
  --user USER        user id, or its keyed hash as the log has it
  --limit N          the first N
  --json             one JSON object a line
  --by NAME          end: who asks, for the audit

deadletters, from Kafka
  list               dead letters, oldest first
  show PLACE         everything that is known of them, without their content
  replay [PLACE ..]  produces the original records again, in their original order, marked as late

  PLACE is the position of a dead letter (3/42: partition/offset) or of its original (channel-messages/3/1071).
  Which (all conditions hold together)
  --topic TOPIC      topic of the original: ${inputTopics.join(", ")}
  --reason REASON    such as decide_failed; see docs/operations.md
  --user USER        user id, or its keyed hash as the log has it
  --from TIME        given up at this time or later, ISO 8601: 2026-11-22T15:00:00Z
  --to TIME          given up before
  --limit N          the oldest N
  How
  --json             one JSON object a line
  --show-user        user ids instead of their keyed hash
  --raw              show: with key, headers and content (JSON: base64)
  --dry-run          replay: says what would be done, does nothing
  --again            replay: also what was replayed before
  --all              replay: everything, when no other condition is given

One user
  export             everything that the topics hold of one user, a JSON object a line; keys of sessions left out
  erase              ends a user's chat, and deletes his state, context and dead letters; says what stays, and until when

Exit codes: 0 done, 1 failed or not all that was named could be done, 64 usage, 78 settings.
`;

const options = {
  topic: { type: "string" },
  reason: { type: "string" },
  user: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  limit: { type: "string" },
  json: { type: "boolean" },
  "show-user": { type: "boolean" },
  raw: { type: "boolean" },
  "dry-run": { type: "boolean" },
  again: { type: "boolean" },
  all: { type: "boolean" },
  status: { type: "string" },
  "older-than": { type: "string" },
  by: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

const reasons: Readonly<Record<DeadLetterReason, true>> = {
  unknown: true,
  undecodable: true,
  unknown_schema: true,
  invalid: true,
  too_large: true,
  decide_failed: true,
  undeliverable: true,
  lane_overflow: true,
  wrong_partition: true,
  chat_over: true,
};

interface Mistake extends Error {
  readonly name: "Mistake";
}

function mistake(text: string): Mistake {
  return Object.assign(new Error(text), { name: "Mistake" as const });
}

/** Reads the arguments behind the program's name. */
export function readCommandLine(args: readonly string[]): CommandLine {
  try {
    return { command: commandOf(args) };
  } catch (error) {
    // parseArgs tells what is wrong with an option in this way.
    if (error instanceof Error && (error.name === "Mistake" || error instanceof TypeError))
      return { mistake: error.message };
    throw error;
  }
}

function commandOf(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  const [subject] = positionals;
  if (values.help === true || subject === "help") return { kind: "help" };
  if (subject === "export" || subject === "erase") return oneUser(subject, positionals.length > 1, values);
  if (subject === "chats") return aboutChats(values, positionals);
  if (subject === "deadletters") return aboutDeadLetters(values, positionals);
  throw mistake(subject === undefined ? "no command given" : `no such command: ${subject}`);
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

/** Refuses, by its name, an option that means nothing to the command. */
function takes(values: Values, command: string, names: readonly (keyof Values)[]): void {
  const other = Object.keys(values).find((name) => !names.some((taken) => taken === name));
  if (other !== undefined) throw mistake(`${command} does not take --${other}`);
}

function aboutChats(values: Values, [, verb = "list", ...rest]: readonly string[]): ChatsCommand {
  const chatId = (): string => {
    if (rest.length !== 1 || rest[0] === undefined || rest[0] === "") throw mistake(`chats ${verb} needs one chat id`);
    return rest[0];
  };
  const json = values.json === true;
  switch (verb) {
    case "list":
      takes(values, "chats list", ["status", "older-than", "user", "limit", "json"]);
      if (rest.length > 0) throw mistake("chats list takes no chat id: use chats show");
      return {
        kind: "chats",
        verb,
        json,
        selection: {
          status: values.status === undefined ? null : statusOf(values.status),
          olderThanMs: values["older-than"] === undefined ? null : durationOf(values["older-than"]),
          user: values.user ?? null,
          limit: values.limit === undefined ? null : limitOf(values.limit),
        },
      };
    case "show":
      takes(values, "chats show", ["json"]);
      return { kind: "chats", verb, chatId: chatId(), json };
    case "end":
      takes(values, "chats end", ["by"]);
      return { kind: "chats", verb, chatId: chatId(), by: values.by ?? null };
    default:
      throw mistake(`chats takes list, show or end, not ${verb}`);
  }
}

const ofLetters = ["topic", "reason", "user", "from", "to", "limit", "json", "show-user"] as const;
const ofReplays = ["dry-run", "again", "all"] as const;

function aboutDeadLetters(values: Values, [, verb, ...rest]: readonly string[]): Command {
  takes(values, "deadletters", [...ofLetters, ...ofReplays, "raw"]);
  const selection: Selection = {
    places: rest.map(placeOf),
    topic: values.topic === undefined ? null : topicOf(values.topic),
    reason: values.reason === undefined ? null : reasonOf(values.reason),
    user: values.user ?? null,
    fromMs: timeOf("--from", values.from),
    toMs: timeOf("--to", values.to),
    limit: values.limit === undefined ? null : limitOf(values.limit),
  };
  const display = { json: values.json === true, showUser: values["show-user"] === true };
  const only = (verbs: readonly string[], names: readonly ("raw" | "dry-run" | "again" | "all")[]): void => {
    const given = names.find((name) => values[name] === true);
    if (given !== undefined && !verbs.includes(verb ?? "")) throw mistake(`--${given} belongs to ${verbs.join(", ")}`);
  };
  only(["show"], ["raw"]);
  only(["replay"], ["dry-run", "again", "all"]);
  switch (verb ?? "") {
    case "list":
      if (rest.length > 0) throw mistake("list takes no places: use show");
      return { kind: "list", selection, display };
    case "show":
      if (rest.length === 0) throw mistake("show needs the place of a dead letter");
      return { kind: "show", selection, display, raw: values.raw === true };
    case "replay":
      if (values.all !== true && !isNarrowed(selection))
        throw mistake("replay needs a place or a condition, or --all for everything");
      return {
        kind: "replay",
        selection,
        display,
        dryRun: values["dry-run"] === true,
        again: values.again === true,
      };
    default:
      throw mistake(`deadletters takes list, show or replay${verb === undefined ? "" : `, not ${verb}`}`);
  }
}

function oneUser(
  kind: "export" | "erase",
  hasMore: boolean,
  values: { readonly user?: string | undefined },
): Extract<Command, { readonly userId: string }> {
  if (hasMore || Object.keys(values).some((name) => name !== "user"))
    throw mistake(`${kind} takes --user and nothing else`);
  if (values.user === undefined || values.user === "") throw mistake(`${kind} needs --user`);
  return { kind, userId: values.user };
}

function isNarrowed({ places, limit: _limit, ...conditions }: Selection): boolean {
  return places.length > 0 || Object.values(conditions).some((condition) => condition !== null);
}

function placeOf(text: string): Place {
  const own = parsePosition(text);
  if (own !== null) return { text, topic: null, position: own };
  const [, topic, position = ""] = /^([^/]+)\/(.+)$/.exec(text) ?? [];
  const original = parsePosition(position);
  if (topic === undefined || original === null)
    throw mistake(`${text} is no place: 3/42 is one of a dead letter, channel-messages/3/1071 of its original`);
  return { text, topic: topicOf(topic), position: original };
}

/** By the end of its name, so that full names do as well. */
function topicOf(text: string): InputTopic {
  const found = inputTopics.find((suffix) => text === suffix || text.endsWith(`.${suffix}`));
  if (found === undefined) throw mistake(`${text} is no input topic: ${inputTopics.join(", ")}`);
  return found;
}

function statusOf(text: string): Status {
  const found = statuses.find((status) => status === text.toUpperCase());
  if (found === undefined) throw mistake(`${text} is no status: ${statuses.join(", ")}`);
  return found;
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationOf(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = unitsMs[unit];
  if (ms === undefined) throw mistake("--older-than takes a time such as 90s, 15m, 2h or 1d");
  return Number(count) * ms;
}

function reasonOf(text: string): DeadLetterReason {
  if (!Object.hasOwn(reasons, text)) throw mistake(`${text} is no reason: ${Object.keys(reasons).join(", ")}`);
  return text as DeadLetterReason;
}

function timeOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = isIso ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw mistake(`${option} takes a time with its zone, such as 2026-11-22T15:00:00Z`);
  return ms;
}

function limitOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw mistake("--limit takes a whole number from 1");
  return Number(text);
}
