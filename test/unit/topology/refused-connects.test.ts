// The line about a connect that was refused: for whom it is told, its words, and that nobody can be known by it.
import { expect, it } from "vitest";

import { tellRefusedConnects } from "../../../src/topology/refused-connects.ts";
import { createUser } from "../processors/interconnection/user.ts";

function linesOf(
  ...steps: readonly (readonly [user: ReturnType<typeof createUser>, act: () => unknown])[]
): readonly string[] {
  const lines: string[] = [];
  const log = {
    info: () => undefined,
    warn: ({ refusal }: Readonly<Record<string, unknown>>) => void lines.push(String(refusal)),
    error: () => undefined,
  };
  for (const [user, act] of steps) {
    const before = user.facts.length;
    act();
    const input = user.inputs.at(-1);
    if (input === undefined) throw new Error("nothing was decided");
    tellRefusedConnects({ facts: user.facts.slice(before) }, input, log);
  }
  return lines;
}

it("is told of every connect that is refused, by request, by a step of the opening, by an end before it was open", () => {
  const open = createUser();
  open.connect("r1");
  const blocked = createUser();
  blocked.connect("r1");
  const failed = createUser();
  failed.connect("r1");
  expect(
    linesOf(
      [open, () => open.connect("r2")],
      [
        blocked,
        () => blocked.result("done", { type: "ContactReady", contactId: "003x", created: false, blocked: true }),
      ],
      [failed, () => failed.result("refused")],
      [open, () => open.finish("f1")],
    ),
  ).toEqual([
    "could not create chat in salesforce: chat_open",
    "could not create chat in salesforce: this contact is blocked",
    "could not create chat in salesforce: 503",
    "could not create chat in salesforce: ended before it was open",
  ]);
});

it("is not told of a finish that nobody has a chat for, nor of a connect that is accepted", () => {
  const user = createUser();
  expect(linesOf([user, () => user.finish("f1")], [user, () => user.connect("r1")])).toEqual([]);
});
