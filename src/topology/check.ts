// Refuses a wrong graph before anything runs; each sentence names the entry.
import type { Command, LaneName } from "../processors/interconnection/commands.ts";
import type { Graph, NeighbourNode, ProcessorNode } from "./bridge.ts";
import { topics, type TopicSpec, type TopicSuffix } from "./topics.ts";

/** Which lane each command belongs to; the compiler holds the list complete. */
const laneOfKind: Readonly<Record<Command["kind"], LaneName>> = {
  EnsureContact: "desk",
  EnsureCase: "desk",
  CloseCase: "desk",
  OpenSession: "desk",
  RequestChat: "desk",
  SayToAgent: "desk",
  ReportToDesk: "desk",
  AttachFile: "desk",
  EndChat: "desk",
  SayToUser: "channel",
  HandBack: "channel",
};

/** All mistakes of a graph; empty when it is right. */
export function checkGraph(graph: Graph): readonly string[] {
  const links = linksOf(graph);
  return [
    ...links.mistakes,
    ...graph.neighbours.flatMap(neighbourMistakes),
    ...graph.processors.flatMap((processor) => processorMistakes(graph, processor)),
    ...policyMistakes(graph),
    ...looseEnds(graph, links),
  ];
}

const specs = new Map<TopicSuffix, TopicSpec>(topics.map((spec) => [spec.suffix, spec]));

interface Links {
  readonly readBy: ReadonlySet<TopicSuffix>;
  readonly writtenBy: ReadonlySet<TopicSuffix>;
  readonly mistakes: readonly string[];
}

function linksOf(graph: Graph): Links {
  const mistakes: string[] = [];
  const known = (name: string, suffixes: readonly TopicSuffix[]): readonly TopicSuffix[] => {
    for (const suffix of suffixes)
      if (!specs.has(suffix)) mistakes.push(`${name} names the topic ${suffix}, which topics.ts does not know`);
    return suffixes;
  };
  const { neighbours, processors, gateways, pollers } = graph;
  const readBy = new Set([...neighbours, ...processors].flatMap(({ name, reads }) => known(name, reads)));
  const writtenBy = new Set([
    ...neighbours.flatMap(({ name, writes }) => known(name, writes)),
    ...processors.flatMap(({ name, writes, deadLetters }) => known(name, [...writes, deadLetters])),
    ...[...gateways, ...pollers].flatMap(({ name, results }) => known(name, [results])),
  ]);
  return { readBy, writtenBy, mistakes };
}

function neighbourMistakes({ name, writes }: NeighbourNode): readonly string[] {
  return writes
    .filter((suffix) => specs.get(suffix)?.writers.join() === "service")
    .map((suffix) => `${name} writes ${suffix}, which only the service may write`);
}

function processorMistakes(graph: Graph, { name, reads, table, commands }: ProcessorNode): readonly string[] {
  const mistakes: string[] = [];
  if (specs.get(table)?.cleanup !== "compact") mistakes.push(`the table ${table} of ${name} is not compacted`);
  for (const suffix of [...reads, table])
    if (specs.get(suffix)?.coPartitioned !== true)
      mistakes.push(`${suffix} of ${name} is not co-partitioned with its other topics`);
  for (const lane of commands)
    if (graph.gateways.filter((gateway) => gateway.lane === lane).length !== 1)
      mistakes.push(`the lane ${lane} of ${name} must have exactly one gateway`);
  return mistakes;
}

function policyMistakes(graph: Graph): readonly string[] {
  return Object.entries(laneOfKind).flatMap(([kind, lane]) => {
    const gateway = graph.gateways.find((candidate) => candidate.lane === lane);
    const missing = gateway !== undefined && gateway.policies[kind as Command["kind"]] === undefined;
    return missing ? [`${gateway.name} has no retry policy for ${kind}`] : [];
  });
}

function looseEnds(graph: Graph, { readBy, writtenBy }: Links): readonly string[] {
  const streams = topics.filter(({ suffix }) => !graph.processors.some(({ table }) => table === suffix));
  return streams.flatMap(({ suffix }) => [
    ...(readBy.has(suffix) ? [] : [`nobody reads ${suffix}`]),
    ...(writtenBy.has(suffix) ? [] : [`nobody writes ${suffix}`]),
  ]);
}
