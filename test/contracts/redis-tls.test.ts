// REDIS_TLS against a real Redis behind a server that ends TLS: certificates are checked by the authorities of the process, and one that it does
// not know is refused. The Sentinels' way is the same code with the same options (redis-sentinel.test.ts).
import { connect, type AddressInfo } from "node:net";
import { createServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import { once } from "node:events";

import { expect, it, onTestFinished } from "vitest";

import { createRedisConnection, type RedisConnection } from "../../src/clients/redis/connection.ts";
import { localhostCertificate, localhostKey } from "../support/localhost-certificate.ts";
import { serviceAddresses } from "../support/services.ts";
import { silent } from "../support/stores.ts";

/** Address of a TLS end in front of the run's Redis. */
async function tlsRedis(): Promise<string> {
  const [host = "127.0.0.1", port = ""] = serviceAddresses().redis.split(":");
  const server = createServer({ key: localhostKey, cert: localhostCertificate }, (socket) => {
    const behind = connect(Number(port), host);
    socket.pipe(behind).pipe(socket);
    for (const one of [socket, behind]) one.on("error", () => one.destroy());
    socket.on("close", () => behind.destroy());
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function connectionTo(address: string, tls: boolean): RedisConnection {
  const settings = { address, password: null, tls, commandTimeoutMs: 2_000 };
  const connection = createRedisConnection(settings, { log: silent, random: { next: () => 0.5 } });
  onTestFinished(() => connection.close());
  return connection;
}

it("speaks TLS to a Redis whose certificate is known, and to no other", async () => {
  const address = await tlsRedis();
  await expect(connectionTo(address, true).ready(1_500)).rejects.toMatchObject({
    name: "StoreUnavailable",
    detail: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  const authorities = getCACertificates("default");
  onTestFinished(() => setDefaultCACertificates(authorities));
  setDefaultCACertificates([...authorities, localhostCertificate]);
  const connection = connectionTo(address, true);
  await connection.ready(10_000);
  expect(await connection.redis.ping()).toBe("PONG");
});

it("without REDIS_TLS is not ready at a Redis that speaks TLS alone", async () => {
  await expect(connectionTo(await tlsRedis(), false).ready(1_000)).rejects.toMatchObject({ name: "StoreUnavailable" });
});
