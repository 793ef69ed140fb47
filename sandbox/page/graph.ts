// Reads the graph of the service from where the service prints it (the diagram in the README) and gives every node its place: inputs left,
// the deciding program in the middle, what it writes and commands right of it, the outside at the edge. Pure. Called by page.ts.
import type { Graph, GraphEdge, GraphNode } from "./protocol.ts";

type Kind = GraphNode["kind"];
interface Node {
  readonly id: string;
  readonly label: string;
  readonly kind: Kind;
}

/** Mermaid's shapes as the service uses them. */
const SHAPES: readonly { readonly pattern: RegExp; readonly kind: Kind }[] = [
  { pattern: /^\s*(\w+)\[\["(.*)"\]\]$/, kind: "topic" },
  { pattern: /^\s*(\w+)\[\("(.*)"\)\]$/, kind: "store" },
  { pattern: /^\s*(\w+)\{\{"(.*)"\}\}$/, kind: "outside" },
  { pattern: /^\s*(\w+)\("(.*)"\)$/, kind: "program" },
];
const EDGE = /^\s*(\w+) --(?: (.+?) --)?> (\w+)$/;
const TOPIC_PREFIX = "&lt;T&gt;.";

/** The graph in a text that holds its diagram. Throws when there is none. */
export function readGraph(markdown: string): Graph {
  const diagram = /```mermaid\nflowchart [^\n]*\n([\s\S]*?)```/.exec(markdown)?.[1];
  if (diagram === undefined) throw new Error("the README has no diagram of the graph");
  const lines = diagram.split("\n");
  const nodes = lines.flatMap(readNode);
  const edges = lines.flatMap(readEdge);
  return { nodes: placed(nodes, edges), edges };
}

function readNode(line: string): Node[] {
  for (const { pattern, kind } of SHAPES) {
    const [, id, label] = pattern.exec(line) ?? [];
    if (id !== undefined && label !== undefined) return [{ id, label: label.replace(TOPIC_PREFIX, ""), kind }];
  }
  return [];
}

function readEdge(line: string): GraphEdge[] {
  const [, from, label = "", to] = EDGE.exec(line) ?? [];
  return from === undefined || to === undefined ? [] : [{ from, to, label }];
}

/** Programs that read a topic and write one are in the middle; everything else has its column by how it is connected to them. */
function placed(nodes: readonly Node[], edges: readonly GraphEdge[]): GraphNode[] {
  const kindOf = new Map(nodes.map(({ id, kind }) => [id, kind]));
  const follows = (from: string, to: string): boolean => edges.some((edge) => edge.from === from && edge.to === to);
  const isTopic = (id: string): boolean => kindOf.get(id) === "topic";
  const middle = nodes.filter(
    ({ id, kind }) =>
      kind === "program" &&
      edges.some(({ from, to }) => to === id && isTopic(from)) &&
      edges.some(({ from, to, label }) => from === id && isTopic(to) && label !== ""),
  );
  const inputs = nodes.filter(({ id, kind }) => kind === "topic" && middle.some((one) => follows(id, one.id)));
  const isFed = (id: string): boolean => edges.some(({ from, to }) => to === id && !isTopic(from));
  const sources = nodes.filter(
    ({ id, kind }) => kind === "program" && inputs.some((input) => follows(id, input.id)) && !isFed(id),
  );
  const outputs = nodes.filter(
    ({ id, kind }) =>
      !middle.some((one) => one.id === id) &&
      !inputs.some((one) => one.id === id) &&
      !sources.some((one) => one.id === id) &&
      (middle.some((one) => follows(one.id, id)) || (kind === "program" && isFed(id))),
  );
  const before = [sources, inputs, middle, outputs];
  const rest = nodes.filter(({ id }) => !before.flat().some((one) => one.id === id));
  return [...before, inOrderOf(outputs, rest, edges)].flatMap((column, place) =>
    column.map((node, row) => ({ ...node, column: place, row: row + centred(column.length, outputs.length) })),
  );
}

/** What the outputs lead to, in the order of the outputs: edges cross less. */
function inOrderOf(outputs: readonly Node[], rest: readonly Node[], edges: readonly GraphEdge[]): Node[] {
  const rank = ({ id }: Node): number => {
    const places = edges.flatMap(({ from, to }) => {
      const other = from === id ? to : to === id ? from : undefined;
      const place = outputs.findIndex((output) => output.id === other);
      return place < 0 ? [] : [place];
    });
    return places.length === 0 ? outputs.length : Math.min(...places);
  };
  return [...rest].sort((one, other) => rank(one) - rank(other));
}

function centred(height: number, tallest: number): number {
  return Math.max(0, (tallest - height) / 2);
}
