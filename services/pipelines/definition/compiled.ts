// A definition made ready to be run: stages numbered over all bodies, each graph apart, references resolved to where
// they lead. Made from the stored definition by compile.ts and the same for the same definition.

import type { PipelineDefinition, PipelineStage } from "../../../schemas/messages/pipeline-definition.ts";
import type { Field, Signature } from "../../../schemas/signature/ast.ts";
import type { ReadyExpression, ReadyValue, ReadyValues } from "./value.ts";

export interface CompiledStage {
  /** Number over all graphs, pre-order. */
  index: number;
  stage: PipelineStage;
  /** Where it is in the definition: `stages[2].body.stages[0]`. */
  at: string;
  /** Names of the stages around it. */
  within: readonly string[];
  /** The graph that it belongs to. */
  graph: number;
  /** Graphs of its bodies in their order; a switch's `otherwise` is the last. */
  bodies: readonly number[];
  fallback: number | undefined;
  /** Stages of its own graph that must have ended before it, by references (also those of its bodies) and `after`. */
  needs: readonly number[];
  /** Those of them whose outputs it reads. */
  reads: readonly number[];
  /** Stages of its own graph that it holds up. */
  feeds: readonly number[];
  when: ReadyExpression | undefined;
  until: ReadyExpression | undefined;
  /** Inputs of a call or a child, initial values of a loop, outputs of a value. */
  values: ReadyValues;
  /** What a map is over, a switch is on, a delay lasts. */
  subject: ReadyValue | undefined;
  /** Values that stand in for it. */
  standIn: ReadyValues | undefined;
  /** Inputs of its compensation. */
  undo: ReadyValues | undefined;
  /** What a signal brings. */
  fields: readonly Field[] | undefined;
}

export interface CompiledGraph {
  id: number;
  /** Stage whose body or fallback it is; undefined = the pipeline itself. */
  owner: number | undefined;
  /** Which of its owner's bodies, or `fallback`. */
  place: number | "fallback";
  stages: readonly number[];
  /** Stages that need no other. */
  roots: readonly number[];
  names: ReadonlyMap<string, number>;
  outputs: ReadyValues;
  at: string;
}

export interface Compiled {
  definition: PipelineDefinition;
  version: string;
  signature: Signature;
  stages: readonly CompiledStage[];
  /** `graphs[0]` is the pipeline's own. */
  graphs: readonly CompiledGraph[];
  compensates: boolean;
}

/** Something that is wrong with a definition. */
export interface DefinitionProblem {
  /** With the names of the stages around it: `summaries/sum`. */
  stage?: string;
  path: string;
  message: string;
}

export function stageAt(compiled: Compiled, index: number): CompiledStage {
  const found = compiled.stages[index];
  if (found === undefined) throw new RangeError(`no stage ${index} in ${compiled.definition.name}`);
  return found;
}

export function graphAt(compiled: Compiled, id: number): CompiledGraph {
  const found = compiled.graphs[id];
  if (found === undefined) throw new RangeError(`no graph ${id} in ${compiled.definition.name}`);
  return found;
}
