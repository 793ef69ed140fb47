// The check of the graph: one wrong graph per rule.
import { describe, expect, it } from "vitest";

import { bridge, policyOf, type Graph } from "../../../src/topology/bridge.ts";
import { checkGraph } from "../../../src/topology/check.ts";
import type { TopicSuffix } from "../../../src/topology/topics.ts";

const [processor] = bridge.processors;
const [desk, channel] = bridge.gateways;
if (processor === undefined || desk === undefined || channel === undefined) throw new Error("the graph lost a node");

describe("the graph of this service", () => {
  it("is right", () => {
    expect(checkGraph(bridge)).toEqual([]);
  });

  it("has a policy for each command of each lane", () => {
    const head = { seq: 1, chatId: "c", giveUpAt: 0 };
    const handBack = {
      ...head,
      lane: "channel",
      kind: "HandBack",
      channel: "whatsapp",
      botSlug: "b",
      botState: "s",
    } as const;
    expect(policyOf(bridge, handBack).name).toBe("handBackWithinADay");
  });
});

describe("a graph is refused when", () => {
  const wrong: readonly { readonly rule: string; readonly graph: Graph; readonly says: string }[] = [
    {
      rule: "a topic is not known",
      graph: { ...bridge, neighbours: [...bridge.neighbours, { name: "x", writes: [], reads: ["y" as TopicSuffix] }] },
      says: "x names the topic y",
    },
    {
      rule: "a neighbour writes what only the service may",
      graph: { ...bridge, neighbours: [...bridge.neighbours, { name: "x", writes: ["agent-events"], reads: [] }] },
      says: "x writes agent-events, which only the service may write",
    },
    {
      rule: "the table is not compacted",
      graph: { ...bridge, processors: [{ ...processor, table: "chat-events" }] },
      says: "the table chat-events of interconnection is not compacted",
    },
    {
      rule: "an input is not co-partitioned",
      graph: { ...bridge, processors: [{ ...processor, table: "dead-letters" }] },
      says: "dead-letters of interconnection is not co-partitioned",
    },
    {
      rule: "a lane has no gateway",
      graph: { ...bridge, gateways: [desk] },
      says: "the lane channel of interconnection must have exactly one gateway",
    },
    {
      rule: "a lane has two gateways",
      graph: { ...bridge, gateways: [desk, channel, channel] },
      says: "the lane channel of interconnection must have exactly one gateway",
    },
    {
      rule: "a command has no policy",
      graph: { ...bridge, gateways: [desk, { ...channel, policies: {} }] },
      says: "channel gateway has no retry policy for HandBack",
    },
    {
      rule: "nobody reads a topic",
      graph: { ...bridge, processors: [{ ...processor, reads: ["agent-events", "chat-requests"] }] },
      says: "nobody reads channel-messages",
    },
    {
      rule: "nobody writes a topic",
      graph: { ...bridge, processors: [{ ...processor, writes: [] }] },
      says: "nobody writes chat-events",
    },
  ];

  it.each(wrong)("$rule", ({ graph, says }) => {
    expect(checkGraph(graph).join("\n")).toContain(says);
  });
});
