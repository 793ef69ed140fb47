// A signal that outlives its calls, as that of a partition index does, aborts when they have long been answered: nothing happens then. Got kept
// hold of it where the answer had come before the request was written whole, and the abort failed the process (found by a chaos run).
import { createServer, type AddressInfo } from "node:net";

import { afterEach, expect, it, vi } from "vitest";

import { createHttpClient } from "../../../../src/clients/http/http-client.ts";

const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

it("an abort after an answer that came before the request was written whole fails nothing", async () => {
  const server = createServer((socket) => {
    toClose.push(() => socket.destroy());
    socket.once("data", () => {
      socket.pause();
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  toClose.push(() => server.close());
  const client = createHttpClient({
    connectTimeoutMs: 3_000,
    responseTimeoutMs: 3_000,
    maxConnections: 4,
    maxBodyBytes: 1_000,
    now: () => 0,
  });
  toClose.push(() => client.close());
  const failures: unknown[] = [];
  // In place of the runner's own listener, which fails the run for it.
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => failures.push(error));
  toClose.push(() => {
    process.removeAllListeners("uncaughtException");
    for (const other of others) process.on("uncaughtException", other);
  });

  const chunk = Buffer.alloc(50_000);
  const body = { sizeBytes: 800 * chunk.length, chunks: () => Array.from({ length: 800 }, () => chunk) };
  const { port } = server.address() as AddressInfo;
  const tenure = new AbortController();
  const request = { method: "POST", url: `http://127.0.0.1:${String(port)}/`, headers: {}, body } as const;
  expect(await client.call(request, tenure.signal)).toMatchObject({ kind: "answer", status: 200, body: "ok" });
  tenure.abort();
  let turns = 0;
  await vi.waitFor(() => expect((turns += 1)).toBeGreaterThan(3));
  expect(failures).toEqual([]);
});
