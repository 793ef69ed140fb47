// Failed log-ins: how many a username may have, that others and headers change nothing, and what the caller hears.
import { describe, expect, it } from "vitest";

import { createLoginFailures } from "../../../src/ingress/login-failures.ts";
import { createEdge, type Edge } from "./edge.ts";

describe("counts of failures", () => {
  it("let thirty through at once, then one every two seconds, and forget with time", () => {
    const state = { now: 0 };
    const failures = createLoginFailures(["a"], () => state.now);
    for (let i = 0; i < 30; i += 1) {
      expect(failures.waitMs("a")).toBe(0);
      failures.failed("a");
    }
    expect(failures.waitMs("a")).toBe(2_000);
    state.now += 2_000;
    expect(failures.waitMs("a")).toBe(0);
    failures.failed("a");
    expect(failures.waitMs("a")).toBe(2_000);
    state.now += 60_000;
    for (let i = 0; i < 30; i += 1) failures.failed("a");
    expect(failures.waitMs("a")).toBe(2_000);
  });

  it("are one for all names that nobody has, and apart from those of the others", () => {
    const failures = createLoginFailures(["a", "b"], () => 0);
    for (let i = 0; i < 30; i += 1) failures.failed(`nobody-${String(i)}`);
    expect(failures.waitMs("somebody-else")).toBe(2_000);
    expect(failures.waitMs("__proto__")).toBe(2_000);
    expect(failures.waitMs("a")).toBe(0);
  });
});

describe("S15: guessing passwords", () => {
  const logIn = (edge: Edge, username: string, password: string, from: string): ReturnType<Edge["send"]> =>
    edge.send({
      method: "POST",
      url: "/v1/authenticate",
      payload: { username, password },
      headers: { "x-forwarded-for": from, forwarded: `for=${from}`, "x-real-ip": from },
    });

  it("S15: is answered 429 with Retry-After per username, whatever X-Forwarded-For says; the other account logs in", async () => {
    const edge = createEdge();
    const statuses: number[] = [];
    for (let i = 0; i < 40; i += 1)
      statuses.push((await logIn(edge, "yaloUser", `guess-${String(i)}`, `10.0.0.${String(i)}`)).statusCode);
    expect(statuses).toEqual([...Array<number>(30).fill(401), ...Array<number>(10).fill(429)]);
    const right = await logIn(edge, "yaloUser", "yaloPassword", "10.1.1.1");
    expect([right.statusCode, right.headers["retry-after"], right.json()]).toEqual([
      429,
      expect.stringMatching(/^[12]$/),
      { ErrorDescription: "too many log-ins have failed, try again later" },
    ]);
    expect((await logIn(edge, "salesforceUser", "sfPassword", "10.0.0.1")).statusCode).toBe(200);
  });

  it("S15: right passwords are never counted", async () => {
    const edge = createEdge();
    for (let i = 0; i < 60; i += 1)
      expect((await logIn(edge, "yaloUser", "yaloPassword", "10.0.0.1")).statusCode).toBe(200);
  });
});
