// The call that keeps the org's session alive: what is asked, that nothing is made, and that a forgotten token is renewed.
import { expect, it, onTestFinished } from "vitest";

import { createLongPollClient } from "../../../../src/clients/http/long-poll-client.ts";
import { recordMapping } from "../../../../src/clients/salesforce/data-api/mapping.ts";
import { createDesk } from "../../../../src/clients/salesforce/desk.ts";
import type { Grant } from "../../../../src/clients/salesforce/grants.ts";
import { answeringServer, type Reply } from "../http/answering-server.ts";
import { freely, grant, never, rememberingLog, shortClient } from "./clients.ts";

const found = (referenceId: string, records: readonly object[]): Reply => {
  const body = { totalSize: records.length, records };
  return { status: 200, body: { compositeResponse: [{ referenceId, httpStatusCode: 200, body }] } };
};

async function keptAlive(given: Grant, answer: (url: string) => Reply) {
  const server = await answeringServer(({ url }) =>
    url.includes("/oauth2/") ? { status: 200, body: { access_token: "t" } } : answer(url),
  );
  const http = shortClient();
  const polls = createLongPollClient({
    ...{ connectTimeoutMs: 3_000, bodyTimeoutMs: 3_000, maxBodyBytes: 1e6 },
    now: () => 0,
  });
  onTestFinished(async () => {
    http.close();
    await polls.close();
    await server.close();
  });
  const { url } = server;
  const desk = createDesk({
    ...{
      http,
      polls,
      log: rememberingLog().log,
      clock: { now: () => 0, monotonicMs: () => 0 },
      grant: given,
      loginUrl: url,
      baseUrl: url,
      chatUrl: url,
    },
    ...{ logins: http, limits: { dataApi: freely.limits, liveAgent: freely.limits } },
    ...{ messages: http, dataApiVersion: "52", chatApiVersion: "52", organizationId: "00D1", deploymentId: "5721" },
    mapping: recordMapping({ firstName: "Bot " }),
  });
  const outcome = await desk.keepAlive(never);
  return { outcome, calls: server.received.filter((call) => !call.url.includes("/oauth2/")), all: server.received };
}

it.each([
  ["nobody", []],
  ["somebody", [{ Id: "003x" }]],
])(
  "is the search of a contact by the user's name as e-mail, whether it finds %s or not, and makes nothing",
  async (_who, records) => {
    const { outcome, calls } = await keptAlive(grant, () => found("newQueryEmail", records));
    expect(outcome).toEqual({ kind: "done", value: null });
    expect(calls).toMatchObject([{ method: "POST", url: "/services/data/v52.0/composite" }]);
    const body = JSON.parse(calls[0]?.body ?? "") as { readonly compositeRequest: readonly { readonly url: string }[] };
    expect(body.compositeRequest).toMatchObject([{ method: "GET", referenceId: "newQueryEmail", body: null }]);
    expect(decodeURIComponent(body.compositeRequest[0]?.url ?? "").replaceAll("+", " ")).toContain(
      "WHERE Email = 'service@example.org'",
    );
  },
);

it("asks for any contact where the grant names no user", async () => {
  const { clientId, clientSecret } = grant;
  const { outcome, calls } = await keptAlive({ kind: "client_credentials", clientId, clientSecret }, () => ({
    status: 200,
    body: { totalSize: 0, records: [] },
  }));
  expect(outcome).toEqual({ kind: "done", value: null });
  expect(calls).toHaveLength(1);
  expect(calls[0]?.method).toBe("GET");
});

it("renews the token that the org has forgotten, and asks again", async () => {
  const answers: Reply[] = [{ status: 401, body: [{ errorCode: "INVALID_SESSION_ID" }] }];
  const { outcome, all } = await keptAlive(grant, () => answers.shift() ?? found("newQueryEmail", []));
  expect(outcome).toEqual({ kind: "done", value: null });
  expect(all.map(({ url }) => (url.includes("/oauth2/") ? "login" : "search"))).toEqual([
    ...["login", "search", "login", "search"],
  ]);
});
