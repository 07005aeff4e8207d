// `signature("question: str -> answer: str")`: the text, what it means and what its values are in TypeScript.

import type { Signature } from "./ast.ts";
import { formatSignature, hashSignature } from "./format.ts";
import { parseSignature } from "./parse.ts";
import type { Checked, InputsOf, OutputsOf } from "./typed/infer.ts";
import type { Received } from "./typed/value.ts";
import * as values from "./values.ts";

/** `In` is what an application gives, `Out` what it gets. */
export interface TypedSignature<In, Out> {
  readonly ast: Signature;
  /** Canonical. */
  readonly text: string;
  /** Hex SHA-256 of the text. */
  readonly hash: string;
  /** Never set: carries the types. */
  readonly types?: { inputs: In; outputs: Out };
  readonly inputs: SideOfSignature<In, Received<In>>;
  readonly outputs: SideOfSignature<Out, Out>;
}

/** Inputs or outputs: checks, and the way to the wire and back. */
export interface SideOfSignature<Given, Taken> {
  validate(wire: unknown, options?: { references?: boolean }): values.Validated;
  /** Throws a `ValuesError` where the values do not fit. */
  encode(value: Given): values.WireValues;
  decode(wire: unknown): Taken;
}

/** Throws a `SignatureError` where the text is no signature; the compiler says so before. */
export function signature<const Text extends string>(
  text: Checked<Text> extends Text ? Text : Checked<Text>,
): TypedSignature<InputsOf<Text>, OutputsOf<Text>> {
  return signatureFromAst<InputsOf<Text>, OutputsOf<Text>>(parseSignature(text));
}

/** For texts that come over the wire: the types are whatever the caller says. */
export function signatureFromAst<In = Record<string, unknown>, Out = Record<string, unknown>>(
  ast: Signature,
): TypedSignature<In, Out> {
  return {
    ast,
    text: formatSignature(ast),
    hash: hashSignature(ast),
    inputs: {
      validate: (wire, options) => values.validateInputs(ast, wire, options),
      encode: (value) => values.encodeInputs(ast, value),
      decode: (wire) => values.decodeInputs(ast, wire) as Received<In>,
    },
    outputs: {
      validate: (wire, options) => values.validateOutputs(ast, wire, options),
      encode: (value) => values.encodeOutputs(ast, value),
      decode: (wire) => values.decodeOutputs(ast, wire) as Out,
    },
  };
}
