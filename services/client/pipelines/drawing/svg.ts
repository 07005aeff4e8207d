// A pipeline's graph as a picture that stands alone: no script, no font, no style from elsewhere. Pure.

import { DspexError } from "../../../../schemas/errors.ts";
import { isDrawable } from "./drawable.ts";
import type { GraphView } from "./graph-view.ts";
import { type Box, type Drawing, layout, type Point } from "./layout.ts";
import { type Marks, wordsOf } from "./marks.ts";

/** Of a letter, generously: fonts differ from machine to machine. */
const LETTER = 7.6;
const LINE = 18;
const MARGIN = 16;
const CORNER = 6;

const STYLE = `text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#1f2937}.d{fill:#6b7280;font-size:12px}.n{font-weight:600}
rect{fill:#fff;stroke:#9ca3af;stroke-width:1.2}path{fill:none;stroke:#9ca3af;stroke-width:1.3}.head{fill:#9ca3af;stroke:none}
.finished{fill:#e7f6eb;stroke:#2f8f4e}.running{fill:#e4eefe;stroke:#2563eb}.backoff{fill:#fdf3d4;stroke:#b45309}
.failed{fill:#fdeaea;stroke:#c0362c}.skipped,.cancelled{fill:#f3f4f6;stroke-dasharray:4 3}`;

/** @throws DspexError `payload_too_large` */
export function svg(
  view: GraphView,
  { marks = new Map(), title }: { marks?: Marks; title?: string } = {},
): string {
  if (!isDrawable(view))
    throw new DspexError(
      "payload_too_large",
      "too many stages and references for a picture: ask for mermaid",
    );
  const drawing = layout(view, {
    words: (node) => {
      const words = wordsOf(node, marks);
      return { width: Math.max(...words.map((line) => line.length)) * LETTER, height: words.length * LINE };
    },
    titleWidth: (text) => text.length * LETTER,
    titleHeight: LINE + 4,
    gap: 28,
    bend: 12,
    padding: { x: 12, y: 8 },
  });
  const [width, height] = [Math.ceil(drawing.width + 2 * MARGIN), Math.ceil(drawing.height + 2 * MARGIN)];
  const shapes = draw(drawing, { x: MARGIN, y: MARGIN }, marks);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    ...(title === undefined ? [] : [`<title>${escaped(title)}</title>`]),
    `<style>${STYLE}</style>`,
    `<rect x="0" y="0" width="${width}" height="${height}" style="stroke:none"/>`,
    ...shapes,
    "</svg>\n",
  ].join("\n");
}

function draw({ boxes, lines }: Drawing, at: Point, marks: Marks): string[] {
  return [
    ...boxes.flatMap((box) => drawBox(box, at, marks)),
    ...lines.flatMap((points) => drawLine(points.map(({ x, y }) => ({ x: at.x + x, y: at.y + y })))),
  ];
}

function drawBox({ node, bodies, ...box }: Box, at: Point, marks: Marks): string[] {
  const [x, y] = [at.x + box.x, at.y + box.y];
  const words = wordsOf(node, marks);
  const status = marks.get(node.stage)?.status ?? "";
  return [
    `<rect class="${status}" x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="8"/>`,
    ...words.map((text, n) => write(text, x + 12, y + 8 + LINE * (n + 0.75), n === 0 ? "n" : "d")),
    ...bodies.flatMap((body) => [
      write(body.title, x + body.x, y + body.y + LINE * 0.75, "d"),
      ...draw(body.drawing, { x: x + body.x, y: y + body.y + LINE + 4 }, marks),
    ]),
  ];
}

function drawLine(points: readonly Point[]): string[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [];
  const steps = points.slice(1).map((point, n) => {
    const [before, after] = [points[n] as Point, points[n + 2]];
    if (after === undefined) return `L${point.x} ${point.y - 5}`;
    // Around the corner in a bow.
    const [into, out] = [towards(point, before), towards(point, after)];
    return `L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`;
  });
  return [
    `<path d="M${first.x} ${first.y}${steps.join("")}"/>`,
    `<path class="head" d="M${last.x - 4} ${last.y - 7}h8l-4 7z"/>`,
  ];
}

/** The point a little before a corner. */
function towards(corner: Point, from: Point): Point {
  const length = Math.hypot(from.x - corner.x, from.y - corner.y);
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: corner.x + (from.x - corner.x) * share, y: corner.y + (from.y - corner.y) * share };
}

function write(text: string, x: number, y: number, kind: string): string {
  return `<text class="${kind}" x="${x}" y="${y}">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
