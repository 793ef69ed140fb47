// I9: nothing secret or personal in what the service writes.
import { findCanaries } from "../canaries.ts";
import { nothing, type Check } from "./finding.ts";

/** A check of outputs for these canaries, in every form. The finding names the form and the place, not the canary. */
export function createSecretsCheck(canaries: Iterable<string>): Check {
  const planted = [...canaries];
  return {
    see(entry) {
      if (entry.kind !== "wrote") return nothing;
      return findCanaries(entry.text, planted).map(({ canary, form, at }) => ({
        invariant: "I9",
        what: "leak",
        subject: entry.where,
        detail: `canary ${String(planted.indexOf(canary))} ${form}, at character ${String(at)}`,
        at: entry.at,
      }));
    },
    end: () => nothing,
  };
}
