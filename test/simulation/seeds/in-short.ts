// An entry of a history as a line of a trace.
import type { Entry } from "../../support/history/entries.ts";
import { tokensIn } from "../../support/tokens.ts";

type Lines = { readonly [Kind in Entry["kind"]]?: (entry: Extract<Entry, { readonly kind: Kind }>) => string | null };

/** What the trace has from elsewhere, or is too much for it, has no line. */
const lines: Lines = {
  offered: ({ id }) => `offered ${id}`,
  answered: ({ id, outcome }) => `answered ${outcome} ${id}`,
  settled: ({ id, as }) => `${id} may end as ${as}`,
  shown({ witness, text, session }) {
    const tokens = tokensIn(text);
    return tokens.length === 0 ? null : `the ${witness} sees ${tokens.join(" ")} ${session ?? ""}`;
  },
  replied: ({ id, says }) => `${id}: ${says}`,
  created: ({ what, of }) => `created ${what} ${of}`,
  chat: ({ session, user, step }) => `${session} of ${user} ${step}`,
  "handed back": ({ user }) => `the bot has ${user}`,
  "in flight": ({ ids }) => `a repeat is explained: ${ids.join(" ")}`,
  "dead letter": ({ of, reason, about }) => `dead letter ${of} ${reason} ${about.join(" ")}`,
  poison: ({ of }) => `poison ${of}`,
  process: ({ actor, step }) => `${actor} ${step}`,
  fault: ({ what, step }) => `${what} ${step}`,
  healed: () => "healed",
};

/** The line; null for an entry without one. */
export function inShort(entry: Entry): string | null {
  const line = lines[entry.kind] as ((entry: Entry) => string | null) | undefined;
  return line?.(entry) ?? null;
}
