// Graphs within a stage. Pure.

import type { PipelineGraph, PipelineStage } from "../../../schemas/messages/pipeline-definition.ts";

/** Bodies of a stage in their order, with where they are written. */
export function bodiesOf(stage: PipelineStage): { graph: PipelineGraph; at: string }[] {
  switch (stage.kind) {
    case "map":
    case "loop":
      return [{ graph: stage.body, at: "body" }];
    case "race":
      return stage.bodies.map(({ body }, n) => ({ graph: body, at: `bodies[${n}].body` }));
    case "switch": {
      const cases = stage.cases.map(({ body }, n) => ({ graph: body, at: `cases[${n}].body` }));
      return stage.otherwise === undefined ? cases : [...cases, { graph: stage.otherwise, at: "otherwise" }];
    }
    default:
      return [];
  }
}

/** Stages that stand in for one that failed. */
export function fallbackOf({ onFailure }: PipelineStage): PipelineGraph | undefined {
  return typeof onFailure === "object" && "stage" in onFailure ? onFailure.stage : undefined;
}
