// Salesforce's limits: a pause once one is reached, slowly near it, open chats before new ones.
import { expect, it } from "vitest";

import type { HttpAnswer } from "../../../../src/clients/http/http-client.ts";
import {
  createSalesforceLimits,
  isOverLimit,
  usageOf,
  type Urgency,
} from "../../../../src/clients/salesforce/limits.ts";
import { dataApiLimits } from "../../../../src/topology/policies.ts";
import { createOwnerParts } from "../../../support/owner-parts.ts";
import { never } from "./clients.ts";

const answer = (over: Partial<HttpAnswer>): HttpAnswer => ({
  ...{ kind: "answer", status: 200, body: "", retryAfterMs: null },
  ...over,
});
const limitsOf = () => {
  const parts = createOwnerParts();
  const limits = createSalesforceLimits({ ...parts, system: "Salesforce data API", policy: dataApiLimits });
  return { ...parts, limits };
};

it("reads the use of the org's calls from the header", () => {
  expect(usageOf("api-usage=18/5000")).toBe(18 / 5000);
  expect(usageOf("per-app-api-usage=17/250(appName=x); api-usage=4900/5000")).toBe(0.98);
  for (const odd of [undefined, "", "api-usage=", "api-usage=3/0", "per-app-api-usage=17/250"])
    expect(usageOf(odd)).toBeNull();
});

it("knows a limit by 429, and by 403 with its code only", () => {
  expect(isOverLimit(answer({ status: 429 }))).toBe(true);
  expect(isOverLimit(answer({ status: 403, body: '[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]' }))).toBe(true);
  expect(isOverLimit(answer({ status: 403, body: '[{"errorCode":"API_DISABLED_FOR_ORG"}]' }))).toBe(false);
  expect(isOverLimit(answer({ status: 200, body: "REQUEST_LIMIT_EXCEEDED" }))).toBe(false);
});

it("lets calls go at once as long as nothing is said", async () => {
  const { limits } = limitsOf();
  limits.heard(answer({ limitInfo: "api-usage=10/5000" }));
  for (let i = 0; i < 100; i++) expect(await limits.admit("new chat", never)).toBeNull();
});

it("makes no call for as long as Salesforce asks, or else for its own time, and says so", async () => {
  const { limits, clock, told } = limitsOf();
  limits.heard(answer({ status: 429, retryAfterMs: 7_000 }));
  const held = { kind: "noAnswer", detail: "a limit of Salesforce data API is reached", mayHaveHappened: false };
  expect(await limits.admit("new chat", never)).toEqual({ ...held, retryAfterMs: 7_000 });
  expect(await limits.admit("open chat", never)).toEqual({ ...held, retryAfterMs: 7_000 });
  await clock.advance(8_000);
  const first = limits.admit("open chat", never);
  await clock.advance(1_000);
  expect(await first).toBeNull();
  limits.heard(answer({ status: 403, body: '[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]' }));
  expect(await limits.admit("new chat", never)).toMatchObject({ retryAfterMs: dataApiLimits.pauseMs });
  expect(told.filter((line) => line.includes("limit of Salesforce is reached"))).toHaveLength(2);
});

it("near the limit goes slowly: open chats first, then new ones, then what nobody waits for, each in its order", async () => {
  const { limits, clock } = limitsOf();
  limits.heard(answer({ limitInfo: "api-usage=4990/5000" }));
  const gone: string[] = [];
  const asked: readonly (readonly [Urgency, string])[] = [
    ["housekeeping", "close"],
    ["new chat", "contact 1"],
    ["new chat", "contact 2"],
    ["open chat", "file 1"],
    ["open chat", "file 2"],
  ];
  for (const [urgency, name] of asked) void limits.admit(urgency, never).then(() => gone.push(name));
  await clock.advance(10);
  expect(gone).toEqual(["file 1"]);
  await clock.advance(2_000);
  expect(gone).toEqual(["file 1", "file 2", "contact 1", "contact 2", "close"]);
  limits.heard(answer({ limitInfo: "api-usage=1/5000" }));
  expect(await limits.admit("housekeeping", never)).toBeNull();
});

it("lets go of who gave up, and does not count him", async () => {
  const { limits, clock } = limitsOf();
  limits.heard(answer({ limitInfo: "api-usage=5000/5000" }));
  const end = new AbortController();
  void limits.admit("open chat", never);
  const waiting = limits.admit("open chat", end.signal);
  await clock.advance(10);
  end.abort();
  expect(await waiting).toMatchObject({ kind: "noAnswer", detail: "aborted", mayHaveHappened: false });
  expect(await limits.admit("new chat", end.signal)).toMatchObject({ detail: "aborted" });
});
