// The case of a chat that failed: kept for the user's next connect, closed when none took it within 24 h (defect D11). Owns that
// a user has at most one, and that every one is either taken or closed. Called where an opening begins or fails, and when the time comes.
import type { CaseClosed, CommandResult } from "../messages/generated.ts";
import type { EnsureCase } from "./commands.ts";
import { change, type ChatRef, type Draft } from "./draft.ts";
import { tell } from "./facts.ts";
import { give } from "./lanes.ts";
import type { LooseCase } from "./state.ts";

const looseCaseLifeMs = 86_400_000;
const closeLifeMs = 300_000;
/** Of one user's flows in a day; the oldest go first. */
const subjectsMax = 10;

/** Keeps a case for the user's next connect. One that was kept before, for a contact that is not the present one, is closed. */
export function keepCase(draft: Draft, chat: ChatRef, { caseId, contactId }: Omit<LooseCase, "until">): void {
  const before = draft.state.looseCase;
  const until = draft.input.now + looseCaseLifeMs;
  const others = draft.state.due.filter(({ kind }) => kind !== "close_case");
  const due = { kind: "close_case" as const, chatId: chat.chatId, at: until };
  change(draft, { looseCase: { caseId, contactId, until }, due: [...others, due] });
  if (before !== null && before.caseId !== caseId) giveCloseCase(draft, chat, before.caseId);
}

/** The case that waits for that contact; null when none does. It stays kept until it is known what the chat got: an opening may fail before. */
export function keptCase({ state, input, settings }: Draft, contactId: string): string | null {
  const { looseCase } = state;
  if (looseCase?.contactId !== contactId) return null;
  // One whose day ends while the chat is being opened would be closed under its agent.
  return looseCase.until > input.now + settings.openBudgetMs ? looseCase.caseId : null;
}

/** The case of a chat that is being opened is known. The one that was kept is that one, or could not be taken by it, and goes. */
export function caseFound(draft: Draft, chat: ChatRef): void {
  const { looseCase, due } = draft.state;
  if (chat.contactId === null || looseCase?.contactId !== chat.contactId) return;
  change(draft, { looseCase: null, due: due.filter(({ kind }) => kind !== "close_case") });
  if (looseCase.caseId !== chat.caseId) giveCloseCase(draft, chat, looseCase.caseId);
}

/** A create that may have happened unseen, known by its result: the next one for that contact looks for it first. */
export function doubtCase(draft: Draft, command: EnsureCase, { outcome, attempts, data }: CommandResult): void {
  if (outcome === "done") {
    // A case that was kept was taken without a look for others.
    const wasLookedFor = data?.type === "CaseReady" && data.caseId !== command.kept;
    if (wasLookedFor && isDoubt(draft, command)) change(draft, { doubtfulCase: null });
    return;
  }
  // One try that was refused has certainly made none.
  if (attempts === 0 || (outcome === "refused" && attempts === 1)) return;
  const { contactId, channel, subject, otherSubjects = [], notBefore } = command;
  const until = draft.input.now + looseCaseLifeMs;
  change(draft, { doubtfulCase: { contactId, channel, subject, otherSubjects, notBefore, until } });
}

/**
 * How the case that creates of before may have left is looked for: since when, and what it may be called beside the present
 * subject. Null when there is no such doubt.
 */
export function doubtOf(
  draft: Draft,
  wanted: Pick<EnsureCase, "contactId" | "channel" | "subject">,
): Pick<EnsureCase, "notBefore" | "otherSubjects"> | null {
  const doubt = draft.state.doubtfulCase ?? null;
  if (doubt === null || !isDoubt(draft, wanted)) return null;
  const { subject, otherSubjects = [], notBefore } = doubt;
  const subjects = new Set([subject, ...otherSubjects]);
  subjects.delete(wanted.subject);
  return { notBefore, otherSubjects: [...subjects].slice(0, subjectsMax) };
}

function isDoubt({ state, input }: Draft, { contactId, channel }: Pick<EnsureCase, "contactId" | "channel">): boolean {
  const doubt = state.doubtfulCase ?? null;
  if (doubt === null || doubt.until <= input.now) return false;
  return doubt.contactId === contactId && doubt.channel === channel;
}

/** Nobody has taken it in time: it is closed, behind what the desk lane has to do for the present chat. */
export function closeCaseDue(draft: Draft): void {
  const { looseCase, interconnection } = draft.state;
  if (looseCase === null || interconnection === null) return;
  change(draft, { looseCase: null });
  giveCloseCase(draft, interconnection, looseCase.caseId);
}

/** Closes a case that no connect will take. */
export function giveCloseCase(draft: Draft, chat: ChatRef, caseId: string): void {
  give(draft, chat, { lane: "desk", kind: "CloseCase", caseId, giveUpAt: draft.input.now + closeLifeMs });
}

/** It was looked at; a fact only where it was closed by us. */
export function caseClosed(draft: Draft, chat: ChatRef, caseId: string, { closed }: CaseClosed): void {
  if (closed) tell(draft, { ...chat, contactId: null, caseId }, "case_closed");
}
