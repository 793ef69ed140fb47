// THE GRAPH, as data: what the service reads, decides, keeps, does outside and writes. Read this file first. It is checked at
// start (check.ts), printed as the README's diagram (describe.ts), and run unchanged by the in-memory driver of the tests.
import type { Command, LaneName } from "../processors/interconnection/commands.ts";
import {
  endWithinMinutes,
  fileWithinMinutes,
  handBackWithinADay,
  openingCreate,
  openingStep,
  textWithinMinutes,
  threeQuickTries,
  type RetryPolicy,
} from "./policies.ts";
import type { InputTopic, TopicSuffix } from "./topics.ts";

/** Decides: reads inputs, keeps a table, writes facts, and gives commands to lanes. */
export interface ProcessorNode {
  readonly name: string;
  readonly reads: readonly InputTopic[];
  /** Changelog of its state. */
  readonly table: TopicSuffix;
  readonly writes: readonly TopicSuffix[];
  /** Lanes that its commands go to. */
  readonly commands: readonly LaneName[];
  /** Where a record goes that can't be decoded or decided. */
  readonly deadLetters: TopicSuffix;
}

/** Acts outside: carries out the commands of one lane; every command ends in a result. */
export interface GatewayNode {
  readonly name: string;
  readonly lane: LaneName;
  readonly outside: readonly string[];
  readonly results: InputTopic;
  readonly policies: Readonly<Partial<Record<Command["kind"], RetryPolicy>>>;
}

/** Listens outside. */
export interface PollerNode {
  readonly name: string;
  readonly outside: readonly string[];
  readonly results: InputTopic;
}

/** Who else writes to a topic, or reads what nobody in the graph reads. */
export interface NeighbourNode {
  readonly name: string;
  readonly writes: readonly TopicSuffix[];
  readonly reads: readonly TopicSuffix[];
}

/** The whole graph. */
export interface Graph {
  readonly neighbours: readonly NeighbourNode[];
  readonly processors: readonly ProcessorNode[];
  readonly gateways: readonly GatewayNode[];
  readonly pollers: readonly PollerNode[];
}

/** The graph of this service. */
export const bridge: Graph = {
  neighbours: [
    { name: "HTTP ingress", writes: ["chat-requests", "channel-messages"], reads: [] },
    { name: "upstream services", writes: ["chat-requests", "channel-messages"], reads: [] },
    { name: "analytics, audit, other services", writes: [], reads: ["chat-events"] },
    { name: "operator", writes: ["chat-requests"], reads: ["dead-letters"] },
  ],
  processors: [
    {
      name: "interconnection",
      reads: ["agent-events", "chat-requests", "channel-messages"],
      table: "interconnections",
      writes: ["chat-events"],
      commands: ["desk", "channel"],
      deadLetters: "dead-letters",
    },
  ],
  gateways: [
    {
      name: "desk gateway",
      lane: "desk",
      outside: ["Salesforce OAuth", "Salesforce data API", "Live Agent", "hosts of files"],
      results: "agent-events",
      policies: {
        EnsureContact: openingCreate,
        EnsureCase: openingCreate,
        CloseCase: endWithinMinutes,
        OpenSession: openingStep,
        RequestChat: openingStep,
        SayToAgent: textWithinMinutes,
        ReportToDesk: threeQuickTries,
        AttachFile: fileWithinMinutes,
        EndChat: endWithinMinutes,
      },
    },
    {
      name: "channel gateway",
      lane: "channel",
      outside: ["Integrations API", "Botrunner", "Studio NG"],
      results: "agent-events",
      policies: { SayToUser: textWithinMinutes, HandBack: handBackWithinADay },
    },
  ],
  pollers: [{ name: "desk poller", outside: ["Live Agent"], results: "agent-events" }],
};

/** Few tries are to outlast more than a moment: that is why somebody bounds them. */
const firstDelayOfFewMs = 1_000;

/** The graph with at most so many tries of a text (setting MAX_RETRIES); null leaves it as it is. */
export function withTextTries(graph: Graph, maxTries: number | null): Graph {
  if (maxTries === null) return graph;
  return withPolicies(graph, (policy) =>
    policy === textWithinMinutes ? { ...policy, maxTries, firstDelayMs: firstDelayOfFewMs } : policy,
  );
}

/**
 * The graph for callers that wait so long for a chat, milliseconds (setting MAIN_CONTEXT_TIME_OUT): one try of a step may take a third of it,
 * so that one that hangs is made again in time, and a slow org can be given more.
 */
export function withOpeningWait(graph: Graph, waitMs: number): Graph {
  const tryTimeoutMs = Math.max(openingStep.tryTimeoutMs, Math.ceil(waitMs / 3));
  return withPolicies(graph, (policy) =>
    policy === openingStep || policy === openingCreate ? { ...policy, tryTimeoutMs } : policy,
  );
}

function withPolicies(graph: Graph, changed: (policy: RetryPolicy) => RetryPolicy): Graph {
  const policiesOf = ({ policies }: GatewayNode): GatewayNode["policies"] =>
    Object.fromEntries(Object.entries(policies).map(([kind, policy]) => [kind, changed(policy)]));
  return { ...graph, gateways: graph.gateways.map((node) => ({ ...node, policies: policiesOf(node) })) };
}

/** The policy under which a command is repeated. check.ts has made sure that there is one. */
export function policyOf(graph: Graph, command: Command): RetryPolicy {
  for (const { lane, policies } of graph.gateways) {
    const policy = lane === command.lane ? policies[command.kind] : undefined;
    if (policy !== undefined) return policy;
  }
  return threeQuickTries;
}
