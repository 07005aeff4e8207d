// What a run asks of others: requests of programs, child runs, and cancels of both. All ids follow from the run, so that
// asking twice is asking once. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { MAX_DEADLINE_MS } from "../../../schemas/limits.ts";
import type { RequestData, RequestOptions } from "../../../schemas/messages/request.ts";
import { type Compiled, type CompiledStage, stageAt } from "../definition/compiled.ts";
import { callInputs } from "./call-inputs.ts";
import type { Evaluator } from "./evaluate.ts";
import { stageRequestId } from "./keys.ts";
import { pathOfKey, type Run } from "./state.ts";
import type { Registered } from "./trial.ts";

/** Who asks: the instance, and which of its stage's starts it is. */
interface Asking {
  instance: string;
  n: number;
}
export interface OutgoingRequest extends Asking {
  kind: "request";
  id: string;
  program: string;
  data: RequestData & { id: string };
}
export interface OutgoingChild extends Asking {
  kind: "child";
  run: string;
  pipeline: string;
  version: string;
  inputs: Record<string, unknown>;
  parent: { run: string; stage: number; n: number };
}
export type Outgoing = OutgoingRequest | OutgoingChild;

/** Something of a run that is on. */
export interface Asked {
  key: string;
  stage: number;
  n: number;
}

/** @throws MissingValues */
export function outgoingOf(
  run: Run,
  compiled: Compiled,
  evaluator: Evaluator,
  registered: Registered,
  { key, stage: index, n }: Asked,
): Outgoing {
  const one = stageAt(compiled, index);
  const { stage } = one;
  const by = { instance: key, n };
  const instance = run.instances.get(key);
  const path = pathOfKey(key);
  const { compensate } = stage;
  if (instance?.undoing === n && compensate !== undefined && one.undo !== undefined) {
    const inputs = evaluator.values(one.undo, path);
    return { ...by, ...request(run, index, n, compensate.program, inputs, optionsOf(run, undefined)) };
  }
  const inputs = callInputs(one, path, evaluator, registered);
  if (stage.kind === "call")
    return { ...by, ...request(run, index, n, stage.program, inputs, optionsOf(run, one)) };
  const { child, version } = instance ?? {};
  if (stage.kind !== "pipeline" || child === undefined || version === undefined)
    throw new DspexError("internal", `stage "${stage.name}" asks for nothing`);
  return {
    ...by,
    kind: "child",
    run: child,
    pipeline: stage.pipeline,
    version,
    inputs,
    parent: { run: run.run, stage: index, n },
  };
}

function request(
  run: Run,
  stage: number,
  n: number,
  program: string,
  inputs: Record<string, unknown>,
  options: RequestOptions,
): Omit<OutgoingRequest, keyof Asking> {
  const id = stageRequestId(run.user, run.run, stage, n);
  return { kind: "request", id, program, data: { id, inputs, ...options } };
}

/** What the stage says, else what the run says. */
function optionsOf({ options }: Run, one: CompiledStage | undefined): RequestOptions {
  const { priority, prefer, variables, session, stream } = options;
  const stage = one?.stage.kind === "call" ? one.stage : undefined;
  const all = {
    priority,
    prefer,
    variables,
    // A compensation is no turn of the conversation.
    ...(stage !== undefined && { session, stream }),
    ...(stage?.timeoutMs !== undefined && { deadlineMs: Math.min(stage.timeoutMs, MAX_DEADLINE_MS) }),
    ...(stage?.version !== undefined && { version: stage.version }),
    ...stage?.options,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
