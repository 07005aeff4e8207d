// Stages with graphs inside of them: what their bodies take and give, and what such a stage may say of them.

import type { PipelineGraph } from "../../../schemas/messages/pipeline-definition.ts";
import type { Condition } from "./expression.ts";
import type { AnyFields } from "./given.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Outputs } from "./reference.ts";
import type { StageOptions } from "./stage-options.ts";

/** A graph inside of a stage: its stages, and what it gives. */
export type Body<Fields extends AnyFields = AnyFields> = (q: GraphBuilder) => Fields;
type FieldsOf<B> = B extends (q: GraphBuilder) => infer Fields ? Fields : never;

export interface MapOptions<Out> extends StageOptions<{ [Field in keyof Out]: Out[Field][] }> {
  /** Items at once; the run's own bound holds besides. */
  concurrency?: number;
  /** `skip` leaves null in the place of an item that failed; by default the map fails with it. */
  onItemFailure?: "fail" | "skip";
}
export type Mapped<Out, Options> = {
  [Field in keyof Out]: (Options extends { onItemFailure: "skip" } ? Out[Field] | null : Out[Field])[];
};

export interface LoopOptions<State> extends StageOptions<State> {
  /** Rounds at most; what the last one gave is the outcome then. */
  max: number;
  /** Looked at after each round, with what it gave. */
  until: (loop: Outputs<State>) => Condition;
}

export type Contender = Body | { readonly afterMs: number; readonly body: Body };
export type Contended<C> = C extends { readonly body: infer B } ? FieldsOf<B> : FieldsOf<C>;

/** The compiler's words for a case that the text can never be. */
export type Covers<Extra> = [Extra] extends [never] ? unknown : { readonly "no such case": Extra };

/** Of several ways what all of them give. */
export function commonFields(graphs: readonly PipelineGraph[]): string[] {
  const [first, ...others] = graphs;
  return Object.keys(first?.outputs ?? {}).filter((field) =>
    others.every(({ outputs }) => Object.hasOwn(outputs, field)),
  );
}
