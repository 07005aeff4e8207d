// The part of the API that searches for better values: `variable.optimize`, `optimization`, `optimizations`, `cancel`.

import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { check } from "../../../schemas/envelope/check.ts";
import { type CloudEvent, cloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import { MAX_BODY_BYTES } from "../../../schemas/limits.ts";
import { tokenSchema } from "../../../schemas/messages/parts.ts";
import type { ProgramRegistered } from "../../../schemas/messages/program-event.ts";
import { REQUEST_EVENTS } from "../../../schemas/messages/request-event.ts";
import {
  OPTIMIZATION_EVENTS_FILTER,
  programEventSubject,
  requestEventSubject,
} from "../../../schemas/subjects.ts";
import type { Appender } from "../../bus/append.ts";
import { nowText } from "../../bus/clock.ts";
import { adminEndpoints, apiEndpoint } from "../../bus/endpoints.ts";
import type { ApiRequest, Endpoint } from "../../bus/micro-service.ts";
import type { OptimizationInfo, OptimizationListAnswer } from "../../client/variables-answers.ts";
import type { LogReader } from "../../log/read.ts";
import type { VariablesConfig } from "../config.ts";
import type { Registry } from "../registry.ts";
import { optimizationId, optimizeSchema } from "./command.ts";
import { decideCancelQueued, decideQueue } from "./decide.ts";
import { checkOf } from "./event.ts";
import { placesOf } from "./queue.ts";
import type { Runs } from "./runs.ts";
import type { VariableRun } from "./state.ts";
import { TUNER_PROGRAM } from "./tuner.ts";
import { runAnswer, summary } from "./views.ts";

const MAX_WAIT_MS = 20_000;
/** For the request that is made of it. */
const ENVELOPE_BYTES = 65_536;

const askedSchema = z.strictObject({
  run: tokenSchema,
  /** How often it has moved as far as the asker knows: it is answered as soon as it has again, or has ended. */
  seen: z.number().int().nonnegative().optional(),
  waitMs: z.number().int().min(0).max(MAX_WAIT_MS).default(0),
});
const cancelSchema = z.strictObject({ run: tokenSchema });
const listSchema = z.strictObject({ ended: z.boolean().default(false) });

/** What the endpoints of the service work with. */
export interface OptimizeApi {
  registry: Registry;
  runs: Runs;
  reader: LogReader;
  appender: Appender;
  config: VariablesConfig;
  source: string;
}

export function optimizeEndpoints(api: OptimizeApi): Endpoint[] {
  return [
    ...adminEndpoints("variable", "optimize", (request) => optimize(api, request)),
    apiEndpoint("variable", "optimization", (request) => optimization(api, request)),
    apiEndpoint("variable", "optimizations", (request) => list(api, request)),
    apiEndpoint("variable", "cancel", (request) => cancel(api, request)),
  ];
}

async function optimize(api: OptimizeApi, request: ApiRequest): Promise<OptimizationInfo> {
  const { registry, runs, reader, config } = api;
  const command = check(optimizeSchema, request.json());
  const version = await versionOf(reader, command.objective.program);
  const asked = { run: randomBytes(8).toString("hex"), user: request.user, version, command };
  const sizeBytes = Buffer.byteLength(stringifyJson(command));
  if (sizeBytes > MAX_BODY_BYTES - ENVELOPE_BYTES)
    throw new DspexError("payload_too_large", "too many examples for a message: send them as a reference", {
      path: "objective.data",
    });
  await latest(api);
  await runs.append(() => decideQueue(registry.state, registry.optimizations, asked, config.maxQueued));
  return runAnswer(registry.optimizations, own(api, asked.run, request));
}

/** @throws DspexError `unknown_program`; `invalid_inputs` for what runs searches itself. */
async function versionOf(reader: LogReader, program: string): Promise<string> {
  const [registered, removed] = await Promise.all([
    reader.last(programEventSubject(program, "registered")),
    reader.last(programEventSubject(program, "removed")),
  ]);
  if (registered === null || (removed?.sequence ?? 0) > registered.sequence)
    throw new DspexError("unknown_program", `no program "${program}" is registered`, {
      path: "objective.program",
    });
  if (program === TUNER_PROGRAM)
    throw new DspexError("invalid_inputs", `"${program}" cannot measure itself`, {
      path: "objective.program",
    });
  return (registered.json() as CloudEvent<ProgramRegistered>).data.version;
}

async function optimization(api: OptimizeApi, request: ApiRequest): Promise<OptimizationInfo> {
  const { run: name, seen, waitMs } = check(askedSchema, request.json());
  const endsAt = performance.now() + waitMs;
  await latest(api);
  for (;;) {
    const run = own(api, name, request);
    const answer = { ...runAnswer(api.registry.optimizations, run), moved: movesOf(api, run) };
    const leftMs = endsAt - performance.now();
    if (isOver(run) || seen === undefined || answer.moved !== seen || leftMs <= 0) return answer;
    await soon(api.registry.changed(), leftMs);
  }
}

/** Trials, starts, and steps in the queue: whatever an asker would want to hear of. */
function movesOf({ registry }: OptimizeApi, run: VariableRun): number {
  const place = placesOf(registry.optimizations).get(run.run)?.position ?? 0;
  const steps = [run.startedSequence, run.baseline, run.applied, run.checked].filter(
    (one) => one !== undefined,
  );
  return run.tried + run.infeasible + steps.length * 1_000_000 + place * 10_000_000;
}

async function list(api: OptimizeApi, request: ApiRequest): Promise<OptimizationListAnswer> {
  const { ended } = check(listSchema, request.json());
  await latest(api);
  const state = api.registry.optimizations;
  const places = placesOf(state);
  const runs = [...state.runs.values()];
  const queue = [...places.keys()].flatMap((name) => state.runs.get(name) ?? []);
  const others = runs.filter((run) => run.status !== "queued" && (ended || !isOver(run)));
  return { optimizations: [...others, ...queue].map((run) => summary(run, places)) };
}

/** What waits is over at once; what runs, when its request is. */
async function cancel(api: OptimizeApi, request: ApiRequest): Promise<OptimizationInfo> {
  const { registry, runs, appender, source } = api;
  const { run: name } = check(cancelSchema, request.json());
  await latest(api);
  const run = own(api, name, request);
  await runs.append(() => decideCancelQueued(run));
  if (run.status === "running") {
    const id = optimizationId(run.user, run.applied === undefined ? run.run : checkOf(run.run));
    const { type } = REQUEST_EVENTS["cancel-requested"];
    const event = cloudEvent(type, source, randomUUID(), nowText(), { id });
    await appender.append(requestEventSubject("cancel-requested"), stringifyJson(event));
  }
  return runAnswer(registry.optimizations, run);
}

/** With everything that was in the log when it was asked for, by whichever instance. */
async function latest({ registry, reader }: OptimizeApi): Promise<void> {
  const last = await reader.last(OPTIMIZATION_EVENTS_FILTER);
  await Promise.all([registry.now(), registry.passed(last?.sequence ?? 0)]);
}

/** @throws DspexError `not_found`: others' runs are listed, and nothing more is told of them. */
function own({ registry }: OptimizeApi, name: string, { user }: ApiRequest): VariableRun {
  const run = registry.optimizations.runs.get(name);
  if (run?.user === user) return run;
  throw new DspexError("not_found", `no optimisation ${JSON.stringify(name)}`, { path: "run" });
}

function isOver({ status }: VariableRun): boolean {
  return status !== "queued" && status !== "running";
}

async function soon(changed: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([changed, late.promise]);
  clearTimeout(timer);
}
