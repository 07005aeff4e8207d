// Numbers of the stages whose requests stream: those that say so, or every call of a run that says so. Pure.

import type { PipelineGraph } from "../../../schemas/messages/pipeline-definition.ts";
import { bodiesOf } from "./drawing/graph-view.ts";

export function streamingStages(definition: PipelineGraph, streamsAll: boolean): ReadonlySet<number> {
  const found = new Set<number>();
  let next = 0;
  const look = ({ stages }: PipelineGraph): void => {
    for (const stage of stages) {
      const number = next++;
      if (stage.kind === "call" && (stage.options?.stream ?? streamsAll)) found.add(number);
      for (const { graph } of bodiesOf(stage)) look(graph);
    }
  };
  look(definition);
  return found;
}
