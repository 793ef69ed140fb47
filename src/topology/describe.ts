// Prints the graph as the Mermaid diagram of the README; a test holds the two equal.
import type { Graph } from "./bridge.ts";

/** The diagram's text, without the code fence: every node once, then the edges in reading order. */
export function describeGraph(graph: Graph): string {
  const nodes = new Map<string, string>();
  const edges: string[] = [];
  const declare = (name: string, shape: (label: string) => string): string => {
    const id = name.replace(/[^a-zA-Z]+/g, "_");
    nodes.set(id, `${id}${shape(name)}`);
    return id;
  };
  const topic = (suffix: string): string => declare(suffix, (label) => `[["&lt;T&gt;.${label}"]]`);
  const part = (name: string): string => declare(name, (label) => `("${label}")`);
  const outside = (name: string): string => declare(name, (label) => `{{"${label}"}}`);
  const edge = (from: string, to: string, label?: string): void => {
    edges.push(label === undefined ? `${from} --> ${to}` : `${from} -- ${label} --> ${to}`);
  };

  for (const { name, writes } of graph.neighbours) for (const suffix of writes) edge(part(name), topic(suffix));
  for (const processor of graph.processors) {
    const id = part(processor.name);
    for (const suffix of processor.reads) edge(topic(suffix), id);
    edge(
      id,
      declare("Redis", (label) => `[("${label}")]`),
      "state",
    );
    edge(id, topic(processor.table), "changelog");
    for (const suffix of processor.writes) edge(id, topic(suffix), "facts");
    edge(id, topic(processor.deadLetters), "what cannot be processed");
  }
  for (const gateway of graph.gateways) {
    for (const { name, commands } of graph.processors)
      if (commands.includes(gateway.lane)) edge(part(name), part(gateway.name), `commands of the ${gateway.lane} lane`);
    for (const system of gateway.outside) edge(part(gateway.name), outside(system));
    edge(part(gateway.name), topic(gateway.results), "results");
  }
  for (const poller of graph.pollers) {
    for (const system of poller.outside) edge(outside(system), part(poller.name), "long poll");
    edge(part(poller.name), topic(poller.results), "events");
  }
  for (const { name, reads } of graph.neighbours) for (const suffix of reads) edge(topic(suffix), part(name));
  return ["flowchart TD", ...nodes.values(), ...edges].join("\n  ");
}
