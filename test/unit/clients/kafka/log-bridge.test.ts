// Which lines of KafkaJS come out, how loud, and what of them.
import { logLevel, type LogEntry } from "kafkajs";
import { describe, expect, it, vi } from "vitest";

import { createLogBridge, type OffsetReset } from "../../../../src/clients/kafka/log-bridge.ts";

function bridge() {
  const lines: { readonly level: string; readonly fields: object; readonly text: string }[] = [];
  const resets: OffsetReset[] = [];
  const alarms: (string | undefined)[] = [];
  const at = (level: string) => (fields: object, text: string) => lines.push({ level, fields, text });
  const write: (entry: LogEntry) => void = createLogBridge(
    { info: at("info"), warn: at("warn"), error: at("error") },
    {
      metrics: { count: (_name, labels) => void alarms.push(labels?.["alarm"]) },
      told: (reset) => void resets.push(reset),
    },
  )();
  const say = (message: string, more: object = {}) => {
    write({ namespace: "Part", level: logLevel.ERROR, label: "ERROR", log: { message, timestamp: "", ...more } });
  };
  return { lines, resets, alarms, say };
}

describe("the log bridge", () => {
  it("raises an alarm when a position was outside the log", () => {
    const { lines, resets, alarms, say } = bridge();
    say("Offset out of range, resetting to default offset", { topic: "t", partition: 3, groupId: "g" });
    expect(lines).toEqual([
      {
        level: "warn",
        fields: { alarm: "offset_out_of_range", topic: "t", partition: 3 },
        text: "Kafka position outside the log, reset to its start",
      },
    ]);
    expect(resets).toEqual([{ topic: "t", partition: 3 }]);
    expect(alarms).toEqual(["offset_out_of_range"]);
  });

  it("takes rebalances for routine and the rest for trouble, with constant texts", () => {
    const { lines, say } = bridge();
    say("Response Heartbeat(key: 12, version: 3)", { error: "The group is rebalancing, so a rejoin is needed" });
    say("Connection error: connect ECONNREFUSED", { broker: "b:1", stack: "at x" });
    expect(lines.map(({ level, text }) => [level, text])).toEqual([
      ["info", "Kafka client, routine"],
      ["warn", "Kafka client reports trouble"],
    ]);
    expect(lines[1]?.fields).toEqual({ part: "Part", detail: "Connection error: connect ECONNREFUSED", broker: "b:1" });
  });

  it("carries no field that it does not know, and cuts long texts", () => {
    const { lines, say } = bridge();
    say("x".repeat(1_000), { messages: [{ value: "secret" }], payload: "secret", error: new Error("y".repeat(1_000)) });
    expect(JSON.stringify(lines)).not.toContain("secret");
    expect(JSON.stringify(lines).length).toBeLessThan(800);
  });

  it("says the same once in ten seconds, other things at once", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { lines, say } = bridge();
    for (let time = 0; time < 50; time += 1) say("Connection error: connect ECONNREFUSED");
    say("something else");
    expect(lines).toHaveLength(2);
    vi.advanceTimersByTime(10_000);
    say("Connection error: connect ECONNREFUSED");
    expect(lines).toHaveLength(3);
    vi.useRealTimers();
  });

  it("is silent about what we do on purpose", () => {
    const { lines, say } = bridge();
    say("Limiting retries for the idempotent producer may invalidate EoS guarantees");
    say("Failed to connect to seed broker, trying another broker from the list: Connection error");
    say("Connection error: connection cut: its client was retired");
    expect(lines).toEqual([]);
  });
});
