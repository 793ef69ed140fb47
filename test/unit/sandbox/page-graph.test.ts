// The page's graph: read from the diagram that the service prints, with a place for every node that nothing else has.
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { readGraph } from "../../../sandbox/page/graph.ts";
import { bridge } from "../../../src/topology/bridge.ts";

const graph = readGraph(readFileSync("README.md", "utf8"));
const columnOf = (label: string): number => graph.nodes.find((node) => node.label === label)?.column ?? -1;

describe("the graph of the page", () => {
  it("has every node of the service's own graph", () => {
    const { neighbours, processors, gateways, pollers } = bridge;
    const names = [
      ...[...neighbours, ...processors, ...gateways, ...pollers].map(({ name }) => name),
      ...[...gateways, ...pollers].flatMap(({ outside }) => outside),
      ...processors.flatMap(({ reads, writes, table, deadLetters }) => [...reads, ...writes, table, deadLetters]),
    ];
    expect(graph.nodes.map(({ label }) => label)).toEqual(expect.arrayContaining([...new Set(names)]));
  });

  it("goes from left to right: sources, inputs, the processor, what it gives to, the outside", () => {
    expect(["HTTP ingress", "channel-messages", "interconnection", "desk gateway", "Live Agent"].map(columnOf)).toEqual(
      [0, 1, 2, 3, 4],
    );
  });

  it("gives no place twice, and its edges join nodes that are there", () => {
    const places = graph.nodes.map(({ column, row }) => `${String(column)}/${String(row)}`);
    expect(new Set(places).size).toBe(places.length);
    const ids = new Set(graph.nodes.map(({ id }) => id));
    expect(graph.edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([]);
  });

  it("says so when there is no diagram", () => {
    expect(() => readGraph("# Nothing")).toThrow("no diagram");
  });
});
