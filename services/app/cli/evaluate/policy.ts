// Pure: the policy of `dspex replay --evaluate` as it is typed: a name, settings as JSON, or a file with them.

import { z } from "zod";
import { firstProblem } from "../../../../schemas/envelope/check.ts";
import { parseJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import { type RewardWeights, tokenSchema, weightsSchema } from "../../../../schemas/messages/parts.ts";
import { type PolicySettings, policySettingsSchema } from "../../../../schemas/messages/policy-event.ts";
import { declaredOrder, fixedOrder, type StaticPolicy, uniform } from "../../../learning/evaluate/targets.ts";
import { STANDARD_SETTINGS } from "../../../learning/policy/state.ts";
import { weightsFor } from "../../../learning/posterior/reward.ts";

export interface EvaluatedPolicy {
  /** As it was given, for the head of the report. */
  title: string;
  /** What it chooses by: the arms alone, or the statistics at each decision. */
  target:
    | { kind: "static"; policy: StaticPolicy }
    /** Absent settings = those that were in force. */
    | { kind: "learned"; settings: PolicySettings | undefined };
  /** By which all requests are judged, and learned choices made; absent = each by those of its request. */
  weights: RewardWeights | undefined;
  /** Implementations that it names. */
  order: readonly string[];
}

const judged = {
  prefer: z.enum(["speed", "quality", "cost"]).optional(),
  weights: weightsSchema.optional(),
};
const fixedSchema = z.strictObject({
  ...judged,
  name: tokenSchema.optional(),
  rule: z.literal("fixed"),
  order: z.array(tokenSchema).min(1),
});
const settingsSchema = policySettingsSchema.partial().extend(judged);

const NAMES = ["declared-order", "uniform", "thompson"] as const;

/**
 * @param text a name, JSON, or what `readFile` finds under it.
 * @throws DspexError `invalid_inputs` naming the member that is wrong.
 */
export function parsePolicy(text: string, readFile: (path: string) => string | undefined): EvaluatedPolicy {
  const name = NAMES.find((one) => one === text);
  if (name !== undefined) return policyOf({ rule: name }, text);
  if (text.trimStart().startsWith("{")) return policyOf(jsonOf(text, "the policy"), text.trim());
  const body = readFile(text);
  if (body === undefined) {
    throw new DspexError(
      "invalid_inputs",
      `${JSON.stringify(text)} is no policy: ${NAMES.join(", ")}, settings as JSON, or a file with them`,
    );
  }
  return policyOf(jsonOf(body, text), text);
}

function jsonOf(text: string, what: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DspexError("invalid_inputs", `${what} is not JSON: ${why}`, { cause });
  }
}

function policyOf(value: unknown, title: string): EvaluatedPolicy {
  const isFixed = typeof value === "object" && value !== null && "rule" in value && value.rule === "fixed";
  if (isFixed) {
    const { order, ...rest } = checked(fixedSchema, value);
    return { title, target: { kind: "static", policy: fixedOrder(order) }, weights: weightsIn(rest), order };
  }
  const { prefer, weights, ...settings } = checked(settingsSchema, value);
  return { title, target: targetOf(settings), weights: weightsIn({ prefer, weights }), order: [] };
}

function targetOf(given: Settings): EvaluatedPolicy["target"] {
  switch (given.rule) {
    case "declared-order":
      return { kind: "static", policy: declaredOrder };
    case "uniform":
      return { kind: "static", policy: uniform };
    default: {
      const isNothingSaid = Object.values(given).every((one) => one === undefined);
      const { name, rule, temper, floor } = STANDARD_SETTINGS;
      const settings = {
        name: given.name ?? name,
        rule: given.rule ?? rule,
        temper: given.temper ?? temper,
        floor: given.floor ?? floor,
      };
      return { kind: "learned", settings: isNothingSaid ? undefined : settings };
    }
  }
}

type Judged = z.infer<z.ZodObject<typeof judged>>;
type Settings = Omit<z.infer<typeof settingsSchema>, keyof Judged>;

/** In proportion: they sum to 1. */
function weightsIn({ prefer, weights }: Judged): RewardWeights | undefined {
  if (prefer !== undefined && weights !== undefined)
    throw new DspexError("invalid_inputs", "policy: either prefer or weights, not both", { path: "weights" });
  if (weights === undefined) return prefer === undefined ? undefined : weightsFor(prefer);
  const sum = weights.quality + weights.time + weights.cost;
  if (sum === 0)
    throw new DspexError("invalid_inputs", "policy.weights: they must sum to more than 0", {
      path: "weights",
    });
  return { quality: weights.quality / sum, time: weights.time / sum, cost: weights.cost / sum };
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = firstProblem(parsed.error);
  const at = path === "" ? "policy" : `policy.${path}`;
  throw new DspexError("invalid_inputs", `${at}: ${message}`, { path });
}
