// One decision about a run while it is being made: steps are tried on a draft of the run, and the next ones follow from
// what that has become. Pure.

import type { WireError } from "../../../schemas/errors.ts";
import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import type { Signature } from "../../../schemas/signature/ast.ts";
import type { Compiled, CompiledStage } from "../definition/compiled.ts";
import { applyStep } from "./apply.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { Evaluator } from "./evaluate.ts";
import type { Loaded } from "./needs.ts";
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
  /** What could not be asked for and never can, by instance. */
  refused?: ReadonlyMap<string, { n: number; error: WireError }>;
  /** Steps of one event, where fewer have to do. */
  stepsAtMost?: number | undefined;
}

export class Trial {
  readonly run: Run;
  readonly compiled: Compiled;
  readonly input: AdvanceInput;
  readonly evaluator: Evaluator;
  readonly steps: PipelineStep[] = [];
  /** Tries whose time has come and that wait for a slot. */
  readonly waiting: string[] = [];
  readonly #bytesAtMost: number;
  #bytes = 0;

  constructor(run: Run, compiled: Compiled, input: AdvanceInput) {
    this.run = draftOf(run);
    this.#bytesAtMost = run.last === 0 ? RUN_BOUNDS.bytesAtStart : RUN_BOUNDS.bytesAnEvent;
    this.compiled = compiled;
    this.input = input;
    this.evaluator = new Evaluator(this.run, compiled, input.loaded);
  }

  /** One event holds no more. */
  get isFull(): boolean {
    const { stepsAtMost = RUN_BOUNDS.stepsAnEvent } = this.input;
    return this.steps.length >= stepsAtMost || this.#bytes >= this.#bytesAtMost;
  }

  /** Nothing that needs one can begin. */
  get hasNoSlot(): boolean {
    return this.run.open.size >= this.run.concurrency;
  }

  /** It knows of as much as one run may. */
  get hasNoPlace(): boolean {
    return this.run.frames.size + this.run.instances.size >= RUN_BOUNDS.places;
  }

  step(step: PipelineStep): true {
    this.steps.push(step);
    // Outputs and errors are what may be long.
    if ("outputs" in step) this.#bytes += sizeOf(step.outputs, RUN_BOUNDS.bytesAnEvent);
    if ("error" in step) this.#bytes += sizeOf(step.error, RUN_BOUNDS.bytesAnEvent);
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
