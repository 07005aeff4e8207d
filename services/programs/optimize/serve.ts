// The part of the API that starts optimisations and says how they are doing.

import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { check } from "../../../schemas/envelope/check.ts";
import { cloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import { MAX_BODY_BYTES } from "../../../schemas/limits.ts";
import { OPTIMIZATION_EVENTS } from "../../../schemas/messages/optimization-event.ts";
import { tokenSchema } from "../../../schemas/messages/parts.ts";
import { optimizationEventSubject, programEventSubject, requestSubject } from "../../../schemas/subjects.ts";
import { adminEndpoints, apiEndpoint } from "../../bus/endpoints.ts";
import type { ApiRequest, Endpoint } from "../../bus/micro-service.ts";
import { decideRegister } from "../decide.ts";
import type { ProgramsApi } from "../serve.ts";
import {
  checkSource,
  OPTIMIZER_DECLARATION,
  optimizationId,
  optimizeSchema,
  requestOf,
  startedOf,
} from "./command.ts";
import { rowsFromLog } from "./from-log.ts";
import type { OptimizationRun } from "./state.ts";

const MAX_WAIT_MS = 20_000;
const askedSchema = z.strictObject({
  run: tokenSchema,
  /** Trials that the asker has seen: it is answered as soon as there are others, or the run has ended. */
  seen: z.number().int().nonnegative().optional(),
  waitMs: z.number().int().min(0).max(MAX_WAIT_MS).default(0),
});

export function optimizeEndpoints(api: ProgramsApi): Endpoint[] {
  return [
    ...adminEndpoints("program", "optimize", (request) => optimize(api, request)),
    apiEndpoint("program", "optimization", (request) => optimization(api, request)),
  ];
}

async function optimize({ registry, appender, reader, define, source }: ProgramsApi, request: ApiRequest) {
  const command = check(optimizeSchema, request.json());
  checkSource(command);
  const { user } = request;
  await registry.upTo(programEventSubject(command.name, "*"));
  const { version } = registry.find(command.name, command.version);
  const rows =
    command.rows ??
    (await rowsFromLog(reader, {
      user,
      program: command.name,
      minScore: command.fromLog?.minScore ?? 0,
    }));
  if (Array.isArray(rows) && rows.length === 0)
    throw new DspexError(
      "invalid_inputs",
      `no result of "${command.name}" was judged well enough by ${user}`,
    );
  const optimizer = define(OPTIMIZER_DECLARATION);
  await registry.execute(optimizer.name, "registered", (state) => decideRegister(state, optimizer, "dspex"));
  const run = { run: randomBytes(8).toString("hex"), user, version, rows };
  const time = new Date().toISOString();
  const body = stringifyJson(requestOf(command, run, time));
  if (Buffer.byteLength(body) > MAX_BODY_BYTES)
    throw new DspexError("payload_too_large", "too many examples for a message: send them as a reference", {
      path: "rows",
    });
  // Only what this event names is ever published: a request with such an id alone makes no version.
  const { type } = OPTIMIZATION_EVENTS.started;
  const started = cloudEvent(type, source, randomUUID(), time, startedOf(command, run));
  await appender.append(requestSubject(user, optimizer.name), body);
  const sequence = await appender.append(
    optimizationEventSubject(run.run, "started"),
    stringifyJson(started),
  );
  await registry.passed(sequence);
  return { run: run.run, id: optimizationId(user, run.run), program: command.name, version };
}

async function optimization({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const { run: name, seen, waitMs } = check(askedSchema, request.json());
  const endsAt = performance.now() + waitMs;
  await registry.upTo(optimizationEventSubject(name, "*"));
  for (;;) {
    const run = registry.state.runs.get(name);
    if (run === undefined || run.user !== request.user)
      throw new DspexError("not_found", `no optimisation "${name}"`);
    const leftMs = endsAt - performance.now();
    if (run.status !== "running" || seen === undefined || run.tried > seen || leftMs <= 0) return shown(run);
    await soon(registry.changed(), leftMs);
  }
}

function shown({ startedMs, answered: _answered, ...run }: OptimizationRun): object {
  return { ...run, startedAt: new Date(startedMs).toISOString() };
}

async function soon(changed: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([changed, late.promise]);
  clearTimeout(timer);
}
