// What a stage may say besides what it does: when it runs, how long, how often again, and what happens when it fails.

import { DspexError } from "../../../schemas/errors.ts";
import type { RequestOptions } from "../../../schemas/messages/request.ts";
import { type Condition, conditionOf } from "./expression.ts";
import { type AnyFields, type GivenFields, type StoredFields, storedFields } from "./given.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Callable } from "./program-type.ts";
import {
  checkVisible,
  locatedStage,
  type Outputs,
  outputsOf,
  type Scope,
  type StageHandle,
} from "./reference.ts";

/** Pauses between tries: `delayMs`, times `factor` each, at most `maxDelayMs`, shortened at random by up to `jitter`. */
export interface RetryPolicy {
  /** Tries after the first. */
  times: number;
  delayMs: number;
  factor?: number;
  maxDelayMs?: number;
  /** 0 … 1 */
  jitter?: number;
}

/** A program that takes back what a stage did, when a later one fails. */
export interface Undo {
  readonly program: string;
  readonly inputs: AnyFields;
}

export function undo<In, Out>(program: Callable<In, Out>, inputs: GivenFields<NoInfer<In>>): Undo {
  return { program: program.name, inputs: inputs as AnyFields };
}

export interface StageOptions<Out> {
  /** It is skipped where this does not hold. Its outputs are null then: `first` gives what stands in for them. */
  when?: Condition;
  /** Stages to wait for whose outputs it does not use. */
  after?: readonly StageHandle[];
  timeoutMs?: number;
  retry?: RetryPolicy;
  /** `fail` (default) ends the run; `skip` gives nulls; else what stands in: values, or stages that make them. */
  onFailure?:
    | "fail"
    | "skip"
    | { readonly value: GivenFields<Out> }
    | ((q: GraphBuilder) => GivenFields<Out>);
  /** Undone in the reverse order when the run fails or is cancelled. */
  compensate?: (own: Outputs<Out>) => Undo;
  description?: string;
  /** Nobody uses its outputs, and that is meant. */
  keep?: boolean;
}

/** Of a stage with whatever outputs. */
export type AnyStageOptions = Omit<StageOptions<never>, "onFailure" | "compensate"> & {
  onFailure?: "fail" | "skip" | { readonly value: unknown } | ((q: GraphBuilder) => unknown);
  compensate?: (own: never) => Undo;
};

export interface CallOptions<Out>
  extends StageOptions<Out>,
    Pick<
      RequestOptions,
      | "version"
      | "implementation"
      | "prefer"
      | "priority"
      | "variables"
      | "session"
      | "stream"
      | "hedge"
      | "deadlineMs"
      | "budget"
    > {}

/** Outputs of a stage that may be skipped may be null. */
export type Reached<Out, Options> = 0 extends 1 & Out
  ? Out
  : Options extends { when: unknown } | { onFailure: "skip" }
    ? { [Field in keyof Out]: Out[Field] | null }
    : Out;

/** What a person answers; a no makes the stage fail with `not_allowed`. */
export interface Approval {
  approved: boolean;
  note: string | null;
}

/** Options that travel with each request of a stage. */
const REQUEST_OPTIONS = [
  "implementation",
  "prefer",
  "priority",
  "variables",
  "session",
  "stream",
  "hedge",
  "deadlineMs",
  "budget",
] as const;

/** The stage that says it. */
interface Place {
  name: string;
  scope: Scope;
  /** Its outputs, where they are known. */
  fields: readonly string[] | undefined;
  graph: (of: string, build: (q: GraphBuilder) => AnyFields) => unknown;
}

/** @throws DspexError `invalid_inputs` naming the stage. */
export function storedOptions(options: AnyStageOptions, { name, scope, graph, fields }: Place): StoredFields {
  const { when, after, timeoutMs, retry, onFailure, compensate, description, keep } = options;
  const written = when === undefined ? undefined : conditionOf(when);
  for (const one of written?.uses ?? []) checkVisible(one, scope);
  return {
    ...(description !== undefined && { description }),
    ...(written !== undefined && { when: written.text }),
    ...(after !== undefined && { after: after.map((stage) => nameOf(stage, name, scope)) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(retry !== undefined && { retry: { ...retry } }),
    ...(onFailure !== undefined && { onFailure: storedFailure() }),
    ...(compensate !== undefined && {
      compensate: storedUndo(compensate(outputsOf(name, scope, fields) as never)),
    }),
    ...(keep === true && { keep }),
  };

  function storedFailure(): unknown {
    if (typeof onFailure === "string") return onFailure;
    if (typeof onFailure === "function")
      return { stage: graph(name, onFailure as (q: GraphBuilder) => AnyFields) };
    return { value: storedFields(onFailure?.value as AnyFields, scope, `${name}.onFailure`) };
  }
  function storedUndo({ program, inputs }: Undo): unknown {
    return { program, inputs: storedFields(inputs, scope, `${name}.compensate`) };
  }
}

export function requestOptions<Out>(options: CallOptions<Out>): StoredFields {
  const given = REQUEST_OPTIONS.flatMap((option) =>
    options[option] === undefined ? [] : [[option, options[option]] as const],
  );
  return {
    ...(options.version !== undefined && { version: options.version }),
    ...(given.length > 0 && { options: Object.fromEntries(given) }),
  };
}

function nameOf(stage: StageHandle, of: string, scope: Scope): string {
  const located = locatedStage(stage);
  if (located === undefined)
    throw new DspexError(
      "invalid_inputs",
      `stage "${of}": after takes stages, as p.call and the others give them`,
      {
        path: of,
      },
    );
  checkVisible(located, scope);
  return located.path;
}
