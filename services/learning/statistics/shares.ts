// How well an attempt kept its time, and how little it cost, as shares between 0 and 1. Both fall smoothly, so that they
// need no knowledge of other requests and mean the same in every window of the log.

import type { Usage } from "../../../schemas/messages/parts.ts";

/** Half the share is lost at this latency, where the request has no deadline; else at half of its deadline. */
const HALF_TIME_MS = 1_000;
/** … at this cost of a request, … */
const HALF_COST_USD = 0.001;
/** … or, where no price is known, at so many tokens. */
const HALF_COST_TOKENS = 2_000;
/** What a generated token weighs against one that is read. */
const OUTPUT_TOKEN_WEIGHT = 4;

/** From the request's log timestamp to the answer. `deadlineMs` as the request asked, undefined if it did not. */
export function timeShare(latencyMs: number, deadlineMs: number | undefined): number {
  const half = deadlineMs === undefined ? HALF_TIME_MS : deadlineMs / 2;
  return half / (half + latencyMs);
}

export function thriftShare({ inputTokens, outputTokens, costUsd }: Usage): number {
  if (costUsd !== undefined) return HALF_COST_USD / (HALF_COST_USD + costUsd);
  const tokens = inputTokens + OUTPUT_TOKEN_WEIGHT * outputTokens;
  return HALF_COST_TOKENS / (HALF_COST_TOKENS + tokens);
}
