// The outbox as one block of bytes.
import { describe, expect, it } from "vitest";

import { packOutbox, unpackOutbox } from "../../../src/topology/outbox.ts";

describe("outbox", () => {
  it("comes back as it was, tombstones and empty values apart", () => {
    const records = [
      { key: Buffer.from("a"), value: Buffer.from([0, 255]) },
      { key: Buffer.from("b"), value: null },
      { key: Buffer.alloc(0), value: Buffer.alloc(0) },
    ];
    expect(unpackOutbox(packOutbox(records))).toEqual(records);
    expect(unpackOutbox(packOutbox([]))).toEqual([]);
  });

  it("says so when it is cut short", () => {
    const whole = packOutbox([{ key: Buffer.from("key"), value: Buffer.from("value") }]);
    expect(() => unpackOutbox(whole.subarray(0, -1))).toThrow("cut short");
  });
});
