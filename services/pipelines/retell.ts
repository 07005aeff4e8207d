// A run from its own events, wherever it stands: for those that have left the state, and for what only events tell.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { PipelineDefinition } from "../../schemas/messages/pipeline-definition.ts";
import type {
  PipelineRegistered,
  PipelineResult,
  PipelineStarted,
} from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import { type LogReader, pagesOf } from "../log/read.ts";
import type { Compiled } from "./definition/compiled.ts";
import { decodePipelineEvent, type PipelinesEvent } from "./event.ts";
import { applyStep } from "./run/apply.ts";
import { newRun } from "./run/start.ts";
import type { Run } from "./run/state.ts";
import { compiledOf, type PipelinesState } from "./state.ts";

/** Of one run: ten thousand requests have at most some for each. */
const MOST_EVENTS = 50_000;

export interface ToldRun {
  run: Run;
  compiled: Compiled;
  started: PipelineStarted;
  /** Without the outputs that they told, which are in the run. */
  events: PipelinesEvent[];
  result: PipelineResult | undefined;
  endedMs: number | undefined;
}

/** @throws DspexError `not_found`; `gone` when the log has forgotten its beginning */
export async function retell(
  reader: LogReader,
  state: PipelinesState,
  user: string,
  name: string,
): Promise<ToldRun> {
  let told: ToldRun | undefined;
  for await (const message of pagesOf(reader, pipelineEventSubject(user, name, "*"), 1)) {
    const event = decodePipelineEvent(message);
    if (event === undefined || event.kind === "registered" || event.kind === "removed") continue;
    told ??= await begun(reader, state, event);
    tell(told, event);
    if (told.events.length >= MOST_EVENTS) break;
  }
  if (told === undefined) throw new DspexError("not_found", `no run "${name}"`);
  return told;
}

async function begun(reader: LogReader, state: PipelinesState, event: PipelinesEvent): Promise<ToldRun> {
  if (event.kind !== "started") {
    const which = "name" in event ? event.name : "";
    throw new DspexError("gone", `the beginning of run "${which}" is not in the log any more`);
  }
  const compiled = await compiledOfRun(reader, state, event.data);
  const run = newRun(event.data, compiled, event);
  return { run, compiled, started: event.data, events: [], result: undefined, endedMs: undefined };
}

function tell(told: ToldRun, event: PipelinesEvent): void {
  told.events.push(event);
  if (event.kind !== "started" && event.kind !== "progressed" && event.kind !== "finished") return;
  for (const step of event.data.steps ?? []) {
    applyStep(told.run, told.compiled, step, event);
    // What is large is kept once: of a run of ten thousand requests there is much.
    if ("outputs" in step) delete step.outputs;
  }
  if (event.kind !== "finished") return;
  told.result = event.data;
  told.endedMs = event.timeMs;
}

async function compiledOfRun(
  reader: LogReader,
  state: PipelinesState,
  started: PipelineStarted,
): Promise<Compiled> {
  const { definition, version, owner, pipeline } = started;
  const known = definition ?? state.definitions.get(version)?.definition;
  const found =
    known ?? (owner === undefined ? undefined : await registeredLongAgo(reader, owner, pipeline, version));
  if (found === undefined)
    throw new DspexError("gone", `version ${version} of pipeline "${pipeline}" is not in the log any more`);
  return compiledOf(found, version);
}

async function registeredLongAgo(
  reader: LogReader,
  owner: string,
  pipeline: string,
  version: string,
): Promise<PipelineDefinition | undefined> {
  for await (const message of pagesOf(reader, pipelineEventSubject(owner, pipeline, "registered"), 1)) {
    const { data } = message.json() as CloudEvent<PipelineRegistered>;
    if (data.version === version) return data.definition;
  }
  return undefined;
}
