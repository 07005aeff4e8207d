// One decision about a run while it is being made: steps are tried on a draft of the run, and the next ones follow from
// what that has become. Pure.

import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import type { Signature } from "../../../schemas/signature/ast.ts";
import type { Compiled, CompiledStage } from "../definition/compiled.ts";
import { applyStep } from "./apply.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { Evaluator, type Loaded } from "./evaluate.ts";
import { sizeOf } from "./size.ts";
import { draftOf, pathOfKey, type Run } from "./state.ts";

/** What decisions ask of what is registered. */
export interface Registered {
  program(name: string, version?: string): { version: string; signature: Signature } | undefined;
  /** The pipeline that a child run would take. */
  pipeline(
    user: string,
    name: string,
    version?: string,
  ): { version: string; signature: Signature } | undefined;
}

export interface AdvanceInput {
  nowMs: number;
  /** Instances whose time may have come. */
  due: readonly string[];
  registered: Registered;
  loaded: Loaded;
}

export class Trial {
  readonly run: Run;
  readonly compiled: Compiled;
  readonly input: AdvanceInput;
  readonly evaluator: Evaluator;
  readonly steps: PipelineStep[] = [];
  #bytes = 0;

  constructor(run: Run, compiled: Compiled, input: AdvanceInput) {
    this.run = draftOf(run);
    this.compiled = compiled;
    this.input = input;
    this.evaluator = new Evaluator(this.run, compiled, input.loaded);
  }

  /** One event holds no more. */
  get isFull(): boolean {
    return this.steps.length >= RUN_BOUNDS.stepsAnEvent || this.#bytes >= RUN_BOUNDS.bytesAnEvent;
  }

  step(step: PipelineStep): true {
    this.steps.push(step);
    if ("outputs" in step) this.#bytes += sizeOf(step.outputs, RUN_BOUNDS.bytesAnEvent);
    applyStep(this.run, this.compiled, step, { timeMs: this.input.nowMs });
    return true;
  }

  where({ index, stage }: CompiledStage, key: string): { stage: number; name: string; path?: string } {
    const path = pathOfKey(key);
    return { stage: index, name: stage.name, ...(path !== "" && { path }) };
  }

  nextN({ index }: CompiledStage): number {
    return (this.run.counts.get(index) ?? 0) + 1;
  }
}
