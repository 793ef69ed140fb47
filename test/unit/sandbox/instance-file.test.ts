// One sandbox per copy of the repository: who is it, where is it, and what a dead one's note is worth.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  claimInstance,
  instanceFile,
  runningInstance,
  type InstanceAddresses,
} from "../../../sandbox/instance/instance-file.ts";

const state = { folder: "", file: "" };
const addresses: InstanceAddresses = {
  page: "http://127.0.0.1:8070",
  service: "http://127.0.0.1:1",
  metrics: "http://127.0.0.1:2",
  control: "http://127.0.0.1:3",
  salesforce: "http://127.0.0.1:4",
  integrations: "http://127.0.0.1:5",
  botrunner: "http://127.0.0.1:6",
  registry: "http://127.0.0.1:7",
  brokers: "127.0.0.1:8",
  redis: "127.0.0.1:9",
  serviceLog: "/tmp/service.log",
};

beforeEach(() => {
  state.folder = mkdtempSync(join(tmpdir(), "instance-"));
  state.file = instanceFile(state.folder, "/a/copy");
});
afterEach(() => {
  rmSync(state.folder, { recursive: true, force: true });
});

describe("note of the running sandbox", () => {
  it("is one per copy of the repository", () => {
    expect(instanceFile(state.folder, "/a/copy")).toBe(state.file);
    expect(instanceFile(state.folder, "/another/copy")).not.toBe(state.file);
  });

  it("is not there before the first start and after its end", async () => {
    expect(runningInstance(state.file)).toBeUndefined();
    const claimed = claimInstance(state.file);
    if ("claim" in claimed) claimed.claim.release();
    expect(runningInstance(state.file)).toBeUndefined();
    expect(await readdir(state.folder)).toEqual([]);
  });

  it("says where the first one is to the second, once it is up", () => {
    const first = claimInstance(state.file);
    expect(claimInstance(state.file)).toMatchObject({ running: { owner: { pid: process.pid }, addresses: undefined } });
    if ("claim" in first) first.claim.publish(addresses);
    expect(claimInstance(state.file)).toMatchObject({ running: { owner: { pid: process.pid }, addresses } });
  });

  it("of a dead sandbox is replaced", async () => {
    writeFileSync(state.file, JSON.stringify({ owner: { pid: process.pid, startedAt: "ticks:1" }, addresses }));
    expect(runningInstance(state.file)).toBeUndefined();
    expect(claimInstance(state.file)).toHaveProperty("claim");
    expect(await readdir(state.folder)).toHaveLength(1);
  });

  it("of another owner is not taken away by a late release", () => {
    const first = claimInstance(state.file);
    writeFileSync(state.file, JSON.stringify({ owner: { pid: 1, startedAt: "ticks:1" } }));
    if ("claim" in first) first.claim.release();
    expect(claimInstance(state.file)).toHaveProperty("claim");
  });
});
