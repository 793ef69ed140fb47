// What the product needs of the agent side ("the desk"). Live Agent is the first implementation, in clients/salesforce.
// Secrets are plain on this side of the port; the gateway seals them before they reach any topic or store.
import type { DeskEvent, DeskLostReason } from "../messages/generated.ts";
import type { CloseCase, DeskReport, EnsureCase, EnsureContact } from "../interconnection/commands.ts";
import type { Done, Outcome } from "../outcome.ts";
import type { CaseFiles } from "./files.ts";

/** First words of why a person account could not be made; operators look for them. */
export const accountFailed = "Create account has failed";

/** A session with its secrets in the clear. Never logged, never stored. */
export interface OpenedSession {
  readonly id: string;
  readonly key: string;
  readonly route: string;
  readonly pollTimeoutMs: number;
  /** Posts carry a number; false for a session that was begun without. */
  readonly numbered: boolean;
}

/** What the desk is told of the chat when an agent is asked for. */
export interface ChatRequestDetails {
  readonly buttonId: string;
  readonly visitorName: string;
  readonly contactId: string;
  readonly caseId: string;
}

/**
 * A post carries a number. The desk drops a repeat of an accepted number; `outOfStep` tells the last number that it has
 * accepted, when it says so, and the lane repeats with the next one. With `moved` the route is void: it is repeated when the
 * session was reconnected.
 */
export type PostOutcome =
  | Done
  | { readonly kind: "outOfStep"; readonly lastAccepted: number }
  | (Extract<Done, { readonly kind: "retry" }> & { readonly moved: true });

/**
 * Why our side ends a chat: it is over for us, or its user was silent for as long as the desk lets him. `unsynced`: it is over, its session
 * has moved, and nobody is there for the resync before which nothing may be said; it is given up whole.
 */
export type EndReason = "left" | "user_idle" | "unsynced";

/** What one long poll brought. */
export type PollAnswer =
  | {
      readonly kind: "events";
      readonly position: number;
      readonly resumeToken: string | null;
      readonly events: readonly DeskEvent[];
      /** For the log, in words that operators of this desk know; without personal data. */
      readonly notes?: readonly string[];
      /** The session is gone with them: they are the last. */
      readonly lost?: { readonly reason: DeskLostReason; readonly detail: string };
    }
  | { readonly kind: "nothing" }
  /** Another poll of this session is in flight somewhere. */
  | { readonly kind: "conflict" }
  /** The route is void: reconnect. */
  | { readonly kind: "moved"; readonly detail?: string }
  | { readonly kind: "lost"; readonly reason: DeskLostReason; readonly detail: string }
  | { readonly kind: "failed"; readonly detail: string; readonly retryAfterMs: number | null };

/** The agent side. Each call is one try; nothing in here repeats. */
export interface Desk extends CaseFiles {
  /**
   * Finds the contact by e-mail, phone and configured fields; creates it only when all searches answered and found nothing.
   * With `mayExist` an earlier try of the same command may have created it.
   */
  ensureContact(
    request: EnsureContact,
    mayExist: boolean,
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly contactId: string; readonly created: boolean; readonly blocked: boolean }>>;
  /** Creates the case; with `mayExist` it is looked for first, by contact, subjects, origin and time. */
  ensureCase(
    request: EnsureCase,
    mayExist: boolean,
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly caseId: string; readonly created: boolean }>>;
  /** Closes a case whose chat failed, unless somebody has taken it on, closed or deleted it. Repeat-safe. */
  closeCase(request: CloseCase, signal: AbortSignal): Promise<Outcome<{ readonly closed: boolean }>>;
  openSession(signal: AbortSignal): Promise<Outcome<OpenedSession>>;
  requestChat(
    session: OpenedSession,
    details: ChatRequestDetails,
    postSequence: number,
    signal: AbortSignal,
  ): Promise<PostOutcome>;
  say(session: OpenedSession, text: string, postSequence: number, signal: AbortSignal): Promise<PostOutcome>;
  /** Tells something beside the talk. A desk that does not know of such a thing answers refused or broken. */
  report(session: OpenedSession, report: DeskReport, postSequence: number, signal: AbortSignal): Promise<PostOutcome>;
  /** Ends the chat. A session that is gone is done. */
  end(session: OpenedSession, why: EndReason, postSequence: number, signal: AbortSignal): Promise<PostOutcome>;
  /**
   * One long poll. `position` is the number of the last event that is durably ours, -1 for none. Resolves when the desk
   * answers or soon after session.pollTimeoutMs (`failed`); rejects only when aborted, and then its socket is closed.
   */
  poll(session: OpenedSession, position: number, signal: AbortSignal): Promise<PollAnswer>;
  /** After `moved`: the session with its new route. `resumeToken` is the last one told, null or empty for none. */
  reconnect(
    session: OpenedSession,
    resumeToken: string | null,
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly session: OpenedSession; readonly resetsPostSequence: boolean }>>;
  /** After the first answer that follows a reconnect; carries no post number. */
  resync(session: OpenedSession, signal: AbortSignal): Promise<Done>;
}

/** Seals secrets so that they can stand in topics and Redis. */
export interface Sealer {
  /** Never fails. The sealed text is bound to user and chat: it opens nowhere else. */
  seal(plain: string, boundTo: { readonly userId: string; readonly chatId: string }): string;
  /** The plain text; null when it was sealed for another user or chat, damaged, or with a key that is not configured. */
  unseal(sealed: string, boundTo: { readonly userId: string; readonly chatId: string }): string | null;
  /** Short one-way hash of a secret, to tell two of them apart. */
  fingerprint(plain: string): string;
}
