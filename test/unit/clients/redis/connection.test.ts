// A connection to a server that is not there, hangs, or goes: what callers see, and when.
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";

import { type RedisConnection, createRedisConnection } from "../../../../src/clients/redis/connection.ts";
import { createScriptRunner, loadScripts } from "../../../../src/clients/redis/scripts.ts";

/** Answers INFO as a Redis that is ready, and everything else with nothing: a server that hangs. */
async function hangingRedis(): Promise<{
  readonly address: string;
  readonly sockets: Set<Socket>;
  readonly server: Server;
}> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (bytes) => {
      if (/info/i.test(bytes.toString())) socket.write("$9\r\nloading:0\r\n");
    });
    socket.on("error", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, sockets, server };
}

const opened: { close: () => void }[] = [];
afterEach(() => {
  for (const { close } of opened.splice(0)) close();
});

function connect(address: string, warnings: unknown[] = []): RedisConnection {
  const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields), error: () => undefined };
  const tools = { log, random: { next: () => 0.5 } };
  const connection = createRedisConnection({ address, password: null, commandTimeoutMs: 100 }, tools);
  opened.push(connection);
  return connection;
}

describe("a connection", () => {
  it("says why it is not ready, and tells the log once however often it tries", async () => {
    const { address, server } = await hangingRedis();
    server.close();
    await once(server, "close");
    const warnings: unknown[] = [];
    const connection = connect(address, warnings);
    await expect(connection.ready(400)).rejects.toMatchObject({ name: "StoreUnavailable", detail: "ECONNREFUSED" });
    expect(warnings).toEqual([{ code: "ECONNREFUSED" }]);
    expect(connection.isReady()).toBe(false);
  });

  it("fails a command at once while there is no server, instead of sending it later", async () => {
    const { address, server } = await hangingRedis();
    server.close();
    await once(server, "close");
    const run = createScriptRunner(connect(address).redis, loadScripts());
    const started = performance.now();
    await expect(run("release", ["k"], ["1"])).rejects.toMatchObject({ name: "StoreUnavailable" });
    expect(performance.now() - started).toBeLessThan(90);
  });

  it("gives up a command that gets no answer, and does not send it again on the next connection", async () => {
    const { address, sockets, server } = await hangingRedis();
    opened.push({ close: () => void server.close() });
    const connection = connect(address);
    await connection.ready(2_000);
    let sent = 0;
    server.on("connection", (socket: Socket) => {
      socket.on("data", (bytes) => (sent += /evalsha/i.test(bytes.toString()) ? 1 : 0));
    });
    const run = createScriptRunner(connection.redis, loadScripts());
    const call = run("release", ["k"], ["1"]);
    for (const socket of sockets) socket.destroy();
    await expect(call).rejects.toMatchObject({ name: "StoreUnavailable" });
    await connection.ready(2_000);
    await vi.waitFor(() => expect(connection.isReady()).toBe(true));
    expect(sent).toBe(0);
    for (const socket of sockets) socket.destroy();
  });

  it("refuses an address that is none", () => {
    expect(() => connect("redis://host:1:2")).toThrow("host:port");
  });
});
