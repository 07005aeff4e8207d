// A pipeline's graph in characters: boxes with lines between them, stages within stages; as a list where that would be
// wider than the terminal, or of too much. Pure.

import { Characters } from "./characters.ts";
import { isDrawable } from "./drawable.ts";
import type { GraphNode, GraphView } from "./graph-view.ts";
import { type Drawing, layout } from "./layout.ts";
import { type Marks, wordsOf } from "./marks.ts";

export interface TerminalDrawing {
  marks?: Marks;
  /** Of the terminal. */
  columns?: number;
  /** `ink`: `line`, `detail`, `title`, or a stage's status. */
  paint?: (ink: string, text: string) => string;
}

const NO_MARKS: Marks = new Map();
const PADDING = { x: 2, y: 1 };

export function terminalDrawing(view: GraphView, options: TerminalDrawing = {}): string[] {
  const { marks = NO_MARKS, columns = Number.POSITIVE_INFINITY, paint = (_ink, text) => text } = options;
  if (!isDrawable(view)) return listed(view, { marks, paint }, 0);
  const words = (node: GraphNode) => wordsOf(node, marks);
  const drawing = layout(view, {
    words: (node) => ({
      width: Math.max(...words(node).map((line) => lengthOf(line))),
      height: words(node).length,
    }),
    titleWidth: lengthOf,
    titleHeight: 1,
    gap: 2,
    bend: 1,
    padding: PADDING,
  });
  if (drawing.width > columns) return listed(view, { marks, paint }, 0);
  const characters = new Characters();
  draw(drawing, { x: 0, y: 0 });
  return characters.lines(paint);

  function draw({ boxes, lines }: Drawing, at: { x: number; y: number }): void {
    for (const points of lines) {
      const moved = points.map(({ x, y }) => ({ x: x + at.x, y: y + at.y }));
      // From the border of the upper box to just above the lower one.
      const [first, last] = [moved[0], moved.at(-1)];
      if (first === undefined || last === undefined) continue;
      characters.line([{ ...first, y: first.y - 1 }, ...moved.slice(0, -1), { ...last, y: last.y - 1 }]);
    }
    for (const { node, x, y, width, height, bodies } of boxes) {
      const corner = { x: at.x + x, y: at.y + y };
      const mark = marks.get(node.stage);
      characters.box(corner.x, corner.y, width, height, mark?.status ?? "line");
      words(node).forEach((line, n) => {
        const ink = n > 0 ? "detail" : (mark?.status ?? "title");
        characters.text(corner.x + PADDING.x, corner.y + PADDING.y + n, line, ink);
      });
      for (const body of bodies) {
        const place = { x: corner.x + body.x, y: corner.y + body.y };
        characters.text(place.x, place.y, body.title, "detail");
        draw(body.drawing, { x: place.x, y: place.y + 1 });
      }
    }
    // Over the borders, which were drawn over the lines.
    for (const points of lines) {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) continue;
      characters.text(at.x + first.x, at.y + first.y - 1, "┬", "line");
      characters.text(at.x + last.x, at.y + last.y - 1, "▼", "line");
    }
  }
}

/** A line for each stage: what it is, and for what it waits. */
function listed(
  view: GraphView,
  { marks, paint }: Required<Pick<TerminalDrawing, "marks" | "paint">>,
  depth: number,
): string[] {
  return view.nodes.flatMap((node, position) => {
    const mark = marks.get(node.stage);
    const [name, ...more] = wordsOf(node, marks);
    const waits = view.edges.flatMap(({ from, to }) =>
      to === position ? [view.nodes[from]?.name ?? ""] : [],
    );
    const arrow = waits.length === 0 ? "" : paint("detail", `  ← ${[...new Set(waits)].join(", ")}`);
    const indent = "  ".repeat(depth);
    const line = `${indent}${paint(mark?.status ?? "title", name)}${paint("detail", `  ${more.join(", ")}`)}${arrow}`;
    const inside = node.bodies.flatMap(({ title, graph }) => [
      `${indent}  ${paint("detail", graph.nodes.length === 0 ? title : `${title}:`)}`,
      ...listed(graph, { marks, paint }, depth + 2),
    ]);
    return [line, ...inside];
  });
}

function lengthOf(text: string): number {
  return [...text].length;
}
