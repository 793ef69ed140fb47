// A session that the desk has moved to another place: what is to be said goes along, numbers of posts and events are judged anew.
import { describe, expect, it } from "vitest";

import { blankDeskEvent } from "../../../support/blank-desk-event.ts";
import { session, textsOf, userIn, type TestUser } from "./user.ts";

const said = { ...blankDeskEvent, kind: "said" } as const;
const moved = { ...session, route: "sealed-2", generation: "g2" };

/** The desk has moved the session; whether posts are numbered anew, and how many events it may tell again. */
function reconnect(user: TestUser, resetsPostSequence: boolean, unconfirmedEvents: number | null): void {
  const way = { resetsPostSequence, unconfirmedEvents, leftGeneration: null };
  user.agentEvent({ type: "DeskReconnected", session: moved, ...way });
}

describe("a session that moved", () => {
  it("takes what is still to be said along and starts its numbers anew", () => {
    const user = userIn("ACTIVE");
    user.desk("said", { text: "Hi", number: 7 });
    user.message("m0", "Hello");
    user.message("m1", "Hello again");
    const [, first] = user.state.pending;
    const result = {
      outcome: "done",
      reason: null,
      attempts: 1,
      postSequence: 3,
      generation: "g1",
      data: null,
    } as const;
    user.agentEvent({ type: "CommandResult", lane: "desk", seq: first?.seq ?? 0, ...result });
    expect(user.state.interconnection).toMatchObject({ postSequence: 3 });
    reconnect(user, true, null);
    expect(user.state.interconnection).toMatchObject({ session: moved, position: -1, postSequence: 0 });
    expect(user.state.pending.find(({ kind }) => kind === "SayToAgent")).toMatchObject({ session: moved });
    expect(textsOf(user.desk("said", { text: "Again" }).gave, "SayToUser")).toEqual(["Again"]);
  });

  it("before the desk has told a token is known as one that has moved: another owner, too, resyncs it", () => {
    const user = userIn("ON_HOLD");
    expect(user.state.interconnection).toMatchObject({ resumeToken: null });
    reconnect(user, true, null);
    expect(user.state.interconnection).toMatchObject({ session: moved, position: -1, resumeToken: "" });
  });

  it("does not take over a number of a post that was accepted in its old place", () => {
    const user = userIn("ACTIVE");
    user.message("m0", "Hello");
    user.message("m1", "Hello again");
    const texts = user.state.pending.filter(({ kind }) => kind === "SayToAgent");
    reconnect(user, true, 0);
    const result = { outcome: "done", reason: null, attempts: 1, data: null } as const;
    const told = (seq = 0, postSequence: number, generation: string): void =>
      void user.agentEvent({ type: "CommandResult", lane: "desk", seq, postSequence, generation, ...result });
    told(texts[0]?.seq, 9, "g1");
    expect(user.state.interconnection).toMatchObject({ postSequence: 0 });
    expect(user.state.pending).not.toContainEqual(expect.objectContaining({ text: "Hello" }));
    told(texts[1]?.seq, 1, "g2");
    expect(user.state.interconnection).toMatchObject({ postSequence: 1 });
  });

  it("takes over a number that was accepted in its old place, where numbers go on, and one that only the lane's mark knows", () => {
    const user = userIn("ACTIVE");
    for (const id of ["m0", "m1", "m2"]) user.message(id, `Hello ${id}`);
    const texts = user.state.pending.filter(({ kind }) => kind === "SayToAgent");
    const result = { outcome: "done", reason: null, attempts: 1, data: null } as const;
    const told = (at: number, postSequence: number, generation: string | null): void => {
      const { seq = 0 } = texts[at] ?? {};
      user.agentEvent({ type: "CommandResult", lane: "desk", seq, postSequence, generation, ...result });
    };
    told(0, 3, "g1");
    reconnect(user, false, 0);
    told(1, 4, "g1");
    expect(user.state.interconnection).toMatchObject({ postSequence: 4 });
    told(2, 5, null);
    expect(user.state.interconnection).toMatchObject({ postSequence: 5 });
  });

  it("is not led back by a record that comes again or late, after it has moved on", () => {
    const user = userIn("ACTIVE");
    const further = { ...moved, generation: "g3", route: "sealed-g3" };
    const way = { resetsPostSequence: true, unconfirmedEvents: 0, leftGeneration: session.generation } as const;
    const first = { type: "DeskReconnected", session: moved, ...way } as const;
    user.agentEvent(first);
    user.agentEvent({ ...first, session: further, leftGeneration: moved.generation });
    user.message("m0", "Hello");
    const before = user.state;
    user.agentEvent(first);
    user.agentEvent({ ...first, session: further, leftGeneration: moved.generation });
    expect(user.state.interconnection).toEqual(before.interconnection);
    expect(user.state.pending).toEqual(before.pending);
  });

  it("takes the end of a chat that is over along", () => {
    const user = userIn("ACTIVE");
    user.finish();
    expect(user.state.pending.find(({ kind }) => kind === "EndChat")).not.toHaveProperty("isUnsynced");
    reconnect(user, true, null);
    expect(user.state.pending.find(({ kind }) => kind === "EndChat")).toMatchObject({
      ...{ session: moved, isUnsynced: true },
    });
  });

  it("has kept what its agent said while the chat was being ended, and what was told before is known", () => {
    const user = userIn("ACTIVE");
    user.desk("said", { text: "Hi", number: 7 });
    user.finish();
    reconnect(user, true, null);
    const told = (texts: readonly string[], first: number): readonly (string | null)[] => {
      const events = texts.map((text, i) => ({ ...said, text, number: first + i }));
      const record = {
        type: "DeskEvents",
        generation: "g2",
        position: first + texts.length - 1,
        resumeToken: null,
      } as const;
      return user.agentEvent({ ...record, events }).deadLetters.map(({ reason, text }) => `${reason} ${String(text)}`);
    };
    expect(told(["Hi", "Wait"], 0)).toEqual(["chat_over Wait"]);
    expect(told(["Hi", "Wait"], 0), "the record again").toEqual([]);
    expect(told(["Bye"], 2)).toEqual(["chat_over Bye"]);
  });

  it("has kept it also where it moved just before the end", () => {
    const user = userIn("ACTIVE");
    user.desk("said", { text: "Hi", number: 7 });
    reconnect(user, true, null);
    user.finish();
    const { deadLetters } = user.agentEvent({
      ...{ type: "DeskEvents", generation: "g2", position: 1, resumeToken: null },
      events: ["Hi", "Wait"].map((text, number) => ({ ...said, text, number })),
    });
    expect(deadLetters).toMatchObject([{ reason: "chat_over", text: "Wait" }]);
  });

  it("is given up whole where its chat ends before anything was read there: nobody resyncs it any more", () => {
    const user = userIn("ACTIVE");
    user.desk("said", { text: "Hi", number: 7 });
    reconnect(user, true, null);
    user.finish();
    expect(user.state.pending.find(({ kind }) => kind === "EndChat")).toMatchObject({
      ...{ session: moved, isUnsynced: true },
    });
    const read = userIn("ACTIVE");
    reconnect(read, true, null);
    read.desk("other", { number: 0 });
    read.finish();
    expect(read.state.pending.find(({ kind }) => kind === "EndChat")).not.toHaveProperty("isUnsynced");
  });

  it.each([
    ["before the desk has told of its queue: the user is told to wait, then", false, ["Esperando un agente"]],
    ["when the user was told to wait: he is not told again", true, []],
  ])("is opened anew %s", (_when, isTold, texts) => {
    const user = userIn("ON_HOLD");
    if (isTold) user.desk("queued", { queuePosition: 2 });
    user.settle();
    const { generation } = session;
    user.agentEvent({ type: "DeskLost", generation, reason: "server_switched", detail: "SwitchServer" });
    user.result("done", { type: "SessionOpened", session: { ...moved, id: "session-2" } });
    user.result();
    expect(textsOf(user.desk("queued", { queuePosition: 2, number: 0 }).gave, "SayToUser")).toEqual(texts);
  });

  it("is not one of another chat", () => {
    const user = userIn("ACTIVE");
    const before = user.state;
    user.agentEvent({
      type: "DeskReconnected",
      session: { ...moved, id: "another" },
      resetsPostSequence: true,
      unconfirmedEvents: null,
      leftGeneration: null,
    });
    expect(user.state).toBe(before);
  });
});
