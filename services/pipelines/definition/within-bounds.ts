// Whether a definition is small enough to be looked at: somebody may mean it ill. Without recursion into what may be too
// deep. Pure.

import {
  MAX_NESTING,
  MAX_STAGES,
  type PipelineGraph,
} from "../../../schemas/messages/pipeline-definition.ts";
import { bodiesOf, fallbackOf } from "./bodies.ts";
import type { Problems } from "./problems.ts";

export function isWithinBounds(definition: PipelineGraph, problems: Problems): boolean {
  let count = 0;
  const open: { graph: PipelineGraph; within: readonly string[] }[] = [{ graph: definition, within: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { graph, within } = next;
    for (const stage of graph.stages) {
      count++;
      const inner = bodiesOf(stage).map(({ graph: body }) => body);
      const fallback = fallbackOf(stage);
      if (fallback !== undefined) inner.push(fallback);
      if (inner.length > 0 && within.length >= MAX_NESTING) {
        problems.tell({ stage, within }, "stages", `bodies within one another at most ${MAX_NESTING} deep`);
        return false;
      }
      for (const body of inner) open.push({ graph: body, within: [...within, stage.name] });
    }
  }
  if (count <= MAX_STAGES) return true;
  problems.tell(undefined, "stages", `${count} stages, at most ${MAX_STAGES} in all`);
  return false;
}
