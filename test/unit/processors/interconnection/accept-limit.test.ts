// ACCEPT_TIMEOUT of a user whom an agent has sent back to a queue; of one who waits at first it is in ending.test.ts.
import { describe, expect, it } from "vitest";

import { userIn } from "./user.ts";

describe("the wait for the next agent", () => {
  it("ends the chat as the first wait does, counted from the first word of it", () => {
    const user = userIn("ACTIVE");
    user.settle();
    const at = user.nowMs + 100 + 60_000;
    user.desk("waiting_again");
    user.desk("waiting_again");
    expect(user.state.due.filter(({ kind }) => kind === "accept_limit")).toMatchObject([{ at }]);
    const step = user.due("accept_limit");
    expect(step.facts).toMatchObject([{ kind: "ended", reason: "accept_timeout" }]);
    expect(step.gave.map(({ kind }) => kind)).toEqual(["SayToUser", "EndChat"]);
    // Somebody has worked on its case.
    expect(user.state.looseCase).toBeNull();
  });

  it.each([
    ["accepted", { agentName: "Lee" }],
    ["transferred", { agentName: "Lee" }],
    ["agent_joined", { agentName: "Lee" }],
    ["said", { text: "Hi" }],
  ] as const)("is over once the next agent is there: %s", (kind, more) => {
    const user = userIn("ACTIVE");
    user.desk("waiting_again");
    user.desk("typing");
    expect(user.state.due.map(({ kind: due }) => due)).toContain("accept_limit");
    user.desk(kind, more);
    expect(user.state.due.map(({ kind: due }) => due)).toEqual(["chat_too_old"]);
  });
});
