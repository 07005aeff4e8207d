// What a program asks of its outputs beyond their types, and what was found: part of a program's definition, and of a
// result. What each kind may have as options is checked where programs are registered (services/programs/validators.ts).

import { z } from "zod";
import { MAX_VALIDATORS, MAX_VERDICT_PROBLEMS } from "../limits.ts";
import { jsonObjectSchema, tokenSchema } from "./parts.ts";

/** One for each validator that ships (services/native/modules/validators); `any` = one of several checks. */
export const VALIDATOR_KINDS = [
  "json",
  "schema",
  "length",
  "pattern",
  "language",
  "format",
  "pii",
  "quotes",
  "citations",
  "arithmetic",
  "totals",
  "table",
  "any",
] as const;
export const validatorKindSchema = z.enum(VALIDATOR_KINDS);
export type ValidatorKind = z.infer<typeof validatorKindSchema>;

/** An output, or a part of one: `answer`, `lines[0].text`, `lines[].text` for the text of each line. */
export const outputPathSchema = z
  .string()
  .max(256)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{0,6}\])*$/,
    "expected an output or a path such as lines[].text",
  );

/** One condition on the outputs. */
export const validatorSchema = z.strictObject({
  /** How errors and verdicts name it. */
  name: tokenSchema,
  output: outputPathSchema,
  kind: validatorKindSchema,
  options: jsonObjectSchema.optional(),
  /** `fail` = the attempt fails, and the next of the plan is tried; `score` = the answer stands, and counts as worse. */
  onFailure: z.enum(["fail", "score"]),
});
export type Validator = z.infer<typeof validatorSchema>;

/** As somebody declares it: a name is made where there is none. */
export const validatorDeclarationSchema = validatorSchema.partial({ name: true });
export type ValidatorDeclaration = z.infer<typeof validatorDeclarationSchema>;

/** What one validator found in the outputs that were stored. */
export const verdictSchema = z.object({
  validator: tokenSchema,
  output: z.string(),
  kind: validatorKindSchema,
  valid: z.boolean(),
  /** Share of what was looked at that is right; absent where there was nothing to look at, or no shares. */
  score: z.number().min(0).max(1).optional(),
  /** The first few, where there are any. */
  problems: z
    .array(
      z.object({
        /** From `outputs` on, as in the errors of signatures. */
        path: z.string(),
        message: z.string(),
        /** In code points of the text at `path`. */
        span: z
          .object({ start: z.number().int().nonnegative(), end: z.number().int().nonnegative() })
          .optional(),
      }),
    )
    .max(MAX_VERDICT_PROBLEMS)
    .optional(),
});
export type OutputVerdict = z.infer<typeof verdictSchema>;

/** What a program's validators say of an answer. */
export const validationSchema = z.object({
  /** Mean of those that score; absent where none of them had anything to look at. */
  quality: z.number().min(0).max(1).optional(),
  verdicts: z.array(verdictSchema).max(MAX_VALIDATORS),
});
export type Validation = z.infer<typeof validationSchema>;
