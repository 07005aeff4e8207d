// Programs in the log: `dspex.event.program.<name>.<verb>`. A program is a name, a signature and implementations.

import { z } from "zod";
import { MAX_VALIDATORS } from "../limits.ts";
import { feedbackSchema } from "./feedback.ts";
import { jsonObjectSchema, placeSchema, sequenceSchema, tokenSchema, weightsSchema } from "./parts.ts";
import { validatorDeclarationSchema, validatorSchema } from "./validator.ts";
import { variableNameSchema } from "./variable-event.ts";

/** What an implementation and its model can do. What is not said is not known, and excludes nothing. */
export const capabilitiesSchema = z.strictObject({
  /** Its model's server holds an answer to a JSON schema. */
  structuredOutput: z.boolean().optional(),
  tools: z.boolean().optional(),
  /** Takes images. */
  vision: z.boolean().optional(),
  /** Its model's server tells log-probabilities. */
  logprobs: z.boolean().optional(),
  /** Tokens that it can read and write in all. */
  contextTokens: z.number().int().positive().optional(),
  /** ISO 639-1 codes of the languages that it understands; absent = all. */
  languages: z
    .array(z.string().regex(/^[a-z]{2}$/, "expected a language code such as en"))
    .max(64)
    .optional(),
  /** The same inputs give the same outputs. */
  deterministic: z.boolean().optional(),
  inputPerMillionUsd: z.number().nonnegative().optional(),
  outputPerMillionUsd: z.number().nonnegative().optional(),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

/** How a program's implementations are chosen, where a request does not say otherwise. */
export const routingSchema = z.strictObject({
  prefer: z.enum(["speed", "quality", "cost"]).optional(),
  /** Instead of `prefer`. */
  weights: weightsSchema.optional(),
  /** Start a second attempt when the first takes longer than it does in 95 of 100 cases. */
  hedge: z.boolean().optional(),
  /** A variable whose value is the name of the implementation that answers, as if each request named it. */
  implementationVariable: variableNameSchema.optional(),
});
export type Routing = z.infer<typeof routingSchema>;

/** One of an implementation's settings, or one of its parameters. */
export const settingPathSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_]{0,63}(\.[A-Za-z][A-Za-z0-9_]{0,63})?$/,
    "expected a setting such as temperature or parameters.maxIters",
  );

const common = {
  name: tokenSchema,
  /** Only tried when all before it in the plan failed. */
  lastResort: z.boolean().optional(),
  timeoutMs: z.number().int().positive().optional(),
  /** What is declared counts more than what is known of its model. */
  capabilities: capabilitiesSchema.optional(),
  /**
   * Variables that give settings their values, by the setting. What is declared of a setting counts as long as there is
   * no such variable. A `python` or `native` implementation finds the others under their keys.
   */
  variables: z.record(settingPathSchema, variableNameSchema).optional(),
};
const modelCall = {
  /** Name of a configured model; absent = the default model. */
  model: z.string().optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.number().int().positive().optional(),
};

/** A tool of ReAct: a program called over the bus, or a Python function of the user's modules. */
export const toolSchema = z.union([
  z.strictObject({ program: tokenSchema }),
  z.strictObject({ python: z.string() }),
]);

