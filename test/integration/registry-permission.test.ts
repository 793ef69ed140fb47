// A registry whose user may read but not register: the start is refused with a sentence for each subject that says what to do, and
// succeeds once somebody who may has registered them.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, it } from "vitest";

import { loadTopicSchemas } from "../../src/clients/schema-registry/schemas.ts";
import { refusedStart } from "../support/refused-start.ts";
import { serviceAddresses } from "../support/services.ts";
import { openStage, type Stage } from "../support/stage.ts";

interface Gate {
  readonly url: string;
  readonly server: Server;
  /** What it did not let through: method and path. */
  readonly refused: readonly string[];
}

const open: { stage?: Stage; gate?: Gate } = {};

beforeAll(async () => {
  const addresses = serviceAddresses();
  const gate = await openGate(addresses.registryUrl);
  open.gate = gate;
  open.stage = await openStage({
    file: import.meta.url,
    services: { ...addresses, registryUrl: gate.url },
    start: false,
  });
});

afterAll(async () => {
  await open.stage?.close();
  open.gate?.server.closeAllConnections();
  open.gate?.server.close();
});

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}

/** In front of the registry: answers a write as a registry does whose user may only read. */
async function openGate(registryUrl: string): Promise<Gate> {
  const refused: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const { method = "", url = "" } = request;
      const isWrite = (method === "POST" && url.endsWith("/versions")) || method === "PUT";
      if (isWrite) {
        refused.push(`${method} ${url}`);
        response.writeHead(403, { "content-type": "application/json" });
        response.end(JSON.stringify({ error_code: 40301, message: "Schema Registry: user is denied operation Write" }));
        return;
      }
      const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
      const answer = await fetch(registryUrl + url, { method, headers, ...(body === "" ? {} : { body }) });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}`, server, refused };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

it("refuses the start, naming every subject and what to do", async () => {
  const { service, names } = there(open.stage);
  const sentences = await refusedStart(service);
  const subjects = [
    "chat-requests",
    "channel-messages",
    "agent-events",
    "chat-events",
    "interconnections",
    "dead-letters",
  ];
  expect(sentences).toEqual(
    subjects.map(
      (suffix) =>
        `Subject ${names.topic}.${suffix}-value: the registry's user may not do this; register the schema beforehand and set SCHEMA_AUTO_REGISTER=false, or give it the right.`,
    ),
  );
  expect(there(open.gate).refused).toHaveLength(subjects.length);
});

it("starts without the right once somebody else has registered them, and writes nothing", async () => {
  const { service, names, addresses } = there(open.stage);
  const gate = there(open.gate);
  const { registryUrl } = serviceAddresses();
  expect(addresses.registryUrl).toBe(gate.url);
  for (const [suffix, schema] of Object.entries(loadTopicSchemas())) {
    const response = await fetch(`${registryUrl}/subjects/${names.topic}.${suffix}-value/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: JSON.stringify(schema) }),
    });
    expect(response.status).toBe(200);
  }
  const before = gate.refused.length;
  await service.start();
  expect(gate.refused.length).toBe(before);
});
