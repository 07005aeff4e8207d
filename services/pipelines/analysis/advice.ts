// One sentence on what to change first. Pure.

import { DEFAULT_RUN_CONCURRENCY } from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineAnalysis, StageAnalysis } from "../../client/pipelines/answers.ts";
import type { Compiled } from "../definition/compiled.ts";

export type Bottleneck = NonNullable<PipelineAnalysis["bottleneck"]>;

export interface Advised {
  bottleneck: Bottleneck | undefined;
  parallelSpeedup: number;
  stages: readonly StageAnalysis[];
  compiled: Compiled;
}

export function advise({ bottleneck, parallelSpeedup, stages, compiled }: Advised): string {
  if (bottleneck === undefined) return "Nothing took any time that could be saved.";
  const { stage, share, why } = bottleneck;
  const part = `"${stage}" is ${Math.round(share * 100)} % of the critical path`;
  const own = stages.find((one) => [...one.within, one.name].join("/") === stage);
  switch (why) {
    case "work":
      return own !== undefined && own.runs > 1 && own.within.length > 0
        ? `${part}, and works: a faster implementation of "${own.program}", or a higher concurrency than ${concurrencyOf(compiled)}, shortens the run.`
        : `${part}, and works: a faster implementation of "${own?.program ?? stage}", or splitting it into a map, shortens the run.`;
    case "model":
      return `${part}, and waits for a model: a faster one, a shorter prompt or answer, or asking it for several things at once, shortens the run.`;
    case "serialisation":
      return `${part}, mostly in reading and writing JSON: hand it less, or do its work where the values are made.`;
    case "validation":
      return `${part}, mostly in checking outputs: fewer checks, or outputs of simpler types, shorten the run.`;
    case "failures":
      return `${part}, mostly in attempts that failed: what fails should not be tried first.`;
    case "queue":
      return `${part}, and waits for a slot: more workers or slots in its pool shorten the run; parallel speed-up is ${parallelSpeedup}.`;
    case "route":
      return `${part}, and waits for a route: another router takes part of the load.`;
    case "transfer":
      return `${part}, mostly in transfer: its work is short, so put several of its steps into one program.`;
    case "wait":
      return `${part}, and waits: for time, a signal or a child run, not for work.`;
    default:
      return why satisfies never;
  }
}

function concurrencyOf({ definition }: Compiled): number {
  return definition.concurrency ?? DEFAULT_RUN_CONCURRENCY;
}
