// Marks of lanes in Redis: which command has begun, which is done, and the lane's last post number. One hash per user, which
// the save removes when the user is no longer live. Part of the Store port.
import type { Store } from "../../topology/ports.ts";
import { type KeySpace, indexKey, marksKey } from "./keys.ts";
import { numberOf, textOf } from "./reply-values.ts";
import type { RunScript } from "./scripts.ts";

/** The calls of the Store port that are about marks. */
export function laneMarks(run: RunScript, space: KeySpace): Pick<Store, "begin" | "finish"> {
  return {
    async begin(mark, postSequence, renumber) {
      const answer = (await run(
        "begin",
        [indexKey(space, mark.partition), marksKey(space, mark.userId)],
        [String(mark.epoch), fieldOf(mark), String(mark.seq), numberOrNone(postSequence), renumber ? "1" : "0"],
      )) as unknown[];
      const kind = textOf(answer[0]);
      if (kind === "fenced") return { kind };
      const postNumber = numberOrNull(textOf(answer[1]));
      if (kind === "done") return { kind, postSequence: postNumber };
      return { kind: "begun", postSequence: postNumber, repeated: numberOf(answer[2]) === 1 };
    },
    async finish(mark, postSequence) {
      const answer = await run(
        "finish",
        [indexKey(space, mark.partition), marksKey(space, mark.userId)],
        [String(mark.epoch), fieldOf(mark), String(mark.seq), numberOrNone(postSequence)],
      );
      return textOf(answer) === "fenced" ? "fenced" : "done";
    },
  };
}

function fieldOf(mark: { readonly chatId: string; readonly lane: string }): string {
  return `${mark.chatId}:${mark.lane}`;
}

function numberOrNull(text: string): number | null {
  return text === "" ? null : Number(text);
}

function numberOrNone(value: number | null): string {
  return value === null ? "" : String(value);
}
