// What came to be in the simulated org, as entries of a history: one case a chat, one file a message. Pure. Called by evidence.ts.
import type { Fact } from "../support/chat-facts.ts";
import type { Entry } from "../support/history/entries.ts";
import { isHeldUp, type Circumstances } from "./in-flight.ts";

/** Records of the org; times are epoch milliseconds. */
export interface Created {
  readonly cases: readonly { readonly id: string; readonly userId: string | undefined; readonly at: number }[];
  readonly files: readonly { readonly reference: string; readonly at: number }[];
}

/** What tells whose they are, and what explains a second one. */
export interface Around {
  readonly facts: readonly Pick<Fact, "userId" | "chatId" | "caseId" | "kind" | "occurredAt">[];
  readonly struck: Circumstances["struck"];
  /** To be added to epoch milliseconds. */
  readonly monotonicFrom: number;
}

/**
 * A case is that of the chat whose facts name it; one that no fact names was made for the chat that its user had asked for last. A file is named by its
 * message.
 */
export function creations({ cases, files }: Created, { facts, struck, monotonicFrom }: Around): readonly Entry[] {
  const named = new Map(facts.flatMap(({ caseId, chatId }) => (caseId === null ? [] : [[shortId(caseId), chatId]])));
  const lastAsked = (userId: string | undefined, at: number): string | null =>
    facts.findLast((fact) => fact.userId === userId && fact.kind === "requested" && fact.occurredAt <= at)?.chatId ??
    null;
  const made = (epochMs: number, what: string, of: string): readonly Entry[] => {
    const at = epochMs + monotonicFrom;
    const id = `${what} ${of}`;
    const excuse: Entry = { at, kind: "in flight", lane: id, stop: "held up", ids: [id] };
    return [{ at, kind: "created", what, of }, ...(isHeldUp(at, struck) ? [excuse] : [])];
  };
  return [
    ...cases.flatMap(({ id, userId, at }) => {
      const chat = named.get(shortId(id)) ?? lastAsked(userId, at);
      return made(at, "case", chat ?? `of no chat, ${id}`);
    }),
    ...files.flatMap(({ reference, at }) => made(at, "file", reference)),
  ];
}

/** Salesforce writes an id in 15 or 18 characters. */
function shortId(id: string): string {
  return id.slice(0, 15);
}
