// What follows from what a search has found: which values come into force, and whether they stay. Pure.

import { z } from "zod";
import { DspexError } from "../../../schemas/errors.ts";
import { jsonObjectSchema } from "../../../schemas/messages/parts.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { SetCommand } from "../decide.ts";
import { byRun } from "./event.ts";
import type { VariableRun } from "./state.ts";
import { TUNER_PROGRAM } from "./tuner.ts";

const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.number() });
const foundSchema = z.looseObject({
  values: jsonObjectSchema,
  objectives: z.record(z.string(), intervalSchema),
});
const reportSchema = z.looseObject({
  improved: z.boolean(),
  verdict: z.string(),
  base: foundSchema,
  best: foundSchema.optional(),
  differences: z.record(z.string(), intervalSchema).optional(),
});
export type Report = z.infer<typeof reportSchema>;
const checkSchema = z.looseObject({
  regressed: z.boolean(),
  differences: z.record(z.string(), intervalSchema),
});
export type Check = z.infer<typeof checkSchema>;

export type Answered<Of> =
  | { status: "succeeded"; report: Of }
  | { status: "cancelled" }
  | { status: "failed"; error: DspexError };

export function searchAnswer(result: Result): Answered<Report> {
  return answered(result, reportSchema);
}
export function checkAnswer(result: Result): Answered<Check> {
  return answered(result, checkSchema);
}

function answered<Of>(result: Result, schema: z.ZodType<Of>): Answered<Of> {
  if (result.status === "cancelled") return { status: "cancelled" };
  const failed = (error: DspexError) => ({ status: "failed", error }) as const;
  if (result.status === "failed" || result.program !== TUNER_PROGRAM)
    return failed(
      result.error === undefined
        ? new DspexError("internal", "no optimisation answered")
        : DspexError.fromWire(result.error),
    );
  const parsed = schema.safeParse(result.outputs?.report);
  if (parsed.success) return { status: "succeeded", report: parsed.data };
  const issue = parsed.error.issues[0];
  return failed(new DspexError("internal", `report: ${issue?.message} at ${issue?.path.join(".")}`));
}

/** Undefined = everything stays as it is. Only versions that the search began with are replaced. */
export function applyCommand(run: VariableRun, report: Report): SetCommand | undefined {
  const { best, differences, base: before } = report;
  if (!run.apply || !report.improved || best === undefined || run.base === undefined) return undefined;
  const [first = "quality"] = run.objectives;
  const was = before.objectives[first]?.mean;
  const is = best.objectives[first];
  const difference = differences?.[first];
  const name = first === "quality" ? run.metric.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) : first;
  return {
    kind: "set",
    by: byRun(run.run),
    values: pick(best.values, run.variables),
    expect: Object.fromEntries(run.variables.map((one) => [one, run.base?.[one]?.version ?? 0])),
    reason: `${name} ${figure(was)} → ${figure(is?.mean)} on ${is?.count ?? 0} held-out examples, difference ${spread(difference)}`,
    ...(is !== undefined && { metric: { name, value: is.mean } }),
  };
}

/** Back to what was in force before; only what the run itself has set is replaced. */
export function rollBackCommand(run: VariableRun, why: string): SetCommand {
  const { base = {}, applied } = run;
  const values = Object.fromEntries(run.variables.map((name) => [name, base[name]?.value]));
  const versions = applied?.versions ?? {};
  const expect = Object.fromEntries(
    run.variables.flatMap((name) => (versions[name] === undefined ? [] : [[name, versions[name]]])),
  );
  return { kind: "set", by: byRun(run.run), values, expect, reason: `rolled back: ${why}`.slice(0, 1_024) };
}

/** Why the values cannot stay; undefined = they may. */
export function regressionIn(run: VariableRun, check: Answered<Check>): string | undefined {
  switch (check.status) {
    case "cancelled":
      return undefined;
    case "failed":
      return `with the new values in force it could not be measured: ${check.error.message}`;
    case "succeeded": {
      if (!check.report.regressed) return undefined;
      const told = run.objectives.map((name) => `${name} ${spread(check.report.differences[name])}`);
      return `with the new values in force it is worse than before: ${told.join(", ")}`;
    }
    default: {
      const unknown: never = check;
      return unknown;
    }
  }
}

function pick(values: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

function figure(value: number | undefined): string {
  return value === undefined ? "?" : String(Number(value.toPrecision(4)));
}

function spread(interval: z.infer<typeof intervalSchema> | undefined): string {
  if (interval === undefined) return "unknown";
  return `${figure(interval.mean)} [${figure(interval.low)}, ${figure(interval.high)}]`;
}
