// Whether a stage that failed is tried again, and when. Pure: chance comes from the id.

import { createHash } from "node:crypto";
import type { ErrorCode } from "../../../schemas/error-codes.ts";
import type { WireError } from "../../../schemas/errors.ts";
import type { PipelineRetry } from "../../../schemas/messages/pipeline-definition.ts";

/** The same again would fail the same way. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "invalid_inputs",
  "unknown_program",
  "unknown_version",
  "payload_too_large",
  "id_conflict",
  "not_allowed",
  "cancelled",
  "budget_exceeded",
  "gone",
]);

/** Wait before the next try, or undefined: there is none. `starts` = tries so far. */
export function retryDelay(
  policy: PipelineRetry | undefined,
  starts: number,
  { code, retryAfterMs = 0 }: WireError,
  seed: string,
): number | undefined {
  if (policy === undefined || starts > policy.times || FINAL.has(code as ErrorCode)) return undefined;
  const { delayMs, factor = 1, maxDelayMs = Number.MAX_SAFE_INTEGER, jitter = 0 } = policy;
  const full = Math.min(delayMs * factor ** (starts - 1), maxDelayMs);
  return Math.max(Math.round(full * (1 - jitter * chanceOf(seed))), retryAfterMs);
}

/** 0 … 1, the same for the same seed. */
function chanceOf(seed: string): number {
  return createHash("sha256").update(seed).digest().readUInt32BE() / 2 ** 32;
}
