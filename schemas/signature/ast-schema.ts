// An AST that comes as JSON. Zod holds the shape; what the grammar asks beyond it (names, defaults that fit, bounds
// that leave a value) is asked by writing the canonical text and parsing it, so that there is one set of rules.

import { z } from "zod";
import { isJsonValue } from "../envelope/json-value.ts";
import type { Signature } from "./ast.ts";
import { formatSignature } from "./format.ts";
import { parseSignature } from "./parse.ts";
import { isSignatureError, SignatureError } from "./signature-error.ts";

const numberSchema = z.union([z.number(), z.bigint()]);
const literalSchema = z.union([z.string(), numberSchema, z.boolean(), z.null()]);
const defaultSchema: z.ZodType = z.lazy(() =>
  z.union([literalSchema, z.array(defaultSchema), z.strictObject({})]),
);
const length = z.number().int().nonnegative().exactOptional();
const lengths = { minLength: length, maxLength: length };
const bound = numberSchema.exactOptional();
const bounds = { ge: bound, gt: bound, le: bound, lt: bound, multipleOf: bound };
const typeSchema: z.ZodType = z.lazy(() => z.discriminatedUnion("kind", kinds));
const fieldSchema = z.strictObject({
  // Names are the one thing that the canonical text holds unquoted.
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, "a field name has letters, digits and underscores"),
  type: typeSchema,
  description: z.string().exactOptional(),
  default: defaultSchema.exactOptional(),
});
const kinds = [
  z.strictObject({ kind: z.literal("str"), ...lengths, pattern: z.string().exactOptional() }),
  z.strictObject({ kind: z.literal("int"), ...bounds }),
  z.strictObject({ kind: z.literal("float"), ...bounds, allowInfNan: z.literal(true).exactOptional() }),
  z.strictObject({ kind: z.enum(["bool", "date", "datetime", "time", "any", "image", "history"]) }),
  z.strictObject({ kind: z.literal("bytes"), ...lengths }),
  z.strictObject({ kind: z.literal("list"), items: typeSchema, ...lengths }),
  z.strictObject({ kind: z.literal("dict"), values: typeSchema, ...lengths }),
  z.strictObject({ kind: z.literal("object"), fields: z.array(fieldSchema).min(1) }),
  z.strictObject({ kind: z.literal("literal"), values: z.array(literalSchema).min(1) }),
  z.strictObject({ kind: z.literal("optional"), of: typeSchema }),
] as const;

/** Gives the AST as the parser would have made it. */
export const signatureSchema: z.ZodType<Signature> = z
  // Bounds the depth before anything recurses into it.
  .custom<unknown>((value) => isJsonValue(value), "expected a json value")
  .pipe(
    z.strictObject({
      instructions: z.string().exactOptional(),
      inputs: z.array(fieldSchema).min(1),
      outputs: z.array(fieldSchema).min(1),
    }),
  )
  .transform((shape, context) => {
    try {
      return parseSignature(formatSignature(shape as Signature));
    } catch (error) {
      if (!isSignatureError(error)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });

/** An AST from JSON; throws a `SignatureError` where it is none. */
export function parseSignatureJson(value: unknown): Signature {
  const result = signatureSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw new SignatureError(
    `signature as json: ${issue?.message ?? "refused"}${path && ` at ${path}`}`,
    0,
    path,
  );
}
