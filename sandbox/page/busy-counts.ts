// Owns how often each node of the graph has been busy: records written to topics, turns, commands, calls outside. Keyed by the node's
// label, as the service prints it; a label that is not known here has no count. Called by feed.ts.
import { branchOf, fieldsOf, textOf } from "./record-line.ts";
import type { TappedRecord } from "./record-tap.ts";
import type { SeenCall } from "./traces.ts";

/** The counts. */
export interface BusyCounts {
  onRecord(record: TappedRecord): void;
  onCall(call: SeenCall): void;
  add(label: string, by: number): void;
  /** Those that changed since they were last taken. */
  takeChanged(): Readonly<Record<string, number>>;
  all(): Readonly<Record<string, number>>;
}

const DATA_API = /^(query|composite|create|read|update|upsert|delete)\b/;
const OUTSIDE: Readonly<Record<string, string>> = {
  integrations: "Integrations API",
  botrunner: "Botrunner",
  "studio-ng": "Studio NG",
};

/** All at nothing. */
export function createBusyCounts(): BusyCounts {
  const counts = new Map<string, number>();
  const changed = new Set<string>();
  const add = (label: string, by = 1): void => {
    if (by === 0) return;
    counts.set(label, (counts.get(label) ?? 0) + by);
    changed.add(label);
  };
  return {
    onRecord(record) {
      add(record.topic);
      const { name, fields } = branchOf(fieldsOf(record.value)["body"]);
      if (name === "Cursor") add("interconnection");
      if (name === "UserRecord") add("Redis");
      if (name === "DeskEvents") add("desk poller");
      if (name === "CommandResult") add(`${textOf(fields, "lane")} gateway`);
    },
    onCall: ({ system, operation }) => add(outside(system, operation)),
    add,
    takeChanged() {
      const taken = Object.fromEntries([...changed].map((label) => [label, counts.get(label) ?? 0]));
      changed.clear();
      return taken;
    },
    all: () => Object.fromEntries(counts),
  };
}

function outside(system: string, operation: string): string {
  if (system !== "salesforce") return OUTSIDE[system] ?? system;
  if (operation === "token") return "Salesforce OAuth";
  return DATA_API.test(operation) ? "Salesforce data API" : "Live Agent";
}
