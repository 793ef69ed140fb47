// I1 and I2 for requests and for what they bring about: every accepted request ends, in one way; one case, contact, session each.
import { parseToken } from "../tokens.ts";
import { listOf, nothing, type Check, type Finding } from "./finding.ts";
import type { Entry, Outcome, Replied } from "./entries.ts";

interface Asked {
  outcome: Outcome;
  says: string | null;
  settled: boolean;
}

/** A check of requests and creations. */
export function createRequestsCheck(): Check {
  const requests = new Map<string, Asked>();
  const created = new Map<string, number>();
  const permitted = new Map<string, true[]>();

  function reply({ id, says }: Replied, at: number): readonly Finding[] {
    const request = requests.get(id);
    if (request === undefined)
      return [{ invariant: "I1", what: "phantom", subject: id, detail: `${says}, never asked`, at }];
    const before = request.says ?? says;
    request.says = before;
    if (before === says) return nothing;
    return [{ invariant: "I2", what: "two ends", subject: id, detail: `${before}, then ${says}`, at }];
  }

  function take(entry: Entry): void {
    if (entry.kind === "offered" && parseToken(entry.id) === null)
      requests.set(entry.id, { outcome: "info", says: null, settled: false });
    if (entry.kind === "created") created.set(nameOf(entry), (created.get(nameOf(entry)) ?? 0) + 1);
    if (entry.kind === "in flight") for (const id of entry.ids) listOf(permitted, id).push(true);
    if (entry.kind === "dead letter") for (const id of entry.about) settle(id);
    if (entry.kind === "settled") settle(entry.id);
  }

  function settle(id: string): void {
    const request = requests.get(id);
    if (request !== undefined) request.settled = true;
  }

  return {
    see(entry) {
      if (entry.kind === "replied") return reply(entry, entry.at);
      if (entry.kind === "answered") {
        const request = requests.get(entry.id);
        if (request !== undefined) request.outcome = entry.outcome;
      }
      take(entry);
      return nothing;
    },
    end() {
      const unanswered = [...requests].filter(
        ([, { outcome, says, settled }]) => outcome === "ok" && says === null && !settled,
      );
      const twice = [...created].filter(([name, times]) => times > 1 + (permitted.get(name)?.length ?? 0));
      return [
        ...unanswered.map(([subject]): Finding => ({
          invariant: "I1",
          what: "lost",
          subject,
          detail: "a request without an end",
          at: null,
        })),
        ...twice.map(([subject, times]): Finding => ({
          invariant: "I2",
          what: "doubled",
          subject,
          detail: `came to be ${String(times)} times`,
          at: null,
        })),
      ];
    },
  };
}

const nameOf = ({ what, of }: { readonly what: string; readonly of: string }): string => `${what} ${of}`;
