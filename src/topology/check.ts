// Refuses a wrong graph before anything runs; each sentence names the entry.
import type { Command, LaneName } from "../processors/interconnection/commands.ts";
import type { Graph } from "./bridge.ts";
import { topics, type TopicSpec, type TopicSuffix } from "./topics.ts";

/** Which lane each command belongs to; the compiler holds the list complete. */
const laneOfKind: Readonly<Record<Command["kind"], LaneName>> = {
  EnsureContact: "desk",
  EnsureCase: "desk",
  OpenSession: "desk",
  RequestChat: "desk",
  SayToAgent: "desk",
  EndChat: "desk",
  SayToUser: "channel",
  HandBack: "channel",
};

/** All mistakes of a graph; empty when it is right. */
export function checkGraph(graph: Graph): readonly string[] {
  const mistakes: string[] = [];
  const specs = new Map<TopicSuffix, TopicSpec>(topics.map((spec) => [spec.suffix, spec]));
  const readBy = new Map<TopicSuffix, string[]>();
  const writtenBy = new Map<TopicSuffix, string[]>();
  const note = (map: Map<TopicSuffix, string[]>, suffix: TopicSuffix, name: string): void => {
    if (!specs.has(suffix)) mistakes.push(`${name} names the topic ${suffix}, which topics.ts does not know`);
    map.set(suffix, [...(map.get(suffix) ?? []), name]);
  };

  for (const { name, reads, writes } of graph.neighbours) {
    for (const suffix of writes) {
      note(writtenBy, suffix, name);
      if (specs.get(suffix)?.writers.join() === "service")
        mistakes.push(`${name} writes ${suffix}, which only the service may write`);
    }
    for (const suffix of reads) note(readBy, suffix, name);
  }
  for (const processor of graph.processors) {
    for (const suffix of processor.reads) note(readBy, suffix, processor.name);
    for (const suffix of [...processor.writes, processor.deadLetters]) note(writtenBy, suffix, processor.name);
    const table = specs.get(processor.table);
    if (table?.cleanup !== "compact") mistakes.push(`the table ${processor.table} of ${processor.name} is not compacted`);
    for (const suffix of [...processor.reads, processor.table])
      if (specs.get(suffix)?.coPartitioned !== true)
        mistakes.push(`${suffix} of ${processor.name} is not co-partitioned with its other topics`);
    for (const lane of processor.commands)
      if (graph.gateways.filter((gateway) => gateway.lane === lane).length !== 1)
        mistakes.push(`the lane ${lane} of ${processor.name} must have exactly one gateway`);
  }
  for (const { name, results } of [...graph.gateways, ...graph.pollers]) note(writtenBy, results, name);
  for (const [kind, lane] of Object.entries(laneOfKind)) {
    const gateway = graph.gateways.find((candidate) => candidate.lane === lane);
    if (gateway !== undefined && gateway.policies[kind as Command["kind"]] === undefined)
      mistakes.push(`${gateway.name} has no retry policy for ${kind}`);
  }
  for (const { suffix } of topics) {
    const isTable = graph.processors.some(({ table }) => table === suffix);
    if (!isTable && !readBy.has(suffix)) mistakes.push(`nobody reads ${suffix}`);
    if (!isTable && !writtenBy.has(suffix)) mistakes.push(`nobody writes ${suffix}`);
  }
  return mistakes;
}
