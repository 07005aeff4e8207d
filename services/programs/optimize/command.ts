// What somebody asks of an optimisation → the request that runs it and the event that says so. Pure.

import { z } from "zod";
import { cloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../../schemas/errors.ts";
import { MAX_DEADLINE_MS } from "../../../schemas/limits.ts";
import type { OptimizationStarted } from "../../../schemas/messages/optimization-event.ts";
import { jsonObjectSchema, tokenSchema } from "../../../schemas/messages/parts.ts";
import type { ProgramDeclaration } from "../../../schemas/messages/program-event.ts";
import { referenceSchema } from "../../../schemas/messages/reference.ts";
import { REQUEST_TYPE } from "../../../schemas/messages/request.ts";

/** The program that optimises programs: an ordinary one, of the pool `optimizer`. */
export const OPTIMIZER_PROGRAM = "dspex-optimize";
export const OPTIMIZER_DECLARATION: ProgramDeclaration = {
  name: OPTIMIZER_PROGRAM,
  description: "Searches for a better version of a program; started by `program.optimize`.",
  signature: "job: Any -> report: Any",
  implementations: [{ name: "optimize", kind: "python", pool: "optimizer", entry: "optimize" }],
};
/** As in `dspex_pool/optimize/job.py`. */
const DEFAULT_TRIALS = 32;

const rowSchema = z.strictObject({
  inputs: jsonObjectSchema,
  outputs: jsonObjectSchema,
  split: z.enum(["train", "validation", "test", "heldout"]).optional(),
});
export type Row = z.infer<typeof rowSchema>;

export const optimizeSchema = z.strictObject({
  name: tokenSchema,
  version: tokenSchema.optional(),
  /** Examples, or where they lie; absent = they are taken from the log. */
  rows: z.union([z.array(rowSchema).max(100_000), referenceSchema]).optional(),
  /** The asker's own requests that were judged at least so well. */
  fromLog: z.strictObject({ minScore: z.number().min(0).max(1).default(0.5) }).optional(),
  implementation: tokenSchema.optional(),
  optimizer: z.string().max(64).optional(),
  metric: z.string().min(1).max(256).optional(),
  judgeModel: z.string().max(64).optional(),
  embeddings: z.string().max(256).optional(),
  model: z.string().max(64).optional(),
  seed: z.number().int().min(0).max(4_294_967_295).optional(),
  trials: z.number().int().min(1).max(1_000).optional(),
  testRows: z.number().int().min(1).max(10_000).optional(),
  /** A version that is better is tried at once, with this share of the requests. */
  canary: z.number().positive().max(0.5).optional(),
  budget: z
    .strictObject({
      calls: z.number().int().positive().optional(),
      tokens: z.number().int().positive().optional(),
      usd: z.number().positive().optional(),
      timeMs: z.number().int().positive().optional(),
    })
    .optional(),
});
export type OptimizeCommand = z.infer<typeof optimizeSchema>;

/** @throws DspexError `invalid_inputs` unless there is exactly one source of examples. */
export function checkSource({ rows, fromLog }: OptimizeCommand): void {
  if ((rows === undefined) === (fromLog === undefined))
    throw new DspexError(
      "invalid_inputs",
      "either examples or fromLog: exactly one says what to learn from",
      {
        path: "rows",
      },
    );
  if (Array.isArray(rows) && rows.length === 0)
    throw new DspexError("invalid_inputs", "there is no data: not one example", { path: "rows" });
}

export interface Run {
  run: string;
  user: string;
  version: string;
  rows: NonNullable<OptimizeCommand["rows"]>;
}

export function requestOf(command: OptimizeCommand, { run, user, version, rows }: Run, time: string): object {
  const { name, fromLog: _from, rows: _rows, version: _version, canary: _canary, ...settings } = command;
  const id = optimizationId(user, run);
  const inputs = { job: { ...settings, run, program: name, version, rows } };
  return cloudEvent(REQUEST_TYPE, `programs/${run}`, id, time, { id, inputs, deadlineMs: MAX_DEADLINE_MS });
}

export function startedOf(command: OptimizeCommand, { run, user, version }: Run): OptimizationStarted {
  const { name, optimizer = "auto", metric = "exact", trials = DEFAULT_TRIALS, canary } = command;
  const started = { run, user, program: name, version, optimizer, metric, trials };
  return canary === undefined ? started : { ...started, canary };
}

export function optimizationId(user: string, run: string): string {
  return `${user}.o.${run}`;
}
