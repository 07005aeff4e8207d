// A pipeline as its author writes it: a function from inputs to outputs, with a stage for each step between. What comes
// out is the stored definition, the same JSON that a file or another language gives.
//
//   const brief = pipeline("brief", signature("texts: list[str] -> summary: str"), (p) => {
//     const each = p.map("each", p.inputs.texts, (text, q) => q.call("one", summarize, { text }));
//     return { summary: p.call("all", join, { summaries: each.summary }).summary };
//   });

import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { Signature } from "../../../schemas/signature/ast.ts";
import type { Received } from "../../../schemas/signature/mod.ts";
import { token } from "../../../schemas/subjects.ts";
import type { SignatureLike } from "../program.ts";
import type { AnyFields, GivenFields } from "./given.ts";
import { PipelineBuilder } from "./pipeline-builder.ts";
import type { Callable } from "./program-type.ts";
import type { Scope } from "./reference.ts";

/** A pipeline with the types of its inputs and outputs. */
export interface Pipeline<In, Out> extends Callable<In, Out> {
  readonly ast: Signature;
  /** What is stored and sent. */
  readonly definition: PipelineDefinition;
}

export interface PipelineOptions {
  description?: string;
  /** Requests of one run at once; 16 by default. */
  concurrency?: number;
  /** Of a run; an hour by default. */
  deadlineMs?: number;
}

/** Nothing but the outputs that the signature names. */
type Only<Fields, Out> = { readonly [Extra in Exclude<keyof Fields & string, keyof Out>]: never };

/** @throws DspexError `invalid_inputs` naming the stage, where no compiler has looked. */
export function pipeline<In, Out, Fields extends GivenFields<Out>>(
  name: string,
  signature: SignatureLike<In, Out>,
  build: (p: PipelineBuilder<Received<In>>) => Fields & Only<Fields, Out>,
  options: PipelineOptions = {},
): Pipeline<In, Out> {
  const { ast } = signature;
  const scope: Scope = { within: undefined, of: "" };
  const builder = new PipelineBuilder<Received<In>>(
    scope,
    ast.inputs.map((field) => field.name),
  );
  const { stages, outputs } = builder.finish(build(builder) as AnyFields, "outputs");
  const { description, concurrency, deadlineMs } = options;
  const definition: PipelineDefinition = {
    name: token(name, "pipeline"),
    ...(description !== undefined && { description }),
    signature: ast as unknown as Record<string, unknown>,
    stages,
    outputs,
    ...(concurrency !== undefined && { concurrency }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  return { name: definition.name, ast, definition };
}
