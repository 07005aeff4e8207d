// What somebody asks of a search for better values, and what the pool is told when it starts. Pure.

import { z } from "zod";
import { type CloudEvent, cloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../../schemas/errors.ts";
import { DEFAULT_PRIORITY, MAX_DEADLINE_MS, MAX_PRIORITY } from "../../../schemas/limits.ts";
import { jsonObjectSchema, tokenSchema } from "../../../schemas/messages/parts.ts";
import { referenceSchema } from "../../../schemas/messages/reference.ts";
import { REQUEST_TYPE } from "../../../schemas/messages/request.ts";
import {
  MAX_SEARCHED,
  MEASURES,
  type VariableOptimizationQueued,
  type VariableOptimizationStarted,
} from "../../../schemas/messages/variable-optimization-event.ts";
import { checkOf } from "./event.ts";

/** As in `dspex_pool/optimize/variables/job.py`. */
const DEFAULT_TRIALS = 24;
/** Examples of one trial; what was measured of each is in its event. */
const MAX_ROWS = 1_000;
/** Time that a run has besides what it may spend, for its end to be stored. */
const MARGIN_MS = 60_000;

const rowSchema = z.strictObject({
  inputs: jsonObjectSchema,
  outputs: jsonObjectSchema,
  split: z.enum(["train", "validation", "test", "heldout"]).optional(),
});

export const optimizeSchema = z.strictObject({
  variables: z.array(z.string().max(64)).min(1, "expected the name of a variable").max(MAX_SEARCHED),
  objective: z.strictObject({
    program: tokenSchema,
    /** Examples, or where they lie. */
    data: z.union([z.array(rowSchema).max(100_000), referenceSchema]),
    metric: z.string().min(1).max(256).default("exact"),
    /** What counts; several = those are shown of which none is better in all. */
    measures: z.array(z.enum(MEASURES)).min(1).max(MEASURES.length).default(["quality"]),
    /** Model that judges, for `llm-judge`; function that makes vectors, for `semantic`. */
    judgeModel: z.string().max(64).optional(),
    embeddings: z.string().max(256).optional(),
  }),
  budget: z
    .strictObject({
      trials: z.number().int().min(1).max(1_000).default(DEFAULT_TRIALS),
      calls: z.number().int().positive().optional(),
      tokens: z.number().int().positive().optional(),
      usd: z.number().positive().optional(),
      timeMs: z.number().int().positive().max(MAX_DEADLINE_MS).optional(),
    })
    .default({ trials: DEFAULT_TRIALS }),
  /** Put the best values in force where they are surely better; `false` = only tell them. */
  apply: z.boolean().default(true),
  priority: z.number().int().min(0).max(MAX_PRIORITY).default(DEFAULT_PRIORITY),
  seed: z.number().int().min(0).max(4_294_967_295).optional(),
  /** Held-out examples that are compared. */
  testRows: z.number().int().min(1).max(MAX_ROWS).optional(),
  /** Examples of one trial. */
  trialRows: z.number().int().min(1).max(MAX_ROWS).optional(),
  /** Requests that are under way at once. */
  concurrency: z.number().int().min(1).max(64).optional(),
});
export type OptimizeCommand = z.infer<typeof optimizeSchema>;

/** @throws DspexError `invalid_inputs` for what says nothing, or says it twice. */
export function checkCommand({ variables, objective }: OptimizeCommand): void {
  const twice = variables.find((name, n) => variables.indexOf(name) < n);
  if (twice !== undefined)
    throw new DspexError("invalid_inputs", `variable "${twice}" is named twice`, { path: "variables" });
  const { data, measures } = objective;
  if (Array.isArray(data) && data.length === 0)
    throw new DspexError("invalid_inputs", "there is no data: not one example", { path: "objective.data" });
  if (new Set(measures).size < measures.length)
    throw new DspexError("invalid_inputs", "a measure is named twice", { path: "objective.measures" });
}

/** What of a command the pool is told, and nobody else. */
export function jobOf(command: OptimizeCommand): Record<string, unknown> {
  const { objective, budget, seed, testRows, trialRows, concurrency } = command;
  const { data, judgeModel, embeddings } = objective;
  const { trials: _trials, ...spend } = budget;
  const optional = { judgeModel, embeddings, seed, testRows, trialRows, concurrency };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { rows: data, budget: spend, ...Object.fromEntries(given) };
}

export function deadlineOf({ budget: { timeMs } }: OptimizeCommand): number {
  return timeMs === undefined ? MAX_DEADLINE_MS : Math.min(MAX_DEADLINE_MS, timeMs + MARGIN_MS);
}

/** The request that searches, or that measures what came of it: the same whoever makes it. */
export function requestOf(
  queued: VariableOptimizationQueued,
  { base, definitions }: VariableOptimizationStarted,
  isCheck: boolean,
  time: string,
): CloudEvent<unknown> {
  const { run, user, program, version, metric, objectives, trials, priority, deadlineMs, job } = queued;
  const name = isCheck ? checkOf(run) : run;
  const values = Object.fromEntries(Object.entries(base).map(([variable, { value }]) => [variable, value]));
  const inputs = {
    job: {
      ...job,
      run: name,
      program,
      version,
      metric,
      objectives,
      trials,
      base: values,
      definitions,
      ...(isCheck && { check: true }),
    },
  };
  const id = optimizationId(user, name);
  const data = { id, inputs, deadlineMs, priority };
  return cloudEvent(REQUEST_TYPE, `variables/${name}`, id, time, data);
}

export function optimizationId(user: string, run: string): string {
  return `${user}.o.${run}`;
}