export const implementationSchema = z.discriminatedUnion("kind", [
  /** A TypeScript function. `inline` = trusted to be short, runs in the router; else in a worker thread. */
  z.strictObject({ ...common, kind: z.literal("native"), inline: z.boolean().optional() }),
  /** A model call whose output is constrained to the signature's schema. */
  z.strictObject({ ...common, ...modelCall, kind: z.literal("structured"), prompt: z.string().optional() }),
  /** A model call with a prompt template; `{{field}}` stands for an input. The text is the one output. */
  z.strictObject({
    ...common,
    ...modelCall,
    kind: z.literal("plain"),
    prompt: z.string(),
    stop: z.array(z.string()).optional(),
  }),
  /** A model call that picks one of few labels by their likelihood: one output, `Literal`, enum or bool. */
  z.strictObject({
    ...common,
    ...modelCall,
    kind: z.literal("choice"),
    prompt: z.string().optional(),
    /** How much what this prompt says of a label counts; 1 if absent. */
    weight: z.number().nonnegative().optional(),
    /** More ways to ask the same, one call for each: what all of them say of a label counts together. */
    more: z
      .array(
        z.strictObject({
          prompt: z.string(),
          words: z.record(z.string(), z.string().min(1)).optional(),
          weight: z.number().nonnegative().optional(),
        }),
      )
      .max(7)
      .optional(),
    /** Word that stands for a label in the prompt, by label as text; absent = the label itself. */
    words: z.record(z.string(), z.string().min(1)).optional(),
    /** Inputs without labels from which the model's leaning to each label is known before there are requests. */
    calibration: z.array(jsonObjectSchema).max(256).optional(),
    /** Taken off what is said of each label, by label as text: fitted on labelled inputs, in place of any calibration. */
    offsets: z.record(z.string(), z.number()).optional(),
  }),
  /** A DSPy module, made in a pool from the signature. */
  z.strictObject({
    ...common,
    ...modelCall,
    kind: z.literal("dspy"),
    pool: tokenSchema,
    /** DSPy's class name: Predict, ChainOfThought, ReAct, … */
    module: z.string(),
    adapter: z.enum(["json", "chat", "xml"]).optional(),
    tools: z.array(toolSchema).optional(),
    /** Module parameters such as `{maxIters: 5}` and demonstrations. */
    parameters: jsonObjectSchema.optional(),
    demos: z.array(z.object({ inputs: jsonObjectSchema, outputs: jsonObjectSchema })).optional(),
  }),
  /** A user's own Python function or `dspy.Module`, loaded by a pool under this entry name. */
  z.strictObject({
    ...common,
    ...modelCall,
    kind: z.literal("python"),
    pool: tokenSchema,
    entry: tokenSchema,
  }),
]);
export type Implementation = z.infer<typeof implementationSchema>;

export const programDefinitionSchema = z.strictObject({
  name: tokenSchema,
  /** First 16 hex digits of the SHA-256 of the canonical definition: the same definition is the same version. */
  version: tokenSchema,
  description: z.string().max(4_096).optional(),
  /** The AST of schemas/signature/ast.ts. */
  signature: jsonObjectSchema,
  implementations: z.array(implementationSchema).min(1).max(64),
  routing: routingSchema.optional(),
  /** What is asked of outputs beyond their types. */
  validators: z.array(validatorSchema).min(1).max(MAX_VALIDATORS).optional(),
});
export type ProgramDefinition = z.infer<typeof programDefinitionSchema>;

/** A definition as somebody registers it: signature in text or AST, version computed from the rest. */
export const programDeclarationSchema = z.strictObject({
  name: tokenSchema,
  description: z.string().max(4_096).optional(),
  signature: z.union([z.string().max(65_536), jsonObjectSchema]),
  implementations: z.array(implementationSchema).min(1).max(64),
  routing: routingSchema.optional(),
  validators: z.array(validatorDeclarationSchema).max(MAX_VALIDATORS).optional(),
});
export type ProgramDeclaration = z.infer<typeof programDeclarationSchema>;

export const programRegisteredSchema = programDefinitionSchema.extend({
  /** Who registered it: a user, `config`, or `pool/<pool>`. */
  by: z.string(),
});
export type ProgramRegistered = z.infer<typeof programRegisteredSchema>;

export const programRemovedSchema = z.object({
  name: tokenSchema,
  by: z.string(),
  reason: z.string().optional(),
});
export type ProgramRemoved = z.infer<typeof programRemovedSchema>;

export const programFeedbackSchema = feedbackSchema.extend({
  user: tokenSchema,
  program: tokenSchema.optional(),
  version: tokenSchema.optional(),
  implementation: tokenSchema.optional(),
  /** Where the score belongs; absent = the result that is judged was not chosen freely, or did not succeed. */
  place: placeSchema.optional(),
  /** Sequence of the result, where validators had scored it: this score counts in place of theirs. */
  replaces: sequenceSchema.optional(),
  /** A version that was tried then: `taken` = this is its answer, else that of the version in use. */
  canary: z.object({ version: tokenSchema, taken: z.boolean() }).optional(),
});
export type ProgramFeedback = z.infer<typeof programFeedbackSchema>;

export const PROGRAM_EVENTS = {
  registered: { type: "dspex.program.registered.v1", schema: programRegisteredSchema },
  removed: { type: "dspex.program.removed.v1", schema: programRemovedSchema },
  feedback: { type: "dspex.program.feedback.v1", schema: programFeedbackSchema },
} as const;
