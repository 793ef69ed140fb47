// What GET /v1/context reads, without a store: what stands in history and state at once is shown once.
import { describe, expect, it } from "vitest";

import { createContextReader } from "../../../../src/clients/redis/context.ts";
import { formatRecord } from "../../../../src/processors/interconnection/record.ts";
import { userIn } from "../../processors/interconnection/user.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

it("the context is oldest first by the time that its sender gave, in whatever order it was received", async () => {
  const user = userIn("NONE");
  for (const [text, occurredAt] of [
    ["second", 2_000],
    ["third", 3_000],
    ["first", 1_000],
  ] as const)
    user.message(text, text, { occurredAt });
  const history = user.memory.history.map((entry) => JSON.stringify(entry));
  const reader = createContextReader(() => Promise.resolve([{ state: null, history, seen: [] }]), log);
  expect((await reader.of("u"))?.map(({ text }) => text)).toEqual(["first", "second", "third"]);
});

describe("the context of a user who waits", () => {
  it.each(["CONNECTING", "ON_HOLD"] as const)("shows a message without an id once (%s)", async (status) => {
    const user = userIn(status);
    user.message("", "uno");
    user.message("", "uno");
    user.message("m1", "dos");
    const stored = {
      state: formatRecord("u", "test", user.state),
      history: user.memory.history.map((entry) => JSON.stringify(entry)),
      seen: [],
    };
    const reader = createContextReader(() => Promise.resolve([stored]), log);
    expect((await reader.of("u"))?.map(({ text }) => text)).toEqual(["uno", "uno", "dos"]);
  });
});
