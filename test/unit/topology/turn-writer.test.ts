// Writing a turn: what the store refuses is not taken for saved, and so nothing of it is produced, committed or acted on.
import { expect, it } from "vitest";

import type { SaveRequest, SaveVerdict } from "../../../src/topology/ports.ts";
import { isLost } from "../../../src/topology/retry.ts";
import { storeUnavailable } from "../../../src/topology/store-unavailable.ts";
import { emptyTurn } from "../../../src/topology/turn.ts";
import { createTurnWriter, type Progress, type WriterTools } from "../../../src/topology/turn-writer.ts";
import { createOwnerParts } from "../../support/owner-parts.ts";

const offsets = (offset: number) => ({ "agent-events": offset, "chat-requests": offset, "channel-messages": offset });

const mayComeLate = (): void => undefined;

function progressOf(): Progress {
  const { signal } = new AbortController();
  const place = {
    applied: offsets(3),
    produced: offsets(3),
    changelogPosition: 9,
    outboxEmpty: true,
    rest: Promise.resolve(),
  };
  return { epoch: 5, signal, turn: 7, ...place, mayComeLate };
}

/** A writer whose store answers so, one answer a save. */
function writerOn(answers: readonly (SaveVerdict | Error)[]) {
  const parts = createOwnerParts();
  const asked: SaveRequest[] = [];
  const save = (request: SaveRequest): Promise<SaveVerdict> => {
    const answer = answers[asked.length] ?? "saved";
    asked.push(request);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  // Nothing but the store is asked for by a save.
  const tools = { ...parts, store: { ...parts.store.store, save } } as unknown as WriterTools;
  const waits = { begin: () => undefined, end: () => undefined };
  return { ...parts, asked, writer: createTurnWriter(0, tools, waits) };
}

it.each(["fenced", "behind", "missing"] as const)("a turn that the store calls %s ends the tenure", async (verdict) => {
  const progress = progressOf();
  const { writer } = writerOn([verdict]);
  const said = writer.save(emptyTurn(offsets(4)), progress).then(
    () => "saved",
    (error: unknown) => (isLost(error) ? "lost" : error),
  );
  expect(await said).toBe("lost");
  expect(progress).toEqual({ ...progressOf(), signal: progress.signal });
});

it("a save of unknown outcome is repeated as it was", async () => {
  const progress = progressOf();
  const { writer, asked, clock } = writerOn([storeUnavailable("TIMED_OUT"), "saved"]);
  const saved = writer.save(emptyTurn(offsets(4)), progress);
  await clock.advance(1_000);
  await saved;
  expect(asked).toHaveLength(2);
  expect(asked[1]).toEqual(asked[0]);
  expect([progress.turn, progress.applied]).toEqual([8, offsets(4)]);
});
