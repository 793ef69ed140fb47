// How topics are made, and what is wrong with one that exists.
import { describe, expect, it } from "vitest";

import { compactedTooSoon, mistakesOf, newTopic, unequalCounts } from "../../../../src/clients/kafka/topic-settings.ts";
import { topics, type TopicSuffix } from "../../../../src/topology/topics.ts";

const wanted = { topicPrefix: "p", partitions: 12, replicationFactor: 3, maxMessageBytes: 1_000_000 };
const specOf = (suffix: TopicSuffix) => {
  const spec = topics.find((topic) => topic.suffix === suffix);
  if (spec === undefined) throw new Error(suffix);
  return spec;
};
const settingsOf = (suffix: TopicSuffix, replicationFactor = 3) =>
  Object.fromEntries(
    (newTopic(specOf(suffix), { ...wanted, replicationFactor }).configEntries ?? []).map(({ name, value }) => [
      name,
      value,
    ]),
  );
const found = {
  ...{ partitions: 12, replicas: 3, cleanupPolicy: "delete" },
  ...{ maxMessageBytes: 1_000_000, minCompactionLagMs: 0 },
};

describe("newTopic", () => {
  it("keeps inputs for a week and never elects a replica that lags", () => {
    expect(settingsOf("chat-requests")).toEqual({
      "cleanup.policy": "delete",
      "retention.ms": "604800000",
      "max.message.bytes": "1000000",
      "min.insync.replicas": "2",
      "unclean.leader.election.enable": "false",
    });
    expect(newTopic(specOf("chat-requests"), wanted)).toMatchObject({
      topic: "p.chat-requests",
      numPartitions: 12,
      replicationFactor: 3,
    });
  });

  it("compacts the changelog early and without retention", () => {
    const settings = settingsOf("interconnections");
    expect(settings).toMatchObject({ "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1" });
    expect(settings).toMatchObject({ "min.compaction.lag.ms": "300000" });
    expect(settings).not.toHaveProperty("retention.ms");
  });

  it("asks for no second replica where there is none", () => {
    expect(settingsOf("chat-requests", 1)).not.toHaveProperty("min.insync.replicas");
  });
});

describe("compactedTooSoon", () => {
  it("warns of a changelog that may be compacted before the rewrite that follows a takeover, and says what to set", () => {
    const of = (suffix: TopicSuffix, minCompactionLagMs: number) =>
      compactedTooSoon(specOf(suffix), `p.${suffix}`, { ...found, minCompactionLagMs });
    expect(of("interconnections", 0)).toContain("Set min.compaction.lag.ms=300000.");
    expect(of("interconnections", 300_000)).toBeNull();
    expect(of("chat-requests", 0)).toBeNull();
  });
});

describe("mistakesOf", () => {
  it("of a topic that takes less than the service writes is one, with what to set", () => {
    const small = { ...found, maxMessageBytes: 999_999 };
    expect(mistakesOf(specOf("dead-letters"), "p.dead-letters", small)).toEqual([
      expect.stringContaining("set max.message.bytes=1048588 or more"),
    ]);
    expect(mistakesOf(specOf("chat-requests"), "p.chat-requests", small)).toEqual([]);
  });

  it.each([
    ["interconnections", "compact", 0],
    ["interconnections", "delete", 1],
    ["interconnections", "compact,delete", 1],
    ["channel-messages", "delete", 0],
    ["channel-messages", "compact", 1],
    ["channel-messages", "delete,compact", 1],
  ] as const)("of %s with %s are %i", (suffix, cleanupPolicy, count) => {
    const mistakes = mistakesOf(specOf(suffix), `p.${suffix}`, { ...found, cleanupPolicy });
    expect(mistakes).toHaveLength(count);
    for (const mistake of mistakes) expect(mistake).toContain("set cleanup.policy=");
  });
});

describe("unequalCounts", () => {
  it("names every topic and its count", () => {
    const counts = new Map([
      ["p.a", 12],
      ["p.b", 6],
    ]);
    expect(unequalCounts(counts)).toContain("p.a has 12, p.b has 6");
    expect(unequalCounts(new Map([["p.a", 12]]))).toBeNull();
    expect(unequalCounts(new Map())).toBeNull();
  });
});
