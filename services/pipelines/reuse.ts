// What of a run need not be done again when it is run once more: stages that finished, with what they were asked, so
// that the same question in the new run finds its answer. Pure.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_BODY_BYTES } from "../../schemas/limits.ts";
import type { PipelineStarted } from "../../schemas/messages/pipeline-event.ts";
import { type Compiled, graphAt, stageAt } from "./definition/compiled.ts";
import { callInputs, reuseOfCall } from "./run/call-inputs.ts";
import { Evaluator } from "./run/evaluate.ts";
import { reuseKey } from "./run/keys.ts";
import { type Loaded, MissingValues, type Need } from "./run/needs.ts";
import type { Instance, Run } from "./run/state.ts";
import type { Registered } from "./run/trial.ts";

type Reuse = NonNullable<PipelineStarted["reuse"]>;

const MOST_STAGES = 4_000;
/** What one takes in the event, and what else is in it. */
const BYTES_EACH = 128;
const ROOM_BYTES = 4_096;

export interface Reusable {
  stages: Reuse["stages"];
  /** To be read first. */
  needs: Need[];
}

/** `from` = a stage that is done again, with all that needs it. @throws DspexError `not_found` */
export function reusableOf(
  run: Run,
  compiled: Compiled,
  from: string | undefined,
  registered: Registered,
  loaded: Loaded,
): Reusable {
  const again = from === undefined ? new Set<number>() : downstreamOf(compiled, from);
  const evaluator = new Evaluator(run, compiled, loaded);
  const stages: Reuse["stages"] = [];
  const needs: Need[] = [];
  for (const [, instance] of run.instances.entries()) {
    if (stages.length >= MOST_STAGES) break;
    if (instance.status !== "finished" || instance.fallback !== undefined || again.has(instance.stage))
      continue;
    try {
      const what = whatOf(compiled, instance, evaluator, registered);
      if (what === undefined) continue;
      const { version } = instance;
      stages.push({
        key: reuseKey(instance.stage, what),
        sequence: instance.sequence ?? 0,
        ...(version !== undefined && { version }),
      });
    } catch (error) {
      // What cannot be asked any more is done again.
      if (error instanceof MissingValues) needs.push(...error.needs);
    }
  }
  return { stages, needs };
}

function whatOf(
  compiled: Compiled,
  { stage: index, path, sequence, waitMs }: Instance,
  evaluator: Evaluator,
  registered: Registered,
): object | undefined {
  const one = stageAt(compiled, index);
  const { stage } = one;
  if (stage.kind === "delay") return { ms: waitMs ?? 0, path };
  if (sequence === undefined) return undefined;
  switch (stage.kind) {
    case "call":
      return reuseOfCall(stage.program, callInputs(one, path, evaluator, registered), stage.options);
    case "pipeline":
      return { pipeline: stage.pipeline, inputs: evaluator.values(one.values, path) };
    case "signal":
      return { signal: stage.signal, path };
    default:
      return undefined;
  }
}

/** As many of them as the event that begins the run has room for; the others are done again. */
export function reuseWithin({ stages, ...rest }: Reuse, command: object): Reuse {
  const left = MAX_BODY_BYTES - ROOM_BYTES - Buffer.byteLength(stringifyJson(command));
  return { ...rest, stages: stages.slice(0, Math.max(Math.floor(left / BYTES_EACH), 0)) };
}

/** The stage, all in its bodies, and all that needs it, with all in theirs. */
function downstreamOf(compiled: Compiled, name: string): Set<number> {
  const names = name.split("/");
  let graph = graphAt(compiled, 0);
  let found: number | undefined;
  for (const [n, part] of names.entries()) {
    found = graph.names.get(part);
    if (found === undefined)
      throw new DspexError("not_found", `no stage "${name}" in "${compiled.definition.name}"`, {
        path: "from",
      });
    if (n === names.length - 1) break;
    const inner = stageAt(compiled, found).bodies.find((body) =>
      graphAt(compiled, body).names.has(names[n + 1] ?? ""),
    );
    if (inner === undefined)
      throw new DspexError("not_found", `no stage "${name}" in "${compiled.definition.name}"`, {
        path: "from",
      });
    graph = graphAt(compiled, inner);
  }
  const again = new Set<number>();
  const add = (index: number): void => {
    if (again.has(index)) return;
    again.add(index);
    const one = stageAt(compiled, index);
    for (const body of [...one.bodies, ...(one.fallback === undefined ? [] : [one.fallback])])
      for (const inner of graphAt(compiled, body).stages) add(inner);
    for (const next of one.feeds) add(next);
  };
  if (found !== undefined) add(found);
  // What is around it has to go through it, and what needs that comes after.
  const up = (index: number): void => {
    const { owner } = graphAt(compiled, stageAt(compiled, index).graph);
    if (owner === undefined) return;
    again.add(owner);
    for (const next of stageAt(compiled, owner).feeds) add(next);
    up(owner);
  };
  if (found !== undefined) up(found);
  return again;
}
