// A drawing in characters: lines that join where they meet, boxes and texts over them. Pure.

const [UP, DOWN, LEFT, RIGHT] = [1, 2, 4, 8] as const;
/** By the sides on which a line goes on. */
const SHAPES: Readonly<Record<number, string>> = {
  [UP]: "│",
  [DOWN]: "│",
  [UP | DOWN]: "│",
  [LEFT]: "─",
  [RIGHT]: "─",
  [LEFT | RIGHT]: "─",
  [DOWN | RIGHT]: "┌",
  [DOWN | LEFT]: "┐",
  [UP | RIGHT]: "└",
  [UP | LEFT]: "┘",
  [UP | DOWN | RIGHT]: "├",
  [UP | DOWN | LEFT]: "┤",
  [DOWN | LEFT | RIGHT]: "┬",
  [UP | LEFT | RIGHT]: "┴",
  [UP | DOWN | LEFT | RIGHT]: "┼",
};

interface Cell {
  sides: number;
  /** Instead of a line. */
  text?: string;
  ink: string;
}

export class Characters {
  readonly #cells: (Cell | undefined)[][] = [];

  /** A line through the points, which are above, below or beside each other. */
  line(points: readonly { x: number; y: number }[]): void {
    for (const [n, to] of points.entries()) {
      const from = points[n - 1];
      if (from === undefined) continue;
      const step = { x: Math.sign(to.x - from.x), y: Math.sign(to.y - from.y) };
      const sides =
        step.x !== 0
          ? [step.x > 0 ? RIGHT : LEFT, step.x > 0 ? LEFT : RIGHT]
          : [step.y > 0 ? DOWN : UP, step.y > 0 ? UP : DOWN];
      for (let { x, y } = from; x !== to.x || y !== to.y; x += step.x, y += step.y) {
        this.#join(x, y, sides[0] ?? 0);
        this.#join(x + step.x, y + step.y, sides[1] ?? 0);
      }
    }
  }

  box(x: number, y: number, width: number, height: number, ink: string): void {
    const [right, bottom] = [x + width - 1, y + height - 1];
    this.text(x, y, `╭${"─".repeat(width - 2)}╮`, ink);
    for (let row = y + 1; row < bottom; row++) {
      this.text(x, row, "│", ink);
      this.text(right, row, "│", ink);
    }
    this.text(x, bottom, `╰${"─".repeat(width - 2)}╯`, ink);
  }

  text(x: number, y: number, text: string, ink: string): void {
    [...text].forEach((character, n) => {
      this.#cell(x + n, y).text = character;
      this.#cell(x + n, y).ink = ink;
    });
  }

  /** Lines from above to below; `paint` gets what stands together in one ink. */
  lines(paint: (ink: string, text: string) => string): string[] {
    return Array.from(this.#cells, (row = []) => {
      let painted = "";
      let run = { ink: "", text: "" };
      for (const cell of Array.from(row, (one) => one ?? { sides: 0, ink: "" })) {
        const character = cell.text ?? SHAPES[cell.sides] ?? " ";
        if (cell.ink !== run.ink) {
          painted += run.text === "" ? "" : paint(run.ink, run.text);
          run = { ink: cell.ink, text: "" };
        }
        run.text += character;
      }
      return `${painted}${run.text === "" ? "" : paint(run.ink, run.text)}`.trimEnd();
    });
  }

  #join(x: number, y: number, side: number): void {
    this.#cell(x, y).sides |= side;
  }

  #cell(x: number, y: number): Cell {
    this.#cells[y] ??= [];
    const row = this.#cells[y] as (Cell | undefined)[];
    row[x] ??= { sides: 0, ink: "line" };
    return row[x] as Cell;
  }
}
