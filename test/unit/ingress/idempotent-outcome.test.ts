// The outcome of a request whose id derives from an Idempotency-Key, while it may still be under way: the id tells no age, so the address
// that the 202 gave does.
import { expect, it } from "vitest";

import { createEdge, created, startOfTime } from "./edge.ts";

const body = {
  ...{ userID: "5215512345678", name: "Ana", provider: "whatsapp", botSlug: "my-bot", botId: "5215500000000" },
  email: "ana@example.com",
};

it("is 202 as long as it may come, then 404, and its answer once it is there", async () => {
  const edge = createEdge();
  edge.world.reply = null;
  const authorization = `Bearer ${await edge.token()}`;
  const headers = { authorization, "idempotency-key": "connect-0001" };
  const asked = await edge.send({ method: "POST", url: "/v1/chats/connect", headers, payload: JSON.stringify(body) });
  expect(asked.statusCode).toBe(202);
  const location = String(asked.headers["location"]);
  const look = (url: string): ReturnType<typeof edge.send> =>
    edge.send({ method: "GET", url, headers: { authorization } });
  const early = await look(location);
  expect([early.statusCode, early.headers["location"]]).toEqual([202, location]);
  edge.world.now = startOfTime + 100_000;
  expect((await look(location)).statusCode).toBe(202);
  edge.world.now = startOfTime + 200_000;
  expect((await look(location)).statusCode).toBe(404);
  const { requestId } = asked.json<{ readonly requestId: string }>();
  edge.world.kept.set(requestId, created);
  expect((await look(location)).statusCode).toBe(200);
});

it.each(["", "?asked=", "?asked=x", "?asked=1&asked=2", "?asked=999999999999999"])(
  "of nobody's request%s is 404",
  async (query) => {
    const edge = createEdge();
    const url = `/v1/chats/8f0a0a3c-2f5e-5d1b-9a55-6d0b1f6b2c11${query}`;
    const headers = { authorization: `Bearer ${await edge.token()}` };
    expect((await edge.send({ method: "GET", url, headers })).statusCode).toBe(404);
  },
);
