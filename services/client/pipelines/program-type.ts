// A program or pipeline by its name and types: what a stage needs to know of it before anything is connected.
//
//   const search = program("search", signature("query: str -> passages: list[str]"));

import type { Signature } from "../../../schemas/signature/ast.ts";
import { token } from "../../../schemas/subjects.ts";
import type { SignatureLike } from "../program.ts";

/** What can be called by its name; a pipeline's definition is one, too. */
export interface Callable<In, Out> {
  readonly name: string;
  /** Absent = nothing is known of its inputs and outputs. */
  readonly ast?: Signature;
  /** Never set: carries the types. */
  readonly types?: { inputs: In; outputs: Out };
}

// biome-ignore lint/suspicious/noExplicitAny: nothing is known of it, and every reference to it fits
type Unknown = any;

/** Without a signature nothing is checked here; the service does, when the pipeline is registered or run. */
export function program(name: string): Callable<Record<string, unknown>, Unknown>;
export function program<In, Out>(name: string, signature?: SignatureLike<In, Out>): Callable<In, Out>;
export function program<In, Out>(name: string, signature?: SignatureLike<In, Out>): Callable<In, Out> {
  return { name: token(name, "program"), ...(signature !== undefined && { ast: signature.ast }) };
}
