// Words that were told to an agent or a user, and whether who told them can know it: the answer never came, or its instance was stopped before it had
// noted it. Such a word may be called refused, or be a dead letter, besides (docs/guarantees.md). Called by the witness.
import type { LaneMark } from "../../../src/topology/ports.ts";
import type { Untimed } from "../../support/history/entries.ts";

/** Who tells: an instance, by its lane of a user. */
export interface Teller {
  readonly instance: string;
  readonly lane: string;
  readonly userId: string;
}

/** What was told. */
export interface Heard {
  /** The other side has the words. `inDoubt`: the answer does not say so, or nobody is there for it. */
  told(teller: Teller, ids: readonly string[], inDoubt: boolean): void;
  /** A lane has begun a command. */
  begun(mark: Pick<LaneMark, "userId" | "chatId" | "lane" | "seq">): void;
  /** The command to the user's channel or bot that was begun last, by a name of its own. */
  lastBegun(userId: string): string;
  /** The lane has noted what became of its command. */
  noted(teller: Teller): void;
  /** The instance is dead, or stands still. */
  stopped(instance: string): void;
  /** When a word was told last, monotonic milliseconds; undefined for never. */
  lastAt(id: string): number | undefined;
}

/** Nothing told yet. */
export function createHeard(note: (entry: Untimed) => void, now: () => number): Heard {
  const at = new Map<string, number>();
  const notNoted = new Map<string, { readonly instance: string; readonly ids: readonly string[] }>();
  const commands = new Map<string, string>();
  const nameOf = ({ instance, lane, userId }: Teller): string => `${instance} ${lane} ${userId}`;

  return {
    told(teller, ids, inDoubt) {
      for (const id of ids) at.set(id, now());
      if (inDoubt) note({ kind: "unheard", ids });
      else notNoted.set(nameOf(teller), { instance: teller.instance, ids });
    },
    begun({ userId, chatId, lane, seq }) {
      if (lane === "channel") commands.set(userId, `${chatId} ${String(seq)}`);
    },
    lastBegun: (userId) => commands.get(userId) ?? "",
    noted: (teller) => void notNoted.delete(nameOf(teller)),
    stopped(instance) {
      for (const [name, { instance: teller, ids }] of notNoted) {
        if (teller !== instance) continue;
        notNoted.delete(name);
        note({ kind: "unheard", ids });
      }
    },
    lastAt: (id) => at.get(id),
  };
}
