// The routes that register and remove webhooks: who may call them, the original's answers, and that nobody waits for ever.
import { describe, expect, it } from "vitest";

import { done } from "../../../src/processors/outcome.ts";
import { createEdge, startOfTime, type Edge } from "./edge.ts";

const routes = [
  ["POST", "register", "Register"],
  ["DELETE", "remove", "Remove"],
] as const;

const call = async (
  edge: Edge,
  [method, path]: readonly ["POST" | "DELETE", string, ...unknown[]],
  provider: string,
): ReturnType<Edge["send"]> =>
  edge.send({
    method,
    url: `/v1/integrations/webhook/${path}/${provider}`,
    headers: { authorization: `Bearer ${await edge.token()}` },
  });

describe.each(routes)("%s /v1/integrations/webhook/%s/:provider", (...route) => {
  const [method, path, word] = route;

  it.each(["whatsapp", "facebook"])("does it for %s", async (provider) => {
    const edge = createEdge();
    const response = await call(edge, route, provider);
    expect([response.statusCode, response.body]).toEqual([
      200,
      `{"Message":"${word} webhook success with provider : ${provider}"}`,
    ]);
    const address = path === "register" ? ` /v1/integrations/${provider}/webhook` : "";
    expect(edge.seen.registrations).toEqual([`${path} ${provider}${address}`]);
  });

  it.each(["telegram", "Facebook", "__proto__", "unknown"])(
    "refuses the provider %s and asks nobody",
    async (other) => {
      const edge = createEdge();
      const response = await call(edge, route, other);
      expect([response.statusCode, response.body]).toEqual([500, `{"ErrorDescription":"error ${path} webhook"}`]);
      expect(edge.seen.registrations).toEqual([]);
    },
  );

  it.each([
    { kind: "refused", detail: "WEBHOOK_BASE_URL is not set", status: null },
    { kind: "broken", detail: "status 302", status: 302 },
  ] as const)("tells the caller one sentence and the log why: %j", async (outcome) => {
    const edge = createEdge();
    edge.world.registration = outcome;
    const response = await call(edge, route, "whatsapp");
    expect([response.statusCode, response.body]).toEqual([500, `{"ErrorDescription":"error ${path} webhook"}`]);
    expect(edge.seen.lines).toContainEqual({
      text: "a webhook registration was not changed",
      fields: { outcome: outcome.kind, detail: outcome.detail },
    });
  });

  it.each([
    ["at the second try", ["retry", "done"], 200, 2],
    ["at the fourth", ["retry", "retry", "retry", "done"], 200, 4],
    ["at none of four", ["retry", "retry", "retry", "retry", "done"], 500, 4],
    ["never, and is not asked again", ["refused", "done"], 500, 1],
  ] as const)("is done %s", async (_when, outcomes, status, tries) => {
    const waits: number[] = [];
    const after = (delayMs: number, fn: () => void): (() => void) => {
      // All waits but that for the caller's time are over at once.
      if (delayMs >= 10_000) return () => undefined;
      waits.push(delayMs);
      queueMicrotask(fn);
      return () => undefined;
    };
    const edge = createEdge({ clock: { now: () => startOfTime, monotonicMs: () => 0, after } });
    const kinds = [...outcomes];
    edge.world.registration = () => {
      const kind = kinds.shift() ?? "done";
      if (kind === "retry")
        return { kind, detail: "status 503", status: 503, mayHaveHappened: true, retryAfterMs: null };
      return kind === "refused" ? { kind, detail: "status 400", status: 400 } : done;
    };
    expect((await call(edge, route, "whatsapp")).statusCode).toBe(status);
    expect(edge.seen.registrations).toHaveLength(tries);
    expect(waits).toEqual([1_000, 2_000, 4_000].slice(0, tries - 1));
  });

  it("waits no longer than callers do", async () => {
    const edge = createEdge({ replyTimeoutMs: 20 });
    edge.world.registration = null;
    expect((await call(edge, route, "whatsapp")).statusCode).toBe(500);
  });

  it("does not hold up a stop", async () => {
    const edge = createEdge();
    edge.world.registration = null;
    const { port } = await edge.ingress.listen();
    const response = fetch(`http://127.0.0.1:${port.toString()}/v1/integrations/webhook/${path}/whatsapp`, {
      method,
      headers: { authorization: `Bearer ${await edge.token()}` },
    });
    await expect.poll(() => edge.seen.registrations).toHaveLength(1);
    await edge.ingress.close(0);
    expect((await response).status).toBe(500);
  });

  it("is for the bot platform only", async () => {
    const edge = createEdge();
    const url = `/v1/integrations/webhook/${path}/whatsapp`;
    const agent = await edge.token("salesforceUser");
    expect((await edge.send({ method, url })).statusCode).toBe(401);
    expect((await edge.send({ method, url, headers: { authorization: `Bearer ${agent}` } })).statusCode).toBe(403);
    expect(edge.seen.registrations).toEqual([]);
  });
});
