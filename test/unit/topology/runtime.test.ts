// What the runtime makes of a consumer that ends for good: KafkaJS leaves the process alive without it, so somebody must end that.
import { expect, it } from "vitest";

import { bridge } from "../../../src/topology/bridge.ts";
import type { ConsumerListener } from "../../../src/topology/ports.ts";
import { createRuntime, type RuntimePorts } from "../../../src/topology/runtime.ts";
import { createOwnerParts } from "../../support/owner-parts.ts";

it("a consumer that ended for good ends the process", async () => {
  const { clock, log, metrics, store } = createOwnerParts();
  const fatals: Error[] = [];
  const told = Promise.withResolvers<ConsumerListener>();
  const consumer = {
    start: (listener: ConsumerListener) => {
      told.resolve(listener);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  };
  const used = {
    graph: bridge,
    clock,
    log,
    metrics,
    store: store.store,
    consumer,
    callsPerSecond: { desk: 20, channel: 20 },
    fatal: (e: Error) => fatals.push(e),
  };
  // Nothing else of the ports is asked for before an index is assigned.
  const runtime = createRuntime(used as unknown as RuntimePorts);
  await runtime.start();
  const error = new Error("the codec is not read");
  (await told.promise).crashed(error);
  expect(fatals).toEqual([error]);
  const stopped = runtime.stop(1_000);
  await clock.advance(1_000);
  await stopped;
});
