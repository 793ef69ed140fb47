// A record of the changelog as an entry of a history. Reads headers and value by their contract (docs/contracts.md), not by the runtime's code.
import type { InterconnectionChange } from "../../../src/processors/messages/generated.ts";
import type { ConsumedRecord } from "../../../src/topology/ports.ts";
import type { Untimed } from "../../support/history/entries.ts";

/** The entry; null for a record that is none of the four kinds. */
export function changelogEntry(
  partition: number,
  record: ConsumedRecord,
  decode: (bytes: Buffer) => unknown,
): Untimed | null {
  const { offset, key, value, headers } = record;
  const header = (name: string): string => headers.find((one) => one.name === name)?.value?.toString() ?? "";
  const [epoch = NaN, turn = NaN] = header("version").split(":").map(Number);
  const version = Number.isNaN(epoch + turn) ? null : { epoch, turn };
  const common = { kind: "changelog", partition, offset, producedBy: Number(header("epoch")), version } as const;
  if (value === null) {
    const user = key?.toString().split(":").slice(1).join(":") ?? "";
    return { ...common, body: { type: "user", user, state: null } };
  }
  const { body } = decode(value) as InterconnectionChange;
  switch (body.type) {
    case "Claim":
      return { ...common, body: { type: "claim", actor: body.instanceId } };
    case "Fence":
      return { ...common, body: { type: "fence" } };
    case "Cursor":
      return { ...common, body: { type: "cursor", applied: body.applied } };
    case "UserRecord":
      return { ...common, body: { type: "user", user: body.userId, state: body.state } };
  }
}
