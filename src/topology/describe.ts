// Prints the graph as the Mermaid diagram of the README; a test holds the two equal.
import type { Graph } from "./bridge.ts";

/** The diagram's text, without the code fence. */
export function describeGraph(graph: Graph): string {
  const lines = ["flowchart TD"];
  const ids = new Map<string, string>();
  const id = (name: string): string => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const made = name.replace(/[^a-zA-Z]+/g, "_");
    ids.set(name, made);
    return made;
  };
  const topic = (suffix: string): string => `${id(suffix)}[["&lt;T&gt;.${suffix}"]]`;
  const node = (name: string): string => `${id(name)}("${name}")`;
  const outside = (name: string): string => `${id(name)}{{"${name}"}}`;

  for (const { name, writes } of graph.neighbours)
    for (const suffix of writes) lines.push(`  ${node(name)} --> ${topic(suffix)}`);
  for (const processor of graph.processors) {
    for (const suffix of processor.reads) lines.push(`  ${topic(suffix)} --> ${node(processor.name)}`);
    lines.push(`  ${node(processor.name)} -- state --> Redis[("Redis")]`);
    lines.push(`  ${node(processor.name)} -- changelog --> ${topic(processor.table)}`);
    for (const suffix of processor.writes) lines.push(`  ${node(processor.name)} -- facts --> ${topic(suffix)}`);
    lines.push(`  ${node(processor.name)} -- what cannot be processed --> ${topic(processor.deadLetters)}`);
  }
  for (const gateway of graph.gateways) {
    for (const processor of graph.processors.filter(({ commands }) => commands.includes(gateway.lane)))
      lines.push(`  ${node(processor.name)} -- commands, ${gateway.lane} lane --> ${node(gateway.name)}`);
    for (const system of gateway.outside) lines.push(`  ${node(gateway.name)} --> ${outside(system)}`);
    lines.push(`  ${node(gateway.name)} -- results --> ${topic(gateway.results)}`);
  }
  for (const poller of graph.pollers) {
    for (const system of poller.outside) lines.push(`  ${outside(system)} -- long poll --> ${node(poller.name)}`);
    lines.push(`  ${node(poller.name)} -- events --> ${topic(poller.results)}`);
  }
  for (const { name, reads } of graph.neighbours)
    for (const suffix of reads) lines.push(`  ${topic(suffix)} --> ${node(name)}`);
  return lines.join("\n");
}
