// What tests see of the desk of fake-desk.ts, and how it behaves where desks differ.
import type { CaseFile } from "../../src/processors/desk/files.ts";
import type { Desk, PollAnswer } from "../../src/processors/desk/port.ts";
import type { DeskReport } from "../../src/processors/interconnection/commands.ts";
import type { DeskEvent, DeskEventKind, DeskLostReason } from "../../src/processors/messages/generated.ts";

/** What becomes of a call instead of success; an effect that is `after` has happened all the same. */
export type DeskFault =
  | { readonly kind: "retry"; readonly effect: "none" | "after" }
  | { readonly kind: "refused" }
  | { readonly kind: "throws" }
  /** No answer before the caller gives up. */
  | { readonly kind: "hangs" }
  /** Takes effect and answers after so long, whether the caller still waits or not. */
  | { readonly kind: "slow"; readonly ms: number };

/** One chat at the desk, from the agent's side. */
export interface DeskChat {
  readonly sessionId: string;
  readonly visitorName: string;
  readonly contactId: string;
  readonly caseId: string;
  /** Texts in the order in which the agent saw them. */
  readonly seen: readonly string[];
  /** What the desk was told beside the talk. */
  readonly reports: readonly DeskReport[];
  readonly ended: "agent" | "visitor" | "idle visitor" | "desk" | null;
  /** Polls of the session that were in flight at the same time, at most. */
  readonly pollsAtOnce: number;
  readonly polls: number;
  queue(place: number): void;
  accept(agentName?: string, more?: Partial<DeskEvent>): void;
  say(text: string): void;
  event(kind: DeskEventKind, more?: Partial<DeskEvent>): void;
  end(): void;
  /**
   * The session is on another server now: the route is void until a reconnect. `silently`: a poll that is held is not answered. `anew`:
   * posts are numbered from 1 there. `with the next text`: so too, as soon as it has arrived, and its answer is lost.
   */
  move(how?: "going on" | "silently" | "anew" | "with the next text"): void;
  /** Posts between a reconnect and its resync, which a desk may lose. */
  readonly early: readonly string[];
  /** The desk forgets the session, or has moved to another server. */
  drop(reason?: DeskLostReason): void;
}

/** The desk. */
export interface FakeDesk {
  readonly desk: Desk;
  /** Chats that were requested, oldest first. */
  readonly chats: readonly DeskChat[];
  readonly contacts: ReadonlyMap<string, string>;
  /** Cases by their marker, the chat's id; a second create of the same is in `created`. */
  readonly created: readonly string[];
  /** Ids of cases that were closed. */
  readonly closed: ReadonlySet<string>;
  /** Files at the cases, in the order in which they came. */
  readonly files: readonly CaseFile[];
  readonly sessions: number;
  /** Every call that was made, as `say`. */
  readonly calls: readonly string[];
  /** The next calls of that name meet these faults. */
  fail(call: keyof Desk, ...faults: readonly DeskFault[]): void;
  /** While set, every poll is answered so. */
  answerPolls(answer: PollAnswer | null): void;
  /** While set, posts are answered as if the session had moved, which it has not. */
  voidPosts(on: boolean): void;
}

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
