// state + command → event, for searches for better values. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import type { VariableDefinition, VariableKind } from "../../../schemas/messages/variable-event.ts";
import { find } from "../decide.ts";
import { dependenciesOf, type Graph } from "../graph.ts";
import { graphOfState } from "../graph-of-state.ts";
import type { VariablesState } from "../state.ts";
import { checkCommand, deadlineOf, jobOf, type OptimizeCommand } from "./command.ts";
import type { OptimizationAppend } from "./event.ts";
import { nextToStart, queueOf } from "./queue.ts";
import type { OptimizationsState, VariableRun } from "./state.ts";

const SEARCHED: ReadonlySet<VariableKind> = new Set(["float", "integer", "choice", "boolean", "module"]);

export interface Asked {
  run: string;
  user: string;
  /** Of the program that is measured. */
  version: string;
  command: OptimizeCommand;
}

/** @throws DspexError for variables that cannot be searched, and for a queue that is full. */
export function decideQueue(
  variables: VariablesState,
  optimizations: OptimizationsState,
  { run, user, version, command }: Asked,
  maxQueued: number,
): OptimizationAppend {
  checkCommand(command);
  for (const [n, name] of command.variables.entries()) searchable(variables, name, `variables[${n}]`);
  if (queueOf(optimizations).length >= maxQueued)
    throw new DspexError("overloaded", `${maxQueued} optimisations wait already`, { retryAfterMs: 60_000 });
  const { objective, budget, priority, apply } = command;
  return {
    verb: "queued",
    data: {
      run,
      user,
      program: objective.program,
      version,
      variables: command.variables,
      locks: locksOf(graphOfState(variables), command.variables),
      metric: objective.metric,
      objectives: objective.measures,
      trials: budget.trials,
      priority,
      apply,
      deadlineMs: deadlineOf(command),
      job: jobOf(command),
    },
  };
}

/** Undefined = nothing can start now. A run whose variables are no longer what they were fails. */
export function decideStart(
  variables: VariablesState,
  optimizations: OptimizationsState,
  { optimizationsAtOnce, leaseGraceMs }: { optimizationsAtOnce: number; leaseGraceMs: number },
): OptimizationAppend | undefined {
  const next = nextToStart(optimizations, optimizationsAtOnce);
  if (next === undefined) return undefined;
  const { run, user, program, version, variables: names, deadlineMs } = next;
  try {
    const found = names.map((name, n) => ({
      name,
      ...searchable(variables, name, `variables[${n}]`),
    }));
    return {
      verb: "started",
      data: {
        run,
        user,
        program,
        version,
        variables: names,
        base: Object.fromEntries(found.map(({ name, value, version }) => [name, { value, version }])),
        definitions: found.map(({ definition }) => definition),
        leaseMs: deadlineMs + leaseGraceMs,
      },
    };
  } catch (error) {
    if (!(error instanceof DspexError)) throw error;
    return { verb: "failed", data: { run, program, error: error.toWire() } };
  }
}

/** Only one that waits: what runs ends by the cancel of its request. */
export function decideCancelQueued(run: VariableRun): OptimizationAppend | undefined {
  if (run.status !== "queued") return undefined;
  return { verb: "cancelled", data: { run: run.run, program: run.program } };
}

/** @param nowMs by the clock of whoever asks; undefined = its lease is good. */
export function decideExpire(run: VariableRun, nowMs: number): OptimizationAppend | undefined {
  if (run.status !== "running" || run.leaseEndsMs === undefined || nowMs < run.leaseEndsMs) return undefined;
  const heldMs = nowMs - (run.startedMs ?? nowMs);
  const error = new DspexError(
    "deadline_exceeded",
    `the run has not ended within its lease: its variables are free after ${Math.round(heldMs / 1_000)} s`,
  );
  return { verb: "failed", data: { run: run.run, program: run.program, error: error.toWire() } };
}

function searchable(
  variables: VariablesState,
  name: string,
  path: string,
): { definition: VariableDefinition; value: unknown; version: number } {
  const { definition, status, replacedBy, value, version } = find(variables, name, path);
  if (status === "deprecated") {
    const instead = replacedBy === undefined ? "" : `, use "${replacedBy}"`;
    throw new DspexError("gone", `variable "${name}" is deprecated${instead}`, { path });
  }
  if (definition.expression !== undefined)
    throw new DspexError(
      "invalid_inputs",
      `variable "${name}" is computed from ${[...dependenciesOf(definition)].join(", ")}: optimise these`,
      { path },
    );
  if (!SEARCHED.has(definition.kind))
    throw new DspexError(
      "invalid_inputs",
      `variable "${name}" is a ${definition.kind}, which has no values to choose from: ${[...SEARCHED].join(", ")} have`,
      { path },
    );
  return { definition, value, version };
}

/** What these change, and what is constrained together with any of it. */
function locksOf({ derived, constraints, readers }: Graph, names: readonly string[]): string[] {
  const found = new Set(names);
  const ahead = [...names];
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    for (const n of readers.get(name)?.derived ?? []) {
      const follows = derived[n]?.definition.name;
      if (follows === undefined || found.has(follows)) continue;
      found.add(follows);
      ahead.push(follows);
    }
  }
  for (const name of [...found]) {
    for (const n of readers.get(name)?.constraints ?? []) {
      const constraint = constraints[n];
      if (constraint === undefined) continue;
      for (const one of [constraint.owner, ...constraint.expression.names]) found.add(one);
    }
  }
  return [...found].sort();
}
