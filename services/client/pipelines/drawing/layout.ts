// Where things stand in a drawing: layers from top to bottom, each stage below all that it waits for; edges go down
// between the layers, with a bend where they must. One layout for pixels and for characters: only the measures differ. Pure.

import type { GraphNode, GraphView } from "./graph-view.ts";
import { layersOf, portOf, type Slot } from "./layers.ts";

/** In pixels, or in characters. */
export interface Measures {
  /** Of the words of a stage. */
  words(node: GraphNode): { width: number; height: number };
  titleWidth(text: string): number;
  /** Height of a body's title. */
  titleHeight: number;
  /** Between boxes side by side. */
  gap: number;
  /** Between rows of bends. */
  bend: number;
  /** From a box's border to what is in it. */
  padding: { x: number; y: number };
}

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  node: GraphNode;
  width: number;
  height: number;
  bodies: { title: string; x: number; y: number; drawing: Drawing }[];
}

/** Positions are within it. */
export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  /** Corners of each edge, from above to below. */
  lines: Point[][];
}

export function layout(view: GraphView, measures: Measures): Drawing {
  const boxes = view.nodes.map((node) => boxOf(node, measures));
  const { layers, chains } = layersOf(
    boxes.map(({ width }) => width),
    view.edges,
    measures.gap,
  );
  const bends = bendsOf(chains, layers.length);
  const tops: number[] = [];
  let height = 0;
  layers.forEach((layer, depth) => {
    tops[depth] = height;
    height += Math.max(
      0,
      ...layer.map((slot) => (slot.node === undefined ? 0 : (boxes[slot.node]?.height ?? 0))),
    );
    if (depth < layers.length - 1) height += measures.bend * ((bends.rows[depth] ?? 0) + 2);
  });
  for (const slot of layers.flat()) {
    const box = slot.node === undefined ? undefined : boxes[slot.node];
    if (box === undefined) continue;
    box.x = slot.x;
    box.y = tops[slot.layer] ?? 0;
  }
  const lines = chains.map((chain) => line(chain));
  const width = Math.max(0, ...boxes.map((box) => box.x + box.width), ...lines.flat().map(({ x }) => x + 1));
  return { width, height, boxes, lines };

  function line(chain: readonly Slot[]): Point[] {
    const points: Point[] = [];
    for (const [n, slot] of chain.entries()) {
      const next = chain[n + 1];
      const top = tops[slot.layer] ?? 0;
      const x = portOf(slot);
      if (n > 0) points.push({ x, y: top });
      if (next === undefined) break;
      const nextTop = tops[next.layer] ?? 0;
      points.push({ x, y: slot.node === undefined ? top : top + (boxes[slot.node]?.height ?? 0) });
      if (portOf(next) === x) continue;
      const row = bends.rowOf(slot);
      const y = nextTop - measures.bend * ((bends.rows[slot.layer] ?? 0) - row + 1);
      points.push({ x, y }, { x: portOf(next), y });
    }
    return points;
  }
}

function boxOf(node: GraphNode, measures: Measures): Box {
  const { padding, gap, titleHeight } = measures;
  const words = measures.words(node);
  const bodies: Box["bodies"] = [];
  const top = padding.y + words.height;
  let x = padding.x;
  let inner = 0;
  for (const { title, graph } of node.bodies) {
    const drawing = layout(graph, measures);
    bodies.push({ title, x, y: top, drawing });
    x += Math.max(drawing.width, measures.titleWidth(title)) + gap;
    inner = Math.max(inner, titleHeight + drawing.height);
  }
  const width = Math.max(words.width + 2 * padding.x, bodies.length === 0 ? 0 : x - gap + padding.x);
  return { node, x: 0, y: 0, width, height: top + inner + padding.y, bodies };
}

/** Rows for the bends below each layer: those of one slot share a row, and rows are shared where they do not meet. */
function bendsOf(
  chains: readonly Slot[][],
  count: number,
): { rows: number[]; rowOf: (slot: Slot) => number } {
  const spans = new Map<Slot, { from: number; to: number }>();
  for (const chain of chains)
    for (const [n, slot] of chain.entries()) {
      const next = chain[n + 1];
      if (next === undefined || portOf(next) === portOf(slot)) continue;
      const span = spans.get(slot) ?? { from: portOf(slot), to: portOf(slot) };
      spans.set(slot, { from: Math.min(span.from, portOf(next)), to: Math.max(span.to, portOf(next)) });
    }
  const rows = new Array<number>(count).fill(0);
  const taken = new Map<string, { from: number; to: number }[]>();
  const chosen = new Map<Slot, number>();
  for (const [slot, span] of [...spans].sort(([, a], [, b]) => a.from - b.from || a.to - b.to)) {
    let row = 0;
    while (taken.get(`${slot.layer}/${row}`)?.some((other) => other.from <= span.to && span.from <= other.to))
      row++;
    const key = `${slot.layer}/${row}`;
    taken.set(key, [...(taken.get(key) ?? []), span]);
    chosen.set(slot, row);
    rows[slot.layer] = Math.max(rows[slot.layer] ?? 0, row + 1);
  }
  return { rows, rowOf: (slot) => chosen.get(slot) ?? 0 };
}
