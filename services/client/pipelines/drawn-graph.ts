// A pipeline's graph in the forms in which it can be shown, with how far each stage is where that is known. Pure.

import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { StageProgress } from "./answers.ts";
import { type GraphView, graphView } from "./drawing/graph-view.ts";
import type { Mark, Marks } from "./drawing/marks.ts";
import { mermaid } from "./drawing/mermaid.ts";
import { svg } from "./drawing/svg.ts";
import { type TerminalDrawing, terminalDrawing } from "./drawing/terminal.ts";

export class DrawnGraph {
  readonly #name: string;
  readonly #view: GraphView;
  readonly #marks: Marks;

  constructor(definition: PipelineDefinition, stages: readonly StageProgress[] = []) {
    this.#name = definition.name;
    this.#view = graphView(definition);
    this.#marks = new Map(stages.map((stage) => [stage.stage, markOf(stage)]));
  }

  mermaid(): string {
    return mermaid(this.#view, this.#marks);
  }
  /** A file that stands alone. */
  svg(): string {
    return svg(this.#view, { marks: this.#marks, title: this.#name });
  }
  /** Lines of a terminal. */
  lines(options: Omit<TerminalDrawing, "marks"> = {}): string[] {
    return terminalDrawing(this.#view, { ...options, marks: this.#marks });
  }
}

/** Of a stage that runs many times how often it has. */
export function markOf({ status, items, within, started, finished, failed, skipped }: StageProgress): Mark {
  const ended = finished + failed + skipped;
  const isRepeated = within.length > 0 && started > 1;
  const note = isRepeated
    ? `${ended}/${started}`
    : items === undefined
      ? undefined
      : `${items} ${items === 1 ? "item" : "items"}`;
  return { status, ...(note !== undefined && { note }) };
}
