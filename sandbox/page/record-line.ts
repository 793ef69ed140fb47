// Says in a few words what a decoded record is, for its line in the river. Pure. Called by page.ts for every record; shares no code with
// src/, and so reads the records as any other reader of the topics would.
import type { TappedRecord } from "./record-tap.ts";

/** What a record is. */
export interface RecordLine {
  /** User whose record it is; null for control records. */
  readonly user: string | null;
  /** One word: kind of a fact, name of the body, status of a state. */
  readonly kind: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields of a value; none where it is not an object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** A text among the fields; empty where there is none. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** Name and fields of a union's branch, as Avro's JSON has it: `{"namespace.Name": {…}}`. */
export function branchOf(value: unknown): { readonly name: string; readonly fields: Fields } {
  const [entry] = Object.entries(fieldsOf(value));
  return { name: entry?.[0].split(".").at(-1) ?? "", fields: fieldsOf(entry?.[1]) };
}

const READERS: Readonly<Record<string, (value: Fields) => Omit<RecordLine, "user">>> = {
  "chat-requests"(value) {
    const { name, fields } = branchOf(value["body"]);
    const details = [textOf(fields, "name"), textOf(fields, "channel"), textOf(fields, "action")];
    return { kind: name, text: details.filter((part) => part !== "").join(", ") };
  },
  "channel-messages"(value) {
    const media = fieldsOf(fieldsOf(value["media"])["salesforceintegration.Media"] ?? value["media"]);
    const said = textOf(value, "text") || textOf(media, "caption");
    const type = textOf(value, "type");
    return { kind: textOf(value, "author"), text: type === "text" ? said : `${type} ${said}`.trim() };
  },
  "agent-events": agentEvent,
  "chat-events"(value) {
    const reason = textOf(value, "reason");
    const parts = [
      reason === "none" ? "" : reason,
      textOf(value, "agentName"),
      textOf(value, "textChars") && `${textOf(value, "textChars")} characters`,
      textOf(value, "botState"),
      textOf(value, "detail"),
    ];
    return { kind: textOf(value, "kind"), text: parts.filter((part) => part !== "").join(", ") };
  },
  interconnections: change,
  "dead-letters": (value) => ({ kind: textOf(value, "reason"), text: textOf(value, "detail") }),
};

function agentEvent(value: Fields): Omit<RecordLine, "user"> {
  const { name, fields } = branchOf(value["body"]);
  if (name === "CommandResult") {
    const attempts = Number(fields["attempts"]);
    const which = `${textOf(fields, "lane")} command ${textOf(fields, "seq")}`;
    const how = [textOf(fields, "outcome"), textOf(fields, "reason"), attempts > 1 ? `${String(attempts)} tries` : ""];
    return { kind: "result", text: `${which}: ${how.filter((part) => part !== "").join(", ")}` };
  }
  if (name === "DeskEvents") {
    const events = Array.isArray(fields["events"]) ? fields["events"].map(fieldsOf) : [];
    const words = events.map((event) => [textOf(event, "kind"), textOf(event, "text")].join(" ").trim());
    return { kind: "desk", text: words.join(" · ") };
  }
  return { kind: name === "DueTime" ? "due" : name, text: textOf(fields, "kind") || textOf(fields, "reason") };
}

function change(value: Fields): Omit<RecordLine, "user"> {
  const { name, fields } = branchOf(value["body"]);
  const turn = `turn ${textOf(value, "turn")}`;
  if (name === "UserRecord") {
    const commands = pendingOf(fields).map((command) => textOf(command, "kind"));
    const waiting = commands.length === 0 ? "nothing pending" : `pending ${commands.join(", ")}`;
    return { kind: textOf(fields, "status"), text: `${turn}, ${waiting}` };
  }
  if (name === "Claim" || name === "Fence") {
    return { kind: name.toLowerCase(), text: `by ${textOf(fields, "instanceId")}` };
  }
  return { kind: name.toLowerCase(), text: turn };
}

/** Commands of a state that have no result yet. */
export function pendingOf(userRecord: Fields): readonly Fields[] {
  const { bridge } = fieldsOf(parsed(textOf(userRecord, "state")));
  const { pending } = fieldsOf(bridge);
  return Array.isArray(pending) ? pending.map(fieldsOf) : [];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The line of a record. */
export function lineOf(record: TappedRecord): RecordLine {
  const { topic, key, value } = record;
  if (value === null) return { user: ownerOf(key), kind: "tombstone", text: "deleted" };
  if (typeof value === "string") return { user: ownerOf(key), kind: "unreadable", text: value };
  const fields = fieldsOf(value);
  const read = READERS[topic];
  if (read === undefined) return { user: ownerOf(key), kind: topic, text: "" };
  return { user: textOf(fields, "userId") || ownerOf(key), ...read(fields) };
}

/** The user in a key: `userID`, or `client:userID`; none in control records. */
function ownerOf(key: string | null): string | null {
  if (key === null || key.startsWith("#")) return null;
  return key.slice(key.indexOf(":") + 1);
}
