// Owns following each message through everything it passes: phone, webhook, topics, outside call, screen; with the time of every station.
// What belongs together is found by ids that stand in the records: message ids, and (chat, lane, number) of commands. Pure; bounded.
// Called by page.ts with all that happens, in the order in which it is learned, which need not be the order in which it happened.
import { branchOf, fieldsOf, pendingOf, textOf } from "./record-line.ts";
import type { TappedRecord } from "./record-tap.ts";
import type { Hop, PhoneLine, ScreenLine, Trace } from "./protocol.ts";

/** A call of the service to the outside, as the world's journal has it. */
export interface SeenCall {
  readonly at: number;
  readonly system: string;
  readonly operation: string;
  readonly user: string | null;
  readonly status: number | null;
  readonly request: unknown;
}

/** A webhook that was delivered. */
export interface SeenWebhook {
  readonly id: string;
  readonly at: number;
  readonly attempts: number;
  readonly outcome: string;
}

/** All messages that are followed. */
export interface Traces {
  /** A user typed. */
  onPhoneLine(line: PhoneLine): void;
  onScreenLine(line: ScreenLine): void;
  onWebhook(webhook: SeenWebhook): void;
  onCall(call: SeenCall): void;
  /** Answers the message that the record is part of; null when of none that is known. */
  onRecord(id: string, record: TappedRecord): string | null;
  find(id: string): Trace | undefined;
  clear(): void;
}

interface Open {
  readonly trace: Omit<Trace, "hops" | "isOver">;
  readonly hops: Hop[];
  /** The long poll's record of it was seen. */
  isPolled: boolean;
  /** The command that carries it was seen in a state. */
  isDecided: boolean;
  /** It was seen on the other side. */
  isThere: boolean;
}

/** What the stations of a message's end say: it was seen, its command has a result, the fact is told. */
const ENDS = ["on the ", "result: ", "fact: "];

const REMEMBERED = 3_000;
const REMEMBERED_NAMES = 6_000;
const NEWEST_OF_USER = 50;

/** Id of the message that an agent's line is. */
export function traceOfScreenLine(n: number): string {
  return `agent-${String(n)}`;
}

