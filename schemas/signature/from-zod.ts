// `signatureFromZod({inputs: z.object({…}), outputs: z.object({…})})`: the same signature as a text would give,
// with the types that zod infers.

import type { z } from "zod";
import { parseSignatureJson } from "./ast-schema.ts";
import { signatureFromAst, type TypedSignature } from "./signature.ts";
import { refineDecode } from "./values.ts";
import { compileZodDecode } from "./zod-decode.ts";
import { zodFields } from "./zod-type.ts";

export interface ZodSignature<Inputs extends z.ZodObject, Outputs extends z.ZodObject> {
  instructions?: string;
  inputs: Inputs;
  outputs: Outputs;
}

/** Null is taken for what is optional, as on the wire; it is what a program receives then. */
export type GivenByZod<In, Out> = {
  [Key in keyof In]: Key extends keyof Out ? GivenMember<In[Key], Out[Key]> : In[Key];
};
type GivenMember<In, Out> = unknown extends In
  ? In
  : undefined extends Out
    ? GivenPart<In, NonNullable<Out>> | null
    : GivenPart<In, NonNullable<Out>>;
type GivenPart<In, Out> = In extends string | number | bigint | boolean | null | undefined | Date
  ? In
  : In extends (infer Item)[]
    ? Out extends (infer OutItem)[]
      ? GivenMember<Item, OutItem>[]
      : In
    : GivenByZod<In, Out>;

/** Throws a `SignatureError` that names the path of what a signature cannot say. */
export function signatureFromZod<Inputs extends z.ZodObject, Outputs extends z.ZodObject>({
  instructions,
  inputs,
  outputs,
}: ZodSignature<Inputs, Outputs>): TypedSignature<
  GivenByZod<z.input<Inputs>, z.output<Inputs>>,
  z.output<Outputs>
> {
  // What zod cannot know is asked here: names, bounds that leave a value, defaults that fit.
  const ast = parseSignatureJson({
    ...(instructions !== undefined && { instructions }),
    inputs: zodFields(inputs, "inputs"),
    outputs: zodFields(outputs, "outputs"),
  });
  refineDecode(ast, { inputs: compileZodDecode(inputs, true), outputs: compileZodDecode(outputs, false) });
  return signatureFromAst(ast);
}
