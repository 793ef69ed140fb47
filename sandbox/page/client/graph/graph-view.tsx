// The graph of the service, drawn from what the service prints of itself: every node with its count, busy ones glow; under it who owns
// which partition.
import type { JSX } from "preact";
import { computed } from "@preact/signals";

import type { Graph, GraphEdge, GraphNode } from "../../protocol.ts";
import { conditions, counts, glowing, graph } from "../state/world.ts";
import { compact } from "../words.ts";

const COLUMN_PX = 166;
const ROW_PX = 30;
const NODE = { width: 144, height: 24 };
const EDGE_OF_PICTURE = 8;

/** The graph and the partitions. */
export function GraphView(): JSX.Element | null {
  const drawn = graph.value;
  if (drawn === null) return null;
  return (
    // It scrolls sideways where the screen is narrow: then it must be reached by the keyboard too.
    <div class="graph-box" tabIndex={0} role="group" aria-label="How records flow">
      <Picture graph={drawn} />
      <Partitions />
    </div>
  );
}

function Picture({ graph: drawn }: { readonly graph: Graph }): JSX.Element {
  const columns = Math.max(...drawn.nodes.map(({ column }) => column)) + 1;
  const rows = Math.max(...drawn.nodes.map(({ row }) => row)) + 1;
  const width = (columns - 1) * COLUMN_PX + NODE.width + EDGE_OF_PICTURE * 2;
  const height = (rows - 1) * ROW_PX + NODE.height + EDGE_OF_PICTURE * 2;
  const byId = new Map(drawn.nodes.map((node) => [node.id, node]));
  return (
    <svg class="graph" viewBox={`0 0 ${String(width)} ${String(height)}`} role="img" aria-label="How records flow">
      {drawn.edges.map((edge) => (
        <Edge key={`${edge.from}>${edge.to}`} edge={edge} byId={byId} />
      ))}
      {drawn.nodes.map((node) => (
        <Node key={node.id} node={node} />
      ))}
    </svg>
  );
}

const isBusy = (label: string): boolean => glowing.value.has(label);

function placeOf({ column, row }: GraphNode): { readonly x: number; readonly y: number } {
  return { x: EDGE_OF_PICTURE + column * COLUMN_PX, y: EDGE_OF_PICTURE + row * ROW_PX };
}

function Node({ node }: { readonly node: GraphNode }): JSX.Element {
  const { x, y } = placeOf(node);
  const count = counts.value[node.label];
  const [first = "", ...more] = node.label.split(",");
  return (
    <g class="node" data-kind={node.kind} data-topic={node.label} data-busy={isBusy(node.label)}>
      <title>
        {node.label}
        {count === undefined ? "" : `: ${String(count)}`}
      </title>
      <rect x={x} y={y} width={NODE.width} height={NODE.height} rx={node.kind === "outside" ? 12 : 5} />
      <text x={x + 9} y={y + 16}>
        {more.length === 0 ? first : `${first} …`}
      </text>
      {count !== undefined && (
        <text class="count" x={x + NODE.width - 8} y={y + 16}>
          {compact(count)}
        </text>
      )}
    </g>
  );
}

interface EdgeProps {
  readonly edge: GraphEdge;
  readonly byId: ReadonlyMap<string, GraphNode>;
}

function Edge({ edge, byId }: EdgeProps): JSX.Element | null {
  const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
  if (from === undefined || to === undefined) return null;
  const tellsOf = teller(from, to);
  return <path class="edge" d={curve(from, to)} data-busy={isBusy(tellsOf.label)} />;
}

/** The end by whose count the edge is known to be busy: topics, stores and the outside count for themselves. */
function teller(from: GraphNode, to: GraphNode): GraphNode {
  if (from.kind !== "program") return to.kind === "program" && to.label !== "interconnection" ? to : from;
  return to.kind === "topic" && from.label !== "interconnection" ? from : to;
}

function curve(from: GraphNode, to: GraphNode): string {
  const [start, end] = [placeOf(from), placeOf(to)];
  const y = [start.y + NODE.height / 2, end.y + NODE.height / 2] as const;
  if (to.column > from.column) {
    const x = [start.x + NODE.width, end.x] as const;
    const bend = (x[1] - x[0]) / 2;
    return `M${p(x[0], y[0])} C${p(x[0] + bend, y[0])} ${p(x[1] - bend, y[1])} ${p(x[1], y[1])}`;
  }
  // Back: out to the left, in from the right, so that it is not taken for one that goes on.
  const x = [start.x, end.x + NODE.width] as const;
  const bend = Math.max(24, (x[0] - x[1]) / 2);
  return `M${p(x[0], y[0])} C${p(x[0] - bend, y[0])} ${p(x[1] + bend, y[1])} ${p(x[1], y[1])}`;
}

function p(x: number, y: number): string {
  return `${String(x)},${String(y)}`;
}

const owners = computed(() => conditions.value?.owners ?? []);

function Partitions(): JSX.Element {
  return (
    <div class="partitions">
      <span id="partitions-name">Partitions and who owns them</span>
      <ol aria-labelledby="partitions-name">
        {owners.value.map((owner, partition) => (
          <li key={partition} data-owner={owner ?? "none"} title={ownerWords(partition, owner)}>
            <span aria-hidden="true">{partition}</span>
            <span class="unseen">{ownerWords(partition, owner)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function ownerWords(partition: number, owner: number | null): string {
  return `Partition ${String(partition)}: ${owner === null ? "nobody" : `instance ${String(owner)}`}`;
}
