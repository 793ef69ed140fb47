// The page's tap on Kafka: it can be stopped at any moment, also before it has connected, and where nobody listens.
import { expect, it } from "vitest";

import { startTap } from "../../../sandbox/page/record-tap.ts";

it("stops while it connects to a Kafka that is not there", async () => {
  const tap = startTap({
    brokers: "127.0.0.1:1",
    registryUrl: "http://127.0.0.1:1",
    prefix: "sandbox",
    topics: ["chat-events"],
    onRecord: () => undefined,
  });
  expect(tap.isConnected()).toBe(false);
  const startedMs = performance.now();
  await tap.stop();
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
