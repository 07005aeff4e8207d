// How stages begin: whether at all, with what inputs, or with what an earlier run has done. Pure.

import { canonicalJson, stringifyJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import {
  MAX_CHILD_DEPTH,
  MAX_MAP_ITEMS,
  MAX_RUN_STARTS,
} from "../../../schemas/messages/pipeline-definition.ts";
import { validateInputs } from "../../../schemas/signature/values.ts";
import type { CompiledStage } from "../definition/compiled.ts";
import { type ReadyValue, targetsIn } from "../definition/value.ts";
import { callInputs, reuseOfCall } from "./call-inputs.ts";
import { fail, noPlace, wire, wireOf } from "./fail-stage.ts";
import { childRun, reuseKey } from "./keys.ts";
import { MissingValues, type Need, needKey } from "./needs.ts";
import { isSmall } from "./size.ts";
import { type Instance, instanceKey, pathOfKey, type StepOf } from "./state.ts";
import type { Trial } from "./trial.ts";

type Outputs = Record<string, unknown>;

const READ_AHEAD = 128;

export function startStage(
  trial: Trial,
  one: CompiledStage,
  key: string,
  before: Instance | undefined,
): true {
  const { stage } = one;
  const path = pathOfKey(key);
  const run = trial.run;
  try {
    if (before === undefined && one.when !== undefined && !trial.evaluator.condition(one.when, path))
      return trial.step({ kind: "skipped", ...trial.where(one, key), why: "when" });
    if (before === undefined && trial.hasNoPlace) return fail(trial, one, key, before, noPlace(trial));
    if (stage.kind === "value") {
      const outputs = trial.evaluator.values(one.values, path);
      return trial.step({
        kind: "finished",
        ...trial.where(one, key),
        n: trial.nextN(one),
        ...(isSmall(outputs) && { outputs }),
        durationMs: 0,
      });
    }
    if (run.starts >= MAX_RUN_STARTS)
      return fail(
        trial,
        one,
        key,
        before,
        wire("budget_exceeded", `more than ${MAX_RUN_STARTS} stages were started in run ${run.run}`),
      );
    switch (stage.kind) {
      case "call":
      case "pipeline":
        return startCall(trial, one, key, path);
      case "map":
        return startMap(trial, one, key, path);
      case "switch": {
        const on = trial.evaluator.value(one.subject as NonNullable<typeof one.subject>, path);
        const found = stage.cases.findIndex(({ equals }) => isSame(equals, on));
        return began(trial, one, key, { taken: found === -1 ? stage.cases.length : found });
      }
      case "delay": {
        const ms = trial.evaluator.value(one.subject as NonNullable<typeof one.subject>, path);
        if (typeof ms !== "number" || !(ms >= 0))
          throw new DspexError("invalid_inputs", `a delay takes milliseconds, not ${said(ms)}`);
        const waitMs = Math.round(ms);
        return reusedStep(trial, one, key, { ms: waitMs, path }) ?? began(trial, one, key, { waitMs });
      }
      case "signal":
        return reusedStep(trial, one, key, { signal: stage.signal, path }) ?? began(trial, one, key, {});
      case "loop":
      case "race":
        return began(trial, one, key, {});
      default:
        return stage satisfies never;
    }
  } catch (error) {
    if (error instanceof MissingValues) throw error;
    return fail(trial, one, key, before, wireOf(error));
  }
}

function startCall(trial: Trial, one: CompiledStage, key: string, path: string): true {
  const { stage, index } = one;
  const run = trial.run;
  const inputs = callInputs(one, path, trial.evaluator, trial.input.registered);
  if (lacks(trial, one, path, inputs))
    return trial.step({ kind: "skipped", ...trial.where(one, key), why: "dependency" });
  if (stage.kind === "call") {
    const version = stage.version ?? trial.input.registered.program(stage.program)?.version;
    return (
      reusedStep(trial, one, key, reuseOfCall(stage.program, inputs, stage.options), version) ??
      began(trial, one, key, {})
    );
  }
  if (stage.kind !== "pipeline") return true;
  const child = trial.input.registered.pipeline(run.user, stage.pipeline, stage.version);
  if (child === undefined) {
    const which = stage.version === undefined ? "" : ` in version ${stage.version}`;
    throw new DspexError("not_found", `no pipeline "${stage.pipeline}"${which}`);
  }
  if (run.depth >= MAX_CHILD_DEPTH)
    throw new DspexError("not_allowed", `child runs within one another at most ${MAX_CHILD_DEPTH} deep`);
  const validated = validateInputs(child.signature, inputs, { references: true });
  if (!validated.ok) {
    const [problem] = validated.problems;
    throw new DspexError(
      "invalid_inputs",
      `${problem?.path}: expected ${problem?.expected}, got ${problem?.got}`,
    );
  }
  const { version } = child;
  const reused = reusedStep(trial, one, key, { pipeline: stage.pipeline, inputs }, version);
  return (
    reused ?? began(trial, one, key, { child: childRun(run.user, run.run, index, trial.nextN(one)), version })
  );
}

/** An input that is needed is null because the stage that gives it was skipped. */
function lacks(trial: Trial, one: CompiledStage, path: string, inputs: Outputs): boolean {
  const { stage } = one;
  return one.values.some(([name, value]) => {
    if (value.kind === "constant" || (inputs[name] ?? null) !== null) return false;
    const signature =
      stage.kind === "call"
        ? trial.input.registered.program(stage.program, stage.version)?.signature
        : undefined;
    const field = signature?.inputs.find((input) => input.name === name);
    const isNeeded =
      field === undefined ||
      (field.type.kind !== "optional" && field.type.kind !== "any" && field.default === undefined);
    return isNeeded && readsSkipped(trial, value, path);
  });
}

function readsSkipped(trial: Trial, value: ReadyValue, path: string): boolean {
  for (const target of targetsIn(value)) {
    if (target.kind !== "stage") continue;
    let at = path;
    for (let n = 0; n < target.up; n++) at = trial.run.frames.get(at)?.parent ?? "";
    if (trial.run.instances.get(instanceKey(at, target.stage))?.status === "skipped") return true;
  }
  return false;
}

function startMap(trial: Trial, one: CompiledStage, key: string, path: string): true {
  const items = trial.evaluator.items(one.subject as NonNullable<typeof one.subject>, path);
  if ("notItems" in items) {
    if (items.notItems === null)
      return trial.step({ kind: "skipped", ...trial.where(one, key), why: "dependency" });
    throw new DspexError("invalid_inputs", `a map goes over a list, not ${said(items.notItems)}`);
  }
  const { length } = items;
  if (length > MAX_MAP_ITEMS)
    throw new DspexError(
      "payload_too_large",
      `a map goes over ${MAX_MAP_ITEMS} items at most, not ${length}`,
    );
  return began(trial, one, key, { items: length });
}

function began(trial: Trial, one: CompiledStage, key: string, more: Partial<StepOf<"started">>): true {
  return trial.step({ kind: "started", ...trial.where(one, key), n: trial.nextN(one), ...more });
}

/** What an earlier run has done and need not be done again. */
function reusedStep(
  trial: Trial,
  one: CompiledStage,
  key: string,
  what: object,
  version?: string,
): true | undefined {
  const { reuse, reuseOf } = trial.run;
  if (reuse.size === 0 || reuseOf === undefined) return undefined;
  const known = reuse.get(reuseKey(one.index, what));
  if (known === undefined || known.version !== version) return undefined;
  const loaded = trial.input.loaded.get(needKey({ sequence: known.sequence }));
  const outputs = loaded as Outputs | undefined;
  if (outputs === undefined && one.stage.kind !== "delay") throw new MissingValues(readAhead(trial, known));
  // It has aged out of the log: then it is done again.
  if (loaded instanceof Error) return undefined;
  return trial.step({
    kind: "finished",
    ...trial.where(one, key),
    n: trial.nextN(one),
    ...(one.stage.kind === "delay" ? {} : { sequence: known.sequence }),
    ...(outputs !== undefined && isSmall(outputs) && { outputs }),
    durationMs: 0,
    reused: reuseOf,
  });
}

/** What is taken over next, too: one event then tells many of them. */
function readAhead({ run, input }: Trial, known: { sequence: number }): Need[] {
  const needs: Need[] = [];
  for (const one of run.reuse.values()) {
    if (needs.length === 0 && one !== known) continue;
    if (one.sequence > 0 && !input.loaded.has(needKey(one))) needs.push({ sequence: one.sequence });
    if (needs.length >= READ_AHEAD) break;
  }
  return needs;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return typeof a === "object" && typeof b === "object" && canonicalJson(a) === canonicalJson(b);
}

function said(value: unknown): string {
  return stringifyJson(value ?? null).slice(0, 80);
}
