// Choice of ports: the preferred one when it is free, another one when somebody has it.
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";

import { choosePort, choosePorts, isFree, isPortTaken } from "../../../sandbox/services/ports.ts";

const open: Server[] = [];

function listen(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    open.push(server);
    server.once("error", reject);
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

describe("ports", () => {
  it("keeps a preferred port that is free", async () => {
    const wish = await choosePort(undefined);
    expect(await choosePort(wish)).toBe(wish);
  });

  it.each(["127.0.0.1", "0.0.0.0"])("leaves a port on which somebody listens at %s", async (host) => {
    const taken = await listen(host);
    expect(await isFree(taken)).toBe(false);
    expect(await choosePort(taken)).not.toBe(taken);
  });

  it("chooses different ports, also for equal wishes", async () => {
    const wish = await choosePort(undefined);
    const ports = await choosePorts([wish, wish, undefined, undefined]);
    expect(ports[0]).toBe(wish);
    expect(new Set(ports).size).toBe(4);
  });

  it.each([
    "Error: listen EADDRINUSE: address already in use 127.0.0.1:8080",
    "java.net.BindException: Address already in use",
    "Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address already in use",
    "Bind for 127.0.0.1:9092 failed: port is already allocated",
    "Port(s) already bound: 8081",
  ])("recognises a taken port in: %s", (output) => {
    expect(isPortTaken(output)).toBe(true);
  });

  it("takes other endings for what they are", () => {
    expect(isPortTaken("java.lang.OutOfMemoryError: Java heap space")).toBe(false);
  });
});
