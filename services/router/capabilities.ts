// What a request needs against what an implementation can do. Only what is certain excludes: what is guessed from words,
// such as a need for reasoning or tools, is left to what is learned. Pure.

import type { Capabilities, Implementation } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import type { TaskAnalysis } from "./analysis/analyse.ts";

/** Why this implementation cannot take the request; undefined = it can, as far as is known. */
export function missingFor(
  { kind, capabilities }: Implementation,
  analysis: TaskAnalysis,
  options: RequestOptions,
): string | undefined {
  if (capabilities === undefined) return undefined;
  const { features, needs } = analysis;
  const { vision, logprobs, contextTokens, languages } = capabilities;
  const { leastTokens } = needs;
  if (needs.vision && vision === false) return "takes no images";
  if (contextTokens !== undefined && leastTokens > contextTokens)
    return `reads ${contextTokens} tokens, the inputs have ${leastTokens} at least`;
  if (languages !== undefined && features.language !== "und" && !languages.includes(features.language))
    return `does not understand "${features.language}"`;
  if (kind === "choice" && logprobs === false) return "its model tells no log-probabilities";
  // Functions read no tokens and cost nothing.
  return kind === "native" ? undefined : beyondBudget(capabilities, leastTokens, options.budget);
}

function beyondBudget(
  { inputPerMillionUsd }: Capabilities,
  leastTokens: number,
  budget: RequestOptions["budget"],
): string | undefined {
  if (budget?.tokens !== undefined && leastTokens > budget.tokens)
    return `the inputs have ${leastTokens} tokens at least, the budget is ${budget.tokens}`;
  if (budget?.usd === undefined || inputPerMillionUsd === undefined) return undefined;
  const leastUsd = (leastTokens * inputPerMillionUsd) / 1e6;
  return leastUsd > budget.usd
    ? `costs ${leastUsd.toPrecision(2)} USD at least, the budget is ${budget.usd}`
    : undefined;
}
