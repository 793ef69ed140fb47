// What a call of a port is about and what came of it, read from its name, arguments and answer. Called by the witness.
import type { CallerState, CallOutcome } from "../../../src/topology/in-memory/instance-gate.ts";
import type { SaveRequest, SaveVerdict } from "../../../src/topology/ports.ts";

/** Whose serial queue a call belongs to; null for a call that needs none. */
export function subjectOf(name: string, args: readonly unknown[]): string | null {
  const [first] = args as readonly { readonly id?: string; readonly userId?: string }[];
  if (name === "desk.poll" || name === "desk.say" || name === "desk.requestChat" || name === "desk.end")
    return first?.id ?? null;
  return name === "channel.say" ? (first?.userId ?? null) : null;
}

/** What a call makes that may be there once; null for other calls. A create that comes late can meet that of the next owner, who has looked and found nothing. */
export function creationOf(name: string, args: readonly unknown[]): string | null {
  const [request] = args as readonly { readonly chatId?: string; readonly reference?: string }[];
  if (name === "desk.ensureCase") return `case ${request?.chatId ?? ""}`;
  return name === "desk.attachFile" ? `file ${request?.reference ?? ""}` : null;
}

/** What a call says, and to whom: the agent of a session, or a user. */
export interface Said {
  readonly lane: string;
  readonly subject: string;
  readonly text: string;
}

/** What a call says; null for one that says nothing. */
export function saidBy(name: string, args: readonly unknown[]): Said | null {
  if (name === "desk.say") return { lane: "desk", subject: idOf(args), text: String(args[1]) };
  if (name !== "channel.say") return null;
  const { userId, text } = args[0] as { readonly userId: string; readonly text: string };
  return { lane: "channel", subject: userId, text };
}

/** The id of the session that a call of the desk is about. */
export function idOf([first]: readonly unknown[]): string {
  return (first as { readonly id: string }).id;
}

/** The caller has closed the connection before the request came. */
export function isGivenUp(args: readonly unknown[]): boolean {
  return args.some((argument) => argument instanceof AbortSignal && argument.aborted);
}

/** A claim of a partition index that the store took. */
export function isClaimed(outcome: CallOutcome): boolean {
  return "value" in outcome && (outcome.value as { readonly kind?: string }).kind === "claimed";
}

/** A turn that the store took. */
export function isSaved(outcome: CallOutcome): boolean {
  return "value" in outcome && (outcome.value as SaveVerdict) === "saved";
}

/** What a turn adds to the context of its users, as one text. */
export function rememberedBy([request]: readonly unknown[]): string {
  const { changes } = request as SaveRequest;
  return changes.flatMap(({ remember }) => remember.map(({ json }) => json)).join("\n");
}

/** It may have happened, and its caller does not know. */
export function isInDoubt(outcome: CallOutcome, caller: CallerState): boolean {
  if (caller !== "alive" || "error" in outcome) return true;
  return (outcome.value as { readonly mayHaveHappened?: boolean }).mayHaveHappened === true;
}

/** What the other side answered shows that it was done. */
export function isDone(outcome: CallOutcome): boolean {
  return "value" in outcome && (outcome.value as { readonly kind?: string }).kind === "done";
}
