// A record of the changelog as an entry of a history. Reads headers and value by their contract (docs/contracts.md), not by the runtime's code.
import type { InterconnectionChange } from "../../../src/processors/messages/generated.ts";
import type { Untimed } from "./entries.ts";

/** A record of it, read by any consumer; header values as text. */
export interface ChangelogRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  header(name: string): string;
}

/** The entry; `body` is that of its decoded value, null for a tombstone. */
export function changelogEntry(record: ChangelogRecord, body: InterconnectionChange["body"] | null): Untimed {
  const { partition, offset, key, header } = record;
  const [epoch = NaN, turn = NaN] = header("version").split(":").map(Number);
  const version = Number.isNaN(epoch + turn) ? null : { epoch, turn };
  const common = { kind: "changelog", partition, offset, producedBy: Number(header("epoch")), version } as const;
  if (body === null) {
    const user = key?.toString().split(":").slice(1).join(":") ?? "";
    return { ...common, body: { type: "user", user, state: null } };
  }
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
