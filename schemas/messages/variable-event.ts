// Variables: what can be tuned without a new program, and what happened to it: `dspex.event.variable.<verb>`. A change
// of one variable carries all that follow from it in one event, so that no reader sees half of it.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import { jsonObjectSchema, tokenSchema } from "./parts.ts";

/** Longest prompt, and longest text that an expression makes, in characters. */
export const MAX_TEXT = 65_536;
export const MAX_EXPRESSION = 500;
/** Variables that are in use at once, so also those that an event or a command may name. */
export const MAX_VARIABLES = 1_000;

/** Narrower than a token: an expression reads it without quotes. */
export const variableNameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "expected a name of a variable [A-Za-z][A-Za-z0-9_]{0,63}");
const textSchema = z.string().max(MAX_TEXT);
const expressionSchema = z.string().min(1).max(MAX_EXPRESSION);
const scalarSchema = z.union([z.string().max(1_024), z.number().int(), z.number(), z.boolean()]);

/** An expression that is true of every set of values that is ever in force. */
export const variableConstraintSchema = z.strictObject({
  expression: expressionSchema,
  /** Told instead of the expression where it does not hold. */
  message: z.string().min(1).max(500).optional(),
});

const common = {
  name: variableNameSchema,
  description: z.string().max(4_096).optional(),
  /** Computed from others instead of set; then there is no default. */
  expression: expressionSchema.optional(),
  /** Others without which it means nothing, besides those that its expression names. */
  dependsOn: z.array(variableNameSchema).max(64).optional(),
  constraints: z.array(variableConstraintSchema).max(16).optional(),
};

export const variableDefinitionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("float"),
    min: z.number(),
    max: z.number(),
    /** Distance of the values that it may have, from `min` on. */
    step: z.number().positive().optional(),
    /** Searched by its logarithm: then `min` is above 0. */
    log: z.boolean().optional(),
    default: z.number().optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("integer"),
    min: z.number().int(),
    max: z.number().int(),
    step: z.number().int().positive().optional(),
    log: z.boolean().optional(),
    default: z.number().int().optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("choice"),
    choices: z.array(scalarSchema).min(1).max(256),
    default: scalarSchema.optional(),
  }),
  z.strictObject({ ...common, kind: z.literal("boolean"), default: z.boolean().optional() }),
  z.strictObject({
    ...common,
    kind: z.literal("string"),
    minLength: z.number().int().nonnegative().max(MAX_TEXT).optional(),
    maxLength: z.number().int().nonnegative().max(MAX_TEXT).optional(),
    default: textSchema.optional(),
  }),
  /** Which implementation, or which DSPy module. */
  z.strictObject({
    ...common,
    kind: z.literal("module"),
    choices: z.array(tokenSchema).min(1).max(64),
    default: tokenSchema.optional(),
  }),
  /** A program's prompt. */
  z.strictObject({ ...common, kind: z.literal("prompt"), default: textSchema.optional() }),
  /** A program's demonstrations. */
  z.strictObject({
    ...common,
    kind: z.literal("demos"),
    maxItems: z.number().int().nonnegative().max(256).optional(),
    default: z
      .array(z.strictObject({ inputs: jsonObjectSchema, outputs: jsonObjectSchema }))
      .max(256)
      .optional(),
  }),
]);
export type VariableDefinition = z.infer<typeof variableDefinitionSchema>;
export type VariableKind = VariableDefinition["kind"];

/** What a value was worth, as whoever set it measured. */
export const variableMetricSchema = z.strictObject({ name: tokenSchema, value: z.number() });
export type VariableMetric = z.infer<typeof variableMetricSchema>;

/** A value from here on. `version` counts the changes of this variable from 1. */
export const variableChangeSchema = z.object({
  name: variableNameSchema,
  value: z.unknown(),
  version: z.number().int().positive(),
});
export type VariableChange = z.infer<typeof variableChangeSchema>;

const why = {
  /** Who: a user, `config`, or `optimization/<run>`. */
  by: z.string().min(1).max(128),
  reason: z.string().max(1_024).optional(),
};
const changes = z.array(variableChangeSchema).min(1).max(MAX_VARIABLES);

export const variableRegisteredSchema = z.object({
  definitions: z.array(variableDefinitionSchema).min(1).max(MAX_VARIABLES),
  /** The values of these, and of those that follow from them; what another depends on comes first. */
  changes,
  ...why,
});
export type VariableRegistered = z.infer<typeof variableRegisteredSchema>;

export const variableChangedSchema = z.object({ changes, ...why, metric: variableMetricSchema.optional() });
export type VariableChanged = z.infer<typeof variableChangedSchema>;

/** Back to the defaults. */
export const variableResetSchema = z.object({ changes, ...why });
export type VariableReset = z.infer<typeof variableResetSchema>;

/** Keeps its last value for who still refers to it, and takes no other. */
export const variableDeprecatedSchema = z.object({
  definition: variableDefinitionSchema,
  value: z.unknown(),
  version: z.number().int().positive(),
  ...why,
  /** What is to be used instead. */
  replacedBy: variableNameSchema.optional(),
});
export type VariableDeprecated = z.infer<typeof variableDeprecatedSchema>;

/** A command that changed nothing. */
export const variableRejectedSchema = z.object({
  command: z.enum(["register", "set", "reset", "deprecate"]),
  names: z.array(z.string().max(64)).max(MAX_VARIABLES),
  ...why,
  error: errorSchema,
});
export type VariableRejected = z.infer<typeof variableRejectedSchema>;
export type VariableCommand = VariableRejected["command"];

export const VARIABLE_EVENTS = {
  registered: { type: "dspex.variable.registered.v1", schema: variableRegisteredSchema },
  changed: { type: "dspex.variable.changed.v1", schema: variableChangedSchema },
  rejected: { type: "dspex.variable.rejected.v1", schema: variableRejectedSchema },
  reset: { type: "dspex.variable.reset.v1", schema: variableResetSchema },
  deprecated: { type: "dspex.variable.deprecated.v1", schema: variableDeprecatedSchema },
} as const;
export type VariableVerb = keyof typeof VARIABLE_EVENTS;
