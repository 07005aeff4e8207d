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
import type { LogReader, StoredMessage } from "../log/read.ts";
import type { Compiled } from "./definition/compiled.ts";
import { decodePipelineEvent, type PipelinesEvent } from "./event.ts";
import { applyStep } from "./run/apply.ts";
import { newRun } from "./run/start.ts";
import type { Run } from "./run/state.ts";
import { compiledOf, type PipelinesState } from "./state.ts";

const READ_AT_ONCE = 256;
/** Of one run: ten thousand requests have at most some for each. */
const MOST_EVENTS = 50_000;

export interface ToldRun {
  run: Run;
  compiled: Compiled;
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
  const events: PipelinesEvent[] = [];
  for await (const message of messagesOf(reader, user, name, 1)) {
    const event = decodePipelineEvent(message);
    if (event !== undefined && event.kind !== "registered" && event.kind !== "removed") events.push(event);
    if (events.length >= MOST_EVENTS) break;
  }
  const [first] = events;
  if (first === undefined) throw new DspexError("not_found", `no run "${name}"`);
  if (first.kind !== "started")
    throw new DspexError("gone", `the beginning of run "${name}" is not in the log any more`);
  const compiled = await compiledOfRun(reader, state, first.data);
  const run = newRun(first.data, compiled, first);
  let result: PipelineResult | undefined;
  let endedMs: number | undefined;
  for (const event of events) {
    if (event.kind === "started" || event.kind === "progressed")
      for (const step of event.data.steps) applyStep(run, compiled, step, event);
    if (event.kind !== "finished") continue;
    for (const step of event.data.steps ?? []) applyStep(run, compiled, step, event);
    result = event.data;
    endedMs = event.timeMs;
  }
  return { run, compiled, events, result, endedMs };
}

/** Messages of one run (or pipeline) from a sequence on, oldest first, as far as there are. */
export async function* messagesOf(
  reader: LogReader,
  user: string,
  name: string,
  fromSequence: number,
): AsyncGenerator<StoredMessage> {
  const subject = pipelineEventSubject(user, name, "*");
  for (let from = fromSequence; ; ) {
    const some = await reader.some(subject, from, READ_AT_ONCE);
    yield* some;
    const last = some.at(-1);
    if (last === undefined || some.length < READ_AT_ONCE) return;
    from = last.sequence + 1;
  }
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
  for await (const message of messagesOf(reader, owner, pipeline, 1)) {
    if (!message.subject.endsWith(".registered")) continue;
    const { data } = message.json() as CloudEvent<PipelineRegistered>;
    if (data.version === version) return data.definition;
  }
  return undefined;
}
