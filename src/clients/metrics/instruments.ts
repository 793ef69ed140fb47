// Every metric of the service as data: name, help, labels. The names of the Metrics port are all here, or it does not compile;
// what is exported is `salesforce_integration_<name>`, timers in seconds.
import type { CounterName, GaugeName, TimerName } from "../../topology/ports.ts";

/** What is known of one metric. */
export interface Instrument {
  readonly help: string;
  /** Labels that it may carry; others are dropped. Never a user. */
  readonly labels: readonly string[];
}

/** Counters of the HTTP edge. */
export type HttpCounterName = "http_requests" | "legacy_tokens" | "late_replies" | "ignored_messages";
/** Timers of the HTTP edge. */
export type HttpTimerName = "http_request";

/** Counters, exported with `_total`. */
export const counters: Readonly<Record<CounterName | HttpCounterName, Instrument>> = {
  records_applied: { help: "Input records that saved turns have taken, the skipped among them.", labels: ["topic"] },
  records_skipped: {
    help: "Input records not decided: foreign, of another client; misplaced, moved to their partition.",
    labels: ["topic", "reason"],
  },
  turns: { help: "Turns saved.", labels: [] },
  dead_letters: { help: "Records and messages given up.", labels: ["reason"] },
  produce_failures: { help: "Sends that a broker did not acknowledge.", labels: ["code"] },
  takeovers: {
    help: "Partition indexes taken over: released, by the owner before; claimed, when it had not let go, or there was none.",
    labels: ["reason"],
  },
  fenced: {
    help: "Steps that found another owner, or a store that lost the index: claim, catch_up, save, mark, look.",
    labels: ["step"],
  },
  commands: { help: "Commands that ended, by outcome.", labels: ["kind", "outcome"] },
  command_attempts: { help: "Calls made for commands, repeats included.", labels: ["kind"] },
  polls: { help: "Long polls that ended, by answer.", labels: ["answer"] },
  alarms: { help: "Things that a person must look at.", labels: ["alarm"] },
  circuits_opened: {
    help: "Times that calls to an outside system began to be held back, because they failed.",
    labels: ["system"],
  },
  calls_held_back: { help: "Calls to an outside system that were not made.", labels: ["system", "reason"] },
  http_requests: { help: "HTTP requests answered.", labels: ["method", "route", "status"] },
  legacy_tokens: {
    help: "Tokens without expiry, of the service before this one, that were accepted.",
    labels: ["role"],
  },
  late_replies: { help: "Connects and finishes whose outcome was not known in time.", labels: ["operation"] },
  ignored_messages: { help: "Webhook messages of ignored types.", labels: [] },
};

/** Timers: histograms, exported with `_seconds`. */
export const timers: Readonly<Record<TimerName | HttpTimerName, Instrument>> = {
  turn: { help: "Time of a turn, from taking records to the acknowledgement of its changelog part.", labels: [] },
  save: { help: "Time of the state store's save.", labels: [] },
  changelog: {
    help: "Wait of a saved turn for the acknowledgement of its changelog part, repeats included.",
    labels: [],
  },
  produce: { help: "Time of a send to the broker's acknowledgement, of all producers.", labels: [] },
  takeover: { help: "Time from claim to running.", labels: [] },
  command: { help: "Time of a command in its lane, from its first try to its end.", labels: ["kind"] },
  rate_limit_wait: {
    help: "Wait of a text or file for its turn, where the limit of its direction made it wait.",
    labels: ["lane"],
  },
  input_age: { help: "Age of a turn's oldest record of a topic when it was decided.", labels: ["topic"] },
  http_request: { help: "Time of an HTTP request.", labels: ["method", "route"] },
};

/** Gauges. */
export const gauges: Readonly<Record<GaugeName, Instrument>> = {
  owned_indexes: { help: "Partition indexes that this instance owns.", labels: [] },
  inbox_records: { help: "Records taken from Kafka and not decided yet.", labels: ["partition"] },
  lane_depth: { help: "Commands waiting in lanes.", labels: ["partition", "lane"] },
  open_chats: { help: "Chats that are open.", labels: ["partition", "status"] },
  open_polls: { help: "Chats that are being polled.", labels: ["partition"] },
  consumer_lag: { help: "Records in an input topic beyond the last applied one.", labels: ["topic", "partition"] },
  pending_due: { help: "Moments that states wait for.", labels: ["partition"] },
  circuit_open: { help: "1 while calls to an outside system are held back because they fail.", labels: ["system"] },
  api_usage: {
    help: "Share of the org's daily calls of the data API that are used, as Salesforce last told it.",
    labels: [],
  },
};

/** Upper bounds of the timers' buckets, in seconds: a turn takes milliseconds, a command up to minutes. */
export const bucketsSeconds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];
