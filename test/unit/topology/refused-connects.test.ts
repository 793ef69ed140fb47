// The line about a connect that was refused: for whom it is told, its words, and that nobody can be known by it.
import { expect, it } from "vitest";

import { answerOf } from "../../../src/ingress/reply-answers.ts";
import { tellRefusedConnects } from "../../../src/topology/refused-connects.ts";
import { createUser } from "../processors/interconnection/user.ts";

type Replies = ReturnType<ReturnType<typeof createUser>["connect"]>["replies"];

function sentenceOf(reply: Replies[number]["reply"]): unknown {
  const { body } = answerOf(reply, "original");
  return typeof body === "object" && body !== null && "ErrorDescription" in body ? body.ErrorDescription : null;
}

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
    "could not create chat in salesforce : session exists with this userID",
    "could not create chat in salesforce: this contact is blocked",
    "could not create chat in salesforce : not found or create contact : 503",
    "could not create chat in salesforce : ended before it was open",
  ]);
});

it("has the words that its caller is answered, for each reason", () => {
  const acts: readonly ((user: ReturnType<typeof createUser>) => readonly (() => { readonly replies: Replies })[])[] = [
    (user) => [() => user.connect("r1"), () => user.connect("r2")],
    (user) => [() => user.connect("r1", { name: "" })],
    (user) => [() => user.connect("r1", {}, user.nowMs - 1)],
    (user) => [() => user.connect("r1"), () => user.due("opening_limit")],
    ...[0, 1, 2, 3].map((done) => (user: ReturnType<typeof createUser>) => [
      () => user.connect("r1"),
      ...Array.from({ length: done }, () => () => user.result()),
      () => user.result("refused"),
    ]),
  ];
  const reasons = new Set<string>();
  for (const make of acts) {
    const user = createUser();
    const steps = make(user);
    const told: string[] = [];
    const lines = linesOf(
      ...steps.map((act) => {
        const step = (): void => {
          for (const { reply } of act().replies) {
            reasons.add(reply.reason);
            if (reply.outcome === "refused") told.push(String(sentenceOf(reply)));
          }
        };
        return [user, step] as const;
      }),
    );
    expect(lines).toHaveLength(1);
    expect(lines).toEqual(told);
  }
  expect([...reasons].sort()).toEqual([
    ...["case_failed", "chat_open", "chat_request_failed", "contact_failed", "expired", "invalid_request"],
    ...["opening_timeout", "session_failed"],
  ]);
});

it("is not told of a finish that nobody has a chat for, nor of a connect that is accepted", () => {
  const user = createUser();
  expect(linesOf([user, () => user.finish("f1")], [user, () => user.connect("r1")])).toEqual([]);
});
