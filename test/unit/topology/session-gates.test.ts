// Gates between a chat's poller and its lane.
import { describe, expect, it } from "vitest";

import { createSessionGates } from "../../../src/topology/session-gates.ts";

function watched() {
  const gates = createSessionGates();
  const voided: string[] = [];
  const gate = gates.watch("chat", "g1", () => void voided.push("void"));
  return { gates, gate, voided };
}

describe("the gate of a session", () => {
  it("is open for its generation only, and for whoever nobody polls", () => {
    const { gates } = watched();
    expect([gates.mayPost("chat", "g1"), gates.mayPost("chat", "g2"), gates.mayPost("other", "g9")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("is closed by a post that met a void route, which its poller hears once", () => {
    const { gates, gate, voided } = watched();
    gates.metVoidRoute("chat", "g1");
    gates.metVoidRoute("chat", "g1");
    expect([voided, gates.mayPost("chat", "g1")]).toEqual([["void"], false]);
    gate.open("g2");
    expect(gates.mayPost("chat", "g2")).toBe(true);
    gates.metVoidRoute("chat", "g1");
    expect([voided, gates.mayPost("chat", "g2")]).toEqual([["void"], true]);
  });

  it("is gone when nobody polls any more, but for the gate of who polls next", () => {
    const { gates, gate } = watched();
    const next = gates.watch("chat", "g2", () => undefined);
    next.close();
    gate.forget();
    expect(gates.mayPost("chat", "g2")).toBe(false);
    next.forget();
    expect(gates.mayPost("chat", "g1")).toBe(true);
  });

  it("tells who waits when it opens or is gone, and lets go of who gives up", async () => {
    const { gates, gate } = watched();
    const heard: string[] = [];
    const wait = (name: string, signal: AbortSignal): void =>
      void gates.opened("chat", signal).then(() => heard.push(name));
    const { signal } = new AbortController();
    const givesUp = new AbortController();
    gate.close();
    wait("given up", givesUp.signal);
    wait("first", signal);
    givesUp.abort();
    await new Promise(setImmediate);
    expect(heard).toEqual(["given up"]);
    gate.open("g2");
    await new Promise(setImmediate);
    wait("second", signal);
    gate.forget();
    await new Promise(setImmediate);
    wait("third", signal);
    gates.watch("chat", "g3", () => undefined);
    await new Promise(setImmediate);
    expect(heard).toEqual(["given up", "first", "second", "third"]);
  });
});
