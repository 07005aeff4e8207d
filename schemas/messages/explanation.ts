// Why a request went where it went, and what became of it: what `explain.<id>` answers.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import {
  attemptSchema,
  candidateSchema,
  jsonObjectSchema,
  placeSchema,
  planStepSchema,
  requestIdSchema,
  sequenceSchema,
  tokenSchema,
  usageSchema,
} from "./parts.ts";
import { armStandingSchema, policyEvidenceSchema, policySettingsSchema } from "./policy-event.ts";
import { capabilitiesSchema } from "./program-event.ts";
import { requestOptionsSchema } from "./request.ts";
import { validationSchema } from "./validator.ts";

const count = z.number().int().nonnegative();

/** What the request looks like, computed again from its inputs and the program's signature. */
const analysis = z.object({
  features: z.object({
    inputBytes: count,
    fieldCount: count,
    types: z.array(z.string()),
    language: z.string(),
    reasoningHints: count,
    toolHints: count,
    historyLength: count,
    requirements: z.object({
      deadlineMs: z.number().positive().optional(),
      tokens: z.number().positive().optional(),
      usd: z.number().positive().optional(),
      prefer: z.enum(["speed", "quality", "cost"]).optional(),
    }),
  }),
  complexity: z.object({ level: z.enum(["low", "medium", "high"]), score: z.number().min(0).max(1) }),
  needs: z.object({
    structuredOutput: z.boolean(),
    reasoning: z.boolean(),
    tools: z.boolean(),
    longContext: z.boolean(),
    vision: z.boolean(),
    contextTokens: count,
    leastTokens: count,
  }),
  /** Where it would go if nothing were known of the implementations. */
  pool: z.string(),
  /** Kind of task: statistics are kept by it. */
  kind: z.string(),
  lengthBucket: z.number().int().min(0).max(3),
});

/** One implementation: what it can do, what was known of it, and what the decision made of it. */
const candidate = candidateSchema.extend({
  /** `unknown` where the program is not in the log any more. */
  kind: z.string(),
  pool: tokenSchema.optional(),
  model: z.string().optional(),
  lastResort: z.boolean(),
  /** Declared; what is not said is not known, and excludes nothing. */
  capabilities: capabilitiesSchema.optional(),
  /** What it lacks for this request; absent = nothing, as far as is known. */
  missing: z.string().optional(),
  chosen: z.boolean(),
  /** What was published of it for this kind of task when the decision was taken. */
  standing: armStandingSchema.optional(),
  /** A sentence: why it was chosen, or why not. */
  why: z.string(),
});

/** How the one was picked: probabilities lie side by side from 0 to 1, and the request's number fell on the chosen one. */
const draw = z.object({
  probability: z.number().min(0).max(1),
  from: z.number().min(0).max(1),
  to: z.number().min(0).max(1),
  /** Of the request's id under the namespace's seed. */
  number: z.number().min(0).max(1),
  seed: z.number().int(),
});

const decision = z.object({
  /** `learned`, `evenly` = drawn by chance; `named` = the request names it; `only` = nothing else could take it. */
  how: z.enum(["learned", "evenly", "declared-order", "named", "only"]),
  chosen: tokenSchema,
  /** Log sequence of the state that it was taken from. */
  stateSequence: sequenceSchema,
  draw: draw.optional(),
  /** As the decision recorded them. */
  features: jsonObjectSchema,
  /** Where the outcome counts. */
  place: placeSchema.optional(),
  /** Unfinished work by pool at that moment. */
  inFlight: z.record(z.string(), count),
  /** What would follow if it failed. */
  plan: z.array(planStepSchema),
});

/** The policy in force, and what it knew of this kind of task. */
const policy = z.object({
  /** `0` = nothing had been published. */
  version: z.string(),
  settings: policySettingsSchema,
  /** What brought these settings; absent = nobody has changed them. */
  change: z
    .object({
      verb: z.enum(["promoted", "rolled-back"]),
      sequence: sequenceSchema,
      time: z.string(),
      by: z.string(),
      reason: z.string().optional(),
      evidence: policyEvidenceSchema.optional(),
    })
    .optional(),
  /** The event of this version, with the end of the log and the outcomes that it rests on. */
  published: z
    .object({ sequence: sequenceSchema, time: z.string(), coveredSequence: sequenceSchema, outcomes: count })
    .optional(),
  /** The last version that told something of this program; the candidates' standings are from it. */
  evidence: z
    .object({
      version: z.number().int().positive(),
      sequence: sequenceSchema,
      time: z.string(),
      /** Absent where it knows nothing of this kind of task. */
      task: z.string().optional(),
    })
    .optional(),
});

const event = z.object({
  kind: z.enum(["request", "attempt", "failed", "result", "feedback"]),
  /** Absent for what has no message of its own: an attempt inside the router. */
  sequence: sequenceSchema.optional(),
  time: z.string(),
  /** Since the request, ms. */
  afterMs: z.number().nonnegative(),
  attempt: z.number().int().positive().optional(),
  implementation: tokenSchema.optional(),
  pool: tokenSchema.optional(),
  worker: tokenSchema.optional(),
  /** Why there was this attempt. */
  step: z.enum(["first", "retry", "fallback", "hedge"]).optional(),
  durationMs: z.number().nonnegative().optional(),
  error: errorSchema.optional(),
  usage: usageSchema.optional(),
  modelCall: attemptSchema.shape.modelCall,
  score: z.number().min(0).max(1).optional(),
  metric: z.string().optional(),
  /** What happened, as a sentence. */
  text: z.string(),
});

/** Why a request went where it went, and what became of it. */
export const explanationSchema = z.object({
  id: requestIdSchema,
  program: tokenSchema,
  version: tokenSchema.optional(),
  status: z.enum(["pending", "succeeded", "failed", "cancelled"]),
  /** The whole in a sentence or two. */
  summary: z.string(),
  request: z.object({
    sequence: sequenceSchema,
    time: z.string(),
    /** Absent where the request cannot be read, or is not in the log any more. */
    options: requestOptionsSchema.optional(),
  }),
  /** Absent where the request cannot be read, or its program is not in the log any more. */
  analysis: analysis.optional(),
  /** Absent for what was answered without one. */
  decision: decision.optional(),
  policy: policy.optional(),
  /** In declared order. */
  candidates: z.array(candidate),
  result: z
    .object({
      implementation: tokenSchema.optional(),
      attempts: count,
      error: errorSchema.optional(),
      fallbackReason: z.string().optional(),
      confidence: z.number().min(0).max(1).optional(),
      /** What the program's validators say of the answer. */
      validation: validationSchema.optional(),
      usage: usageSchema,
      /** Before the attempt that answered, of that attempt, and of the whole. */
      queueMs: z.number().nonnegative(),
      runMs: z.number().nonnegative(),
      totalMs: z.number().nonnegative(),
    })
    .optional(),
  /** In order, feedback last. */
  events: z.array(event),
  /** There is more feedback than was looked through. */
  moreFeedback: z.boolean(),
});
export type Explanation = z.infer<typeof explanationSchema>;
