// What the visitor looks at: chosen phone, seat, chat, filters, panel. Owns nothing of the world. Read and written by the components.
import { signal } from "@preact/signals";

import type { RiverRecord } from "../../protocol.ts";

/** The panels of a narrow screen, one at a time. */
export type Panel = "phone" | "console" | "flow" | "faults";

/** Panel that a narrow screen shows. */
export const panel = signal<Panel>("phone");
/** User whose phone is in the visitor's hand; null: the first one. */
export const chosenUser = signal<string | null>(null);
/** Agent in whose chair the visitor sits; null: the first one. */
export const chosenAgent = signal<string | null>(null);
/** Chat that is open in the console; null: the newest one that is the agent's. */
export const chosenChat = signal<string | null>(null);
/** Topics that the river hides. */
export const hiddenTopics = signal<ReadonlySet<string>>(new Set());
/** User whose records alone the river shows; empty: everybody's. */
export const riverUser = signal("");
/** Whether the river shows the records by which the service keeps its books. */
export const showsControl = signal(false);
/** What the river has stood still with; null: it flows. Whole, since the newest records forget the oldest. */
export const held = signal<readonly RiverRecord[] | null>(null);
/** Record whose whole content is shown. */
export const openRecord = signal<string | null>(null);
/** Message that is followed. */
export const followed = signal<string | null>(null);
/** A message was followed at least once. */
export const hasFollowed = signal(false);
/** Something to tell the visitor; empty when there is nothing. */
export const notice = signal("");
/** How long a switched-on fault lasts, seconds; 0: until it is switched off. */
export const faultSeconds = signal(15);
/** The guided steps are shown. */
export const showsSteps = signal(true);

/** Follows a message through everything. */
export function follow(trace: string): void {
  followed.value = trace;
  openRecord.value = null;
  hasFollowed.value = true;
  panel.value = "flow";
}
