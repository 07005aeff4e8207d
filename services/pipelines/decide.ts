// state + command → what is to be appended, and what is to be asked for once that is stored. Pure: reads what it is given.

import { createHash } from "node:crypto";
import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import type {
  PipelineProgressed,
  PipelineResult,
  PipelineStarted,
  PipelineStep,
} from "../../schemas/messages/pipeline-event.ts";
import { validateInputs } from "../../schemas/signature/values.ts";
import type { Compiled } from "./definition/compiled.ts";
import { advance } from "./run/advance.ts";
import { givenUpBetween, startedBetween } from "./run/between.ts";
import { RUN_BOUNDS } from "./run/bounds.ts";
import { Evaluator } from "./run/evaluate.ts";
import { stageRequestId } from "./run/keys.ts";
import { MissingValues, type Need } from "./run/needs.ts";
import { type Outgoing, outgoingOf } from "./run/outgoing.ts";
import { resultOf } from "./run/result.ts";
import { sizeOf } from "./run/size.ts";
import { newRun } from "./run/start.ts";
import type { Run } from "./run/state.ts";
import type { AdvanceInput } from "./run/trial.ts";

export type ProgressVerb =
  | "stage-started"
  | "stage-finished"
  | "stage-failed"
  | "stage-skipped"
  | "compensated";

export type RunAppend =
  | { verb: ProgressVerb; data: PipelineProgressed }
  | { verb: "finished"; data: PipelineResult }
  | { verb: "started"; data: PipelineStarted };

export interface Decided {
  append: RunAppend | undefined;
  /** To be asked for when it is stored. */
  outgoing: Outgoing[];
  /** Ids of requests, and child runs, that are given up. */
  cancels: string[];
  cancelRuns: string[];
  /** To be read first. */
  needs: Need[];
}

const NOTHING: Decided = { append: undefined, outgoing: [], cancels: [], cancelRuns: [], needs: [] };

/** What follows for a run that is on. */
export function decideRun(run: Run, compiled: Compiled, input: AdvanceInput): Decided {
  const { steps, draft, needs, more } = advance(run, compiled, input);
  if (needs.length > 0) return { ...NOTHING, needs };
  // What ends in few steps is told by one event; many are told before.
  const isOver =
    draft.outcome !== undefined &&
    !more &&
    draft.open.size === 0 &&
    sizeOf(steps, RUN_BOUNDS.toldBytes) <= RUN_BOUNDS.toldBytes;
  try {
    const evaluator = new Evaluator(draft, compiled, input.loaded);
    const outgoing = outgoingBetween(run, draft, compiled, evaluator, input);
    const givenUp = givenUpOf(run, draft, compiled);
    if (isOver) {
      const data = resultOf(draft, compiled, evaluator, input.nowMs, steps);
      return { ...NOTHING, ...givenUp, append: { verb: "finished", data } };
    }
    const [first] = steps;
    if (first === undefined) return NOTHING;
    const { run: name, user } = run;
    return {
      append: { verb: verbOf(steps), data: { run: name, user, steps } },
      outgoing,
      ...givenUp,
      needs: [],
    };
  } catch (error) {
    if (error instanceof MissingValues) return { ...NOTHING, needs: error.needs };
    throw error;
  }
}

export type StartCommand = Omit<PipelineStarted, "steps" | "hash">;

/** The event that begins a run, with all that can go on at once. @throws DspexError `invalid_inputs` */
export function decideStart(command: StartCommand, compiled: Compiled, input: AdvanceInput): Decided {
  const validated = validateInputs(compiled.signature, command.inputs, { references: true });
  if (!validated.ok) {
    const [problem] = validated.problems;
    throw new DspexError(
      "invalid_inputs",
      `${problem?.path}: expected ${problem?.expected}, got ${problem?.got}`,
      { path: problem?.path, details: validated.problems },
    );
  }
  const data: PipelineStarted = { ...command, hash: hashOf(command), inputs: validated.value, steps: [] };
  const run = newRun(data, compiled, { sequence: 0, timeMs: input.nowMs });
  const { steps, draft } = advance(run, compiled, input);
  try {
    const evaluator = new Evaluator(draft, compiled, input.loaded);
    const outgoing = outgoingBetween(run, draft, compiled, evaluator, input);
    return { ...NOTHING, append: { verb: "started", data: { ...data, steps } }, outgoing };
  } catch (error) {
    // A large input that lies elsewhere: the run begins, and goes on when it has been read.
    if (!(error instanceof MissingValues)) throw error;
    return { ...NOTHING, append: { verb: "started", data } };
  }
}

/** What was asked for, whenever and in whatever order: the same again is the same run. */
export function hashOf({ pipeline, version, inputs, options, reuse, parent }: StartCommand): string {
  const asked = {
    pipeline,
    version,
    inputs,
    options: options ?? {},
    from: reuse?.from,
    of: reuse?.run,
    parent,
  };
  return createHash("sha256")
    .update(canonicalJson(withoutAbsent(asked)))
    .digest("hex")
    .slice(0, 32);
}

function withoutAbsent(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

function outgoingBetween(
  before: Run,
  after: Run,
  compiled: Compiled,
  evaluator: Evaluator,
  { registered }: AdvanceInput,
): Outgoing[] {
  return [...startedBetween(before, after)].map((asked) =>
    outgoingOf(after, compiled, evaluator, registered, asked),
  );
}

function givenUpOf(before: Run, after: Run, compiled: Compiled): Pick<Decided, "cancels" | "cancelRuns"> {
  const cancels: string[] = [];
  const cancelRuns: string[] = [];
  for (const { key, stage, n } of givenUpBetween(before, after)) {
    const child = before.instances.get(key)?.child;
    if (compiled.stages[stage]?.stage.kind === "pipeline" && child !== undefined) cancelRuns.push(child);
    else cancels.push(stageRequestId(before.user, before.run, stage, n));
  }
  return { cancels, cancelRuns };
}

/** Told by what has come first; what only began is told as that. */
function verbOf(steps: readonly PipelineStep[]): ProgressVerb {
  for (const { kind } of steps) {
    if (kind === "finished") return "stage-finished";
    if (kind === "failed") return "stage-failed";
    if (kind === "skipped") return "stage-skipped";
    if (kind === "compensated") return "compensated";
  }
  return steps[0]?.kind === "ended" ? "stage-failed" : "stage-started";
}
