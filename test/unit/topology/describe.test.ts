// The README's diagram is the print of the graph.
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { bridge } from "../../../src/topology/bridge.ts";
import { describeGraph } from "../../../src/topology/describe.ts";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");

describe("the diagram", () => {
  it("in the README is what the graph prints", () => {
    const [, block] = /<!-- graph -->\s*```mermaid\n([\s\S]*?)\n```/u.exec(readme) ?? [];
    expect(block).toBe(describeGraph(bridge));
  });

  it("names every node and every topic once as what it is", () => {
    const text = describeGraph(bridge);
    for (const name of [
      "interconnection",
      "desk gateway",
      "channel gateway",
      "desk poller",
      "HTTP ingress",
      "operator",
    ])
      expect(text.split(`("${name}")`)).toHaveLength(2);
    expect(text.match(/&lt;T&gt;\.[a-z-]+/gu)?.sort()).toEqual([
      ...["&lt;T&gt;.agent-events", "&lt;T&gt;.channel-messages", "&lt;T&gt;.chat-events"],
      ...["&lt;T&gt;.chat-requests", "&lt;T&gt;.dead-letters", "&lt;T&gt;.interconnections"],
    ]);
  });
});
