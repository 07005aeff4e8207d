// A validation as data: what is to be checked, and of which part of the value. The same in both languages, in requests and
// in configurations.
//
//   { check: "all", of: [{ check: "length", unit: "words", max: 100 }, { check: "citations", sources: ["…"] }] }

import { z } from "zod";
import { FORMATS, type Format } from "./format.ts";
import { PII_KINDS, type PiiKind } from "./pii-kinds.ts";
import type { JsonSchema } from "./schema.ts";
import type { Source } from "./sources.ts";

export type Check =
  | {
      check: "json";
      want?: "object" | "list";
      allow?: "whole" | "extracted" | "repaired";
      schema?: JsonSchema;
    }
  | { check: "schema"; schema: JsonSchema }
  | { check: "length"; unit?: "characters" | "words" | "tokens"; min?: number; max?: number }
  | { check: "pattern"; pattern: string; match?: "some" | "whole" | "none" }
  | { check: "language"; languages: string[] }
  | { check: "format"; format: Format }
  | { check: "pii"; kinds?: PiiKind[]; allow?: string[] }
  | { check: "quotes"; sources: Source[]; minWords?: number }
  | { check: "citations"; sources: Source[]; minSupport?: number; everySentence?: boolean }
  | { check: "arithmetic" }
  | { check: "totals" }
  | { check: "table"; values: Record<string, number | bigint> }
  /** A part of the value: `answer`, `lines[0].text`. */
  | { check: "at"; path: string; of: Check }
  | { check: "all"; of: Check[] }
  | { check: "any"; of: Check[] };

export const CHECK_LIMITS = {
  /** Checks within one another. */
  depth: 8,
  /** Checks of one list. */
  checks: 64,
  /** Sources of one check. */
  sources: 1_000,
  /** Labels of one table. */
  labels: 200,
} as const;

const size = z.number().int().nonnegative();
const sourcesSchema = z
  .array(z.union([z.string(), z.strictObject({ id: z.string().min(1).max(200), text: z.string() })]))
  .max(CHECK_LIMITS.sources);
const jsonSchemaSchema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
const lists = (): z.ZodType =>
  z
    .array(z.lazy(() => checkSchemaOf))
    .min(1)
    .max(CHECK_LIMITS.checks);

const checkSchemaOf: z.ZodType = z.discriminatedUnion("check", [
  z.strictObject({
    check: z.literal("json"),
    want: z.enum(["object", "list"]).optional(),
    allow: z.enum(["whole", "extracted", "repaired"]).optional(),
    schema: jsonSchemaSchema.optional(),
  }),
  z.strictObject({ check: z.literal("schema"), schema: jsonSchemaSchema }),
  z.strictObject({
    check: z.literal("length"),
    unit: z.enum(["characters", "words", "tokens"]).optional(),
    min: size.optional(),
    max: size.optional(),
  }),
  z.strictObject({
    check: z.literal("pattern"),
    pattern: z.string(),
    match: z.enum(["some", "whole", "none"]).optional(),
  }),
  z.strictObject({
    check: z.literal("language"),
    languages: z
      .array(z.string().regex(/^[a-z]{2}$/, "expected a language code such as en"))
      .min(1)
      .max(64),
  }),
  z.strictObject({ check: z.literal("format"), format: z.enum(FORMATS) }),
  z.strictObject({
    check: z.literal("pii"),
    kinds: z.array(z.enum(PII_KINDS)).optional(),
    allow: z.array(z.string()).max(1_000).optional(),
  }),
  z.strictObject({ check: z.literal("quotes"), sources: sourcesSchema, minWords: size.optional() }),
  z.strictObject({
    check: z.literal("citations"),
    sources: sourcesSchema,
    minSupport: z.number().min(0).max(1).optional(),
    everySentence: z.boolean().optional(),
  }),
  z.strictObject({ check: z.literal("arithmetic") }),
  z.strictObject({ check: z.literal("totals") }),
  z.strictObject({
    check: z.literal("table"),
    values: z
      .record(z.string().min(1), z.union([z.number(), z.bigint()]))
      .refine((values) => Object.keys(values).length <= CHECK_LIMITS.labels, "too many labels"),
  }),
  z.strictObject({
    check: z.literal("at"),
    path: z
      .string()
      .regex(/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d{1,6}\])*$/, "expected a path such as lines[0].text"),
    of: z.lazy(() => checkSchemaOf),
  }),
  z.strictObject({ check: z.literal("all"), of: lists() }),
  z.strictObject({ check: z.literal("any"), of: lists() }),
]);

/** Of what came from elsewhere. */
export const checkSchema = checkSchemaOf as z.ZodType<Check>;
