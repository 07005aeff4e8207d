// The door to signatures: text, AST, types, values, JSON Schema, zod.

export type { DefaultValue, Field, LiteralValue, Signature, Type } from "./ast.ts";
export { parseSignatureJson, signatureSchema } from "./ast-schema.ts";
export type { CheckOptions, Problem } from "./check.ts";
export { formatSignature, hashSignature } from "./format.ts";
export { type GivenByZod, signatureFromZod, type ZodSignature } from "./from-zod.ts";
export { inputsToJsonSchema, type JsonSchema, outputsToJsonSchema } from "./json-schema.ts";
export { parseSignature } from "./parse.ts";
export { type SideOfSignature, signature, signatureFromAst, type TypedSignature } from "./signature.ts";
export { isSignatureError, SignatureError } from "./signature-error.ts";
export type { InputsOf, OutputsOf } from "./typed/infer.ts";
export type { HistoryValue, ImageValue, Received, ReferenceBody } from "./typed/value.ts";
export {
  decodeInputs,
  decodeOutputs,
  decodePartialOutputs,
  encodeInputs,
  encodeOutputs,
  type Validated,
  validateInputs,
  validateOutputs,
  type WireValues,
} from "./values.ts";
export { isValuesError, ValuesError } from "./values-error.ts";