/** Nothing followed yet. */
export function createTraces(): Traces {
  const byId = new Map<string, Open>();
  /** The newest messages of each user, the oldest of them first. */
  const underWay = new Map<string, Open[]>();
  /** Every name of a message that is followed: its id, the commands that carry it, the ids under which the service sends the words of agents. */
  const byName = new Map<string, Open>();
  /** What was learned under a name before the name was: topics are read each at its own pace, calls are seen when they are made. */
  const early = new Map<string, Hop[]>();

  const open = (trace: Open["trace"], first: Hop): void => {
    if (byId.has(trace.id)) return;
    const opened: Open = { trace, hops: [first], isPolled: false, isDecided: false, isThere: false };
    remember(byId, trace.id, opened, REMEMBERED);
    alsoNamed(trace.id, opened);
    underWay.set(trace.user, [...(underWay.get(trace.user) ?? []).slice(-NEWEST_OF_USER), opened]);
  };
  const alsoNamed = (name: string, one: Open): void => {
    remember(byName, name, one, REMEMBERED_NAMES);
    one.hops.push(...(early.get(name) ?? []));
    early.delete(name);
  };
  const addUnder = (name: string, one: Hop): string | null => {
    const found = byName.get(name);
    if (found === undefined) remember(early, name, [...(early.get(name) ?? []), one], REMEMBERED_NAMES);
    else found.hops.push(one);
    return found?.trace.id ?? null;
  };
  const waiting = (user: string, direction: Trace["direction"], isTheOne: (one: Open) => boolean): Open | undefined =>
    underWay.get(user)?.find((one) => one.trace.direction === direction && isTheOne(one));

  const onState = (id: string, { at, value }: TappedRecord): string | null => {
    const { name, fields } = branchOf(fieldsOf(value)["body"]);
    if (name !== "UserRecord") return null;
    const user = textOf(fields, "userId");
    const mayCarry = underWay.get(user)?.some(({ isDecided }) => !isDecided) === true;
    if (!mayCarry) return null;
    const carried = pendingOf(fields).flatMap((command) => {
      const found = carriedBy(command, user);
      for (const one of found) {
        one.isDecided = true;
        one.hops.push(hop(at, "interconnections", `decided: ${textOf(command, "kind")} is pending`, { record: id }));
        alsoNamed(commandName(textOf(fields, "chatId"), command), one);
      }
      return found;
    });
    return carried[0]?.trace.id ?? null;
  };

  const carriedBy = (command: ReturnType<typeof fieldsOf>, user: string): Open[] => {
    if (command["kind"] === "SayToUser") {
      const found = waiting(user, "to-user", (one) => !one.isDecided && one.trace.text === command["text"]);
      if (found !== undefined) alsoNamed(textOf(command, "messageId"), found);
      return found === undefined ? [] : [found];
    }
    const ids = Array.isArray(command["messageIds"]) ? command["messageIds"] : [command["messageId"]];
    return ids.flatMap((one) => {
      const found = byId.get(String(one));
      return found === undefined || found.isDecided ? [] : [found];
    });
  };

  const onAgentEvent = (id: string, { at, value }: TappedRecord): string | null => {
    const event = fieldsOf(value);
    const { name, fields } = branchOf(event["body"]);
    if (name === "CommandResult") {
      const tries = Number(fields["attempts"]) > 1 ? ` after ${textOf(fields, "attempts")} tries` : "";
      const outcome = textOf(fields, "outcome");
      const extra = { record: id, isTrouble: outcome !== "done" };
      const result = hop(at, "agent-events", `result: ${outcome}${tries}`, extra);
      return addUnder(commandName(textOf(event, "chatId"), fields), result);
    }
    const events = name === "DeskEvents" && Array.isArray(fields["events"]) ? fields["events"].map(fieldsOf) : [];
    const found = events.flatMap((one) => {
      const isTheOne = ({ trace, isPolled }: Open): boolean => trace.text === one["text"] && !isPolled;
      const said = waiting(textOf(event, "userId"), "to-user", isTheOne);
      if (said !== undefined) said.isPolled = true;
      return said ?? [];
    });
    for (const one of found) one.hops.push(hop(at, "agent-events", "the long poll brought it", { record: id }));
    return found[0]?.trace.id ?? null;
  };

  const onFact = (id: string, { at, value }: TappedRecord): string | null => {
    const fact = fieldsOf(value);
    const messageId = textOf(fact, "messageId");
    return messageId === ""
      ? null
      : addUnder(messageId, hop(at, "chat-events", `fact: ${textOf(fact, "kind")}`, { record: id }));
  };

  return {
    onPhoneLine(line) {
      const { id, user, at, text } = line;
      if (line.from === "user") {
        open({ id, direction: "to-agent", user, text }, hop(at, "phone", "typed"));
        return;
      }
      const found = byName.get(id) ?? waiting(user, "to-user", ({ trace, isThere }) => !isThere && trace.text === text);
      if (line.from !== "service" || found === undefined) return;
      found.hops.push(hop(at, "phone", "on the user's phone"));
      found.isThere = true;
    },
    onScreenLine(line) {
      const { n, user, at, text } = line;
      if (line.from === "agent") {
        open({ id: traceOfScreenLine(n), direction: "to-user", user, text }, hop(at, "console", "the agent said it"));
        return;
      }
      const isIn = ({ trace, isThere }: Open): boolean => !isThere && trace.text !== "" && text.includes(trace.text);
      for (let found = waiting(user, "to-agent", isIn); found !== undefined;) {
        found.hops.push(hop(at, "console", "on the agent's screen"));
        found.isThere = true;
        found = waiting(user, "to-agent", isIn);
      }
    },
    onWebhook({ id, at, attempts, outcome }) {
      const tries = attempts > 1 ? ` after ${String(attempts)} tries` : "";
      byId.get(id)?.hops.push(hop(at, "webhook", `${outcome}${tries}`, { isTrouble: outcome !== "accepted" }));
    },
    onCall({ at, system, operation, user, status, request }) {
      const fields = fieldsOf(request);
      const text = textOf(fields, "text");
      const isIn = ({ trace }: Open): boolean => trace.text !== "" && text.includes(trace.text);
      const isTrouble = status === null || status >= 400;
      const answer = status === null ? "no answer" : String(status);
      const made = hop(at, system, `${operation}: ${answer}`, { isTrouble });
      const messageId = textOf(fields, "id");
      if (operation === "ChatMessage") {
        const said = underWay.get(user ?? "")?.findLast((one) => one.trace.direction === "to-agent" && isIn(one));
        said?.hops.push(made);
      } else if (messageId !== "") addUnder(messageId, made);
    },
    onRecord(id, record) {
      switch (record.topic) {
        case "channel-messages": {
          const found = byId.get(textOf(fieldsOf(record.value), "messageId"));
          found?.hops.push(hop(record.at, "channel-messages", "taken over by Kafka", { record: id }));
          return found?.trace.id ?? null;
        }
        case "interconnections":
          return onState(id, record);
        case "agent-events":
          return onAgentEvent(id, record);
        case "chat-events":
          return onFact(id, record);
        default:
          return null;
      }
    },
    find(id) {
      const found = byId.get(id);
      if (found === undefined) return undefined;
      const hops = found.hops.toSorted((one, other) => one.at - other.at);
      const isOver = ENDS.every((end) => hops.some(({ what }) => what.startsWith(end)));
      return { ...found.trace, hops, isOver };
    },
    clear() {
      for (const one of [byId, underWay, byName, early]) one.clear();
    },
  };
}

function hop(at: number, place: string, what: string, more: Partial<Pick<Hop, "record" | "isTrouble">> = {}): Hop {
  return { at, place, what, record: null, isTrouble: false, ...more };
}

function commandName(chatId: string, command: ReturnType<typeof fieldsOf>): string {
  return [chatId, textOf(command, "lane"), textOf(command, "seq")].join("/");
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest = ""] = map.keys();
  map.delete(oldest);
}
