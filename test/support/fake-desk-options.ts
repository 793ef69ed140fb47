// How the desk of fake-desk.ts behaves, where desks differ.
import type { DeskEvent } from "../../src/processors/messages/generated.ts";

/** Options of the desk. */
export interface FakeDeskOptions {
  /** Live Agent drops the repeat of a number that it has accepted; a desk that does not lets doubles show. Default true. */
  readonly honoursNumbers?: boolean;
  /** The repeat of an accepted number is answered with 409 and the last number, instead of dropped. Default false. */
  readonly tellsRepeats?: boolean;
  /** After a move, events that were answered and not acknowledged come again, under new numbers. Default true. */
  readonly repeatsAfterMove?: boolean;
  readonly holdMs?: number;
  readonly pollTimeoutMs?: number;
  /** How long it lets users be silent, told with each accept. */
  readonly idle?: Partial<Pick<DeskEvent, "idleLimitSeconds" | "idleWarningSeconds">>;
  /** Told with each chat request. */
  readonly dataRules?: DeskEvent["dataRules"];
  /** E-mails of contacts that may not chat. */
  readonly blocked?: readonly string[];
}
