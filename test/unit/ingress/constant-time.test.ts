// Signatures, passwords and tokens' accounts are compared in a time that does not tell where they differ: by timingSafeEqual, over
// digests of equal length. Time itself is no measure on a busy machine, so the calls are what is looked at.
import type * as crypto from "node:crypto";
import { createHmac, timingSafeEqual } from "node:crypto";

import { beforeEach, expect, it, vi } from "vitest";

import { createEdge } from "./edge.ts";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

const compared = vi.mocked(timingSafeEqual);
const body = JSON.stringify({ id: "m1", timestamp: "1", type: "text", from: "521", text: { body: "hola" } });
const none = { fixed: null, metaSecret: null, standardKeys: [] };

beforeEach(() => void compared.mockClear());

it("a signature is compared in a time that tells nothing", async () => {
  const edge = createEdge({ signatures: { ...none, metaSecret: "secret" } });
  const right = createHmac("sha256", "secret").update(body).digest("hex");
  const headers = { "x-hub-signature-256": `sha256=${right.replace(/^./, (first) => (first === "0" ? "1" : "0"))}` };
  const answer = await edge.send({
    method: "POST",
    url: "/v1/integrations/whatsapp/webhook",
    headers,
    payload: body,
  });
  expect(answer.statusCode).toBe(401);
  expect(compared.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength])).toEqual([[32, 32]]);
});

it("a password is compared in a time that tells nothing", async () => {
  const edge = createEdge();
  const payload = { username: "yaloUser", password: "y" };
  expect((await edge.send({ method: "POST", url: "/v1/authenticate", payload })).statusCode).toBe(401);
  expect(compared.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength])).toEqual([
    [32, 32],
    [32, 32],
    [32, 32],
  ]);
});
