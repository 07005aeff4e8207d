// The rules that a policy can name.

import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import { chooseDeclared } from "./declared-order.ts";
import type { Answer, Question, Strategy } from "./strategy.ts";
import { chooseByThompson } from "./thompson/thompson.ts";
import { chooseUniformly } from "./uniform.ts";

/** Change it whenever one of them answers the same question otherwise: decisions of another version cannot be verified. */
export const RULES_VERSION = "1";

/** Of decisions in which chance has no part: retries, fallbacks, hedges. */
export const PLAN_RULE = `plan/${RULES_VERSION}`;

const RULES: Readonly<Record<PolicySettings["rule"], Strategy>> = {
  thompson: chooseByThompson,
  "declared-order": chooseDeclared,
  uniform: chooseUniformly,
};

/** Undefined when nothing is eligible. */
export function choose(question: Question): Answer | undefined {
  return RULES[question.settings.rule](question);
}
