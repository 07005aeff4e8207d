// A pipeline's graph as Mermaid, which code hosts and notes draw. Pure.

import type { GraphNode, GraphView } from "./graph-view.ts";
import { type Marks, wordsOf } from "./marks.ts";

const CLASSES = [
  "classDef finished fill:#d7f0dd,stroke:#2f8f4e,color:#123",
  "classDef running fill:#dbeafe,stroke:#2563eb,color:#123",
  "classDef backoff fill:#fef3c7,stroke:#b45309,color:#123",
  "classDef failed fill:#fde2e2,stroke:#c0362c,color:#123",
  "classDef skipped fill:#f3f4f6,stroke:#9ca3af,color:#666,stroke-dasharray:4 3",
  "classDef cancelled fill:#f3f4f6,stroke:#6b7280,color:#666",
];

export function mermaid(view: GraphView, marks: Marks = new Map()): string {
  const lines = ["flowchart TD", ...graphLines(view, marks, "  ")];
  if (marks.size > 0) lines.push(...CLASSES.map((one) => `  ${one}`), ...classLines(view, marks));
  return `${lines.join("\n")}\n`;
}

function graphLines(view: GraphView, marks: Marks, indent: string): string[] {
  const nodes = view.nodes.flatMap((node) => nodeLines(node, marks, indent));
  const edges = unique(
    view.edges.map(({ from, to }) => `${indent}${idOf(view, from)} --> ${idOf(view, to)}`),
  );
  return [...nodes, ...edges];
}

function nodeLines(node: GraphNode, marks: Marks, indent: string): string[] {
  const id = `s${node.stage}`;
  const label = labelOf(node, marks);
  if (node.bodies.length === 0) return [`${indent}${id}["${label}"]`];
  const bodies = node.bodies.flatMap(({ title, graph }, n) =>
    graph.nodes.length === 0
      ? [`${indent}  ${id}_${n}(["${escaped(title)}"])`]
      : [
          `${indent}  subgraph ${id}_${n}["${escaped(title)}"]`,
          ...graphLines(graph, marks, `${indent}    `),
          `${indent}  end`,
        ],
  );
  return [`${indent}subgraph ${id}["${label}"]`, ...bodies, `${indent}end`];
}

function labelOf(node: GraphNode, marks: Marks): string {
  const [first, ...more] = wordsOf(node, marks).map(escaped);
  return [`<b>${first}</b>`, ...more].join("<br/>");
}

function classLines(view: GraphView, marks: Marks): string[] {
  return view.nodes.flatMap(({ stage, bodies }) => {
    const status = marks.get(stage)?.status;
    const own = status === undefined || status === "waiting" ? [] : [`  class s${stage} ${status}`];
    return [...own, ...bodies.flatMap(({ graph }) => classLines(graph, marks))];
  });
}

function idOf(view: GraphView, position: number): string {
  return `s${view.nodes[position]?.stage}`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "#amp;")
    .replaceAll('"', "#quot;")
    .replaceAll("<", "#lt;")
    .replaceAll(">", "#gt;")
    .replaceAll(/[\r\n]+/g, " ");
}

function unique(lines: string[]): string[] {
  return [...new Set(lines)];
}
