// Tokens and money of model calls.

import type { Model } from "../../../schemas/config/models.ts";
import type { Usage } from "../../../schemas/messages/parts.ts";

const PER_MILLION = 1_000_000;

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 };

interface ToldUsage {
  inputTokens: number | undefined;
  outputTokens: number | undefined;
}

/** Zeros where the server told nothing; a cost only where the model has a price. */
export function readUsage(told: ToldUsage | undefined, model: Model): Usage {
  const inputTokens = told?.inputTokens ?? 0;
  const outputTokens = told?.outputTokens ?? 0;
  if (model.price === undefined) return { inputTokens, outputTokens };
  const { inputPerMillionUsd, outputPerMillionUsd } = model.price;
  const costUsd = (inputTokens * inputPerMillionUsd + outputTokens * outputPerMillionUsd) / PER_MILLION;
  return { inputTokens, outputTokens, costUsd };
}

export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Usage = {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
  if (a.costUsd !== undefined || b.costUsd !== undefined) sum.costUsd = (a.costUsd ?? 0) + (b.costUsd ?? 0);
  return sum;
}

export function isUsed(usage: Usage): boolean {
  return usage.inputTokens > 0 || usage.outputTokens > 0;
}
