// What a request may still cost. Pure.

import { DspexError } from "../../schemas/errors.ts";
import type { Attempt } from "../../schemas/messages/parts.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";

/** The error that ends a request whose attempts have used up its budget; undefined = there is some left. */
export function budgetExceeded(
  budget: RequestOptions["budget"],
  attempts: readonly Pick<Attempt, "usage">[],
): DspexError | undefined {
  if (budget === undefined) return undefined;
  let tokens = 0;
  let usd = 0;
  for (const { usage } of attempts) {
    tokens += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
    usd += usage?.costUsd ?? 0;
  }
  if (budget.tokens !== undefined && tokens >= budget.tokens)
    return new DspexError("budget_exceeded", `used ${tokens} tokens, the budget is ${budget.tokens}`);
  if (budget.usd !== undefined && usd >= budget.usd)
    return new DspexError("budget_exceeded", `used ${usd.toPrecision(3)} USD, the budget is ${budget.usd}`);
  return undefined;
}
