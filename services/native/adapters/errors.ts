// Maps what the AI SDK throws to our codes, once, at this edge.
//
//   429 lm_rate_limited · 401 402 403 lm_auth · 408 504 and our own timer lm_timeout · 5xx, no connection and answers
//   that are none lm_unavailable · a prompt that is too long context_window_exceeded · other 4xx lm_rejected

import {
  AISDKError,
  APICallError,
  LoadAPIKeyError,
  NoSuchModelError,
  UnsupportedFunctionalityError,
} from "ai";
import type { ErrorCode } from "../../../schemas/error-codes.ts";
import { DspexError, type DspexErrorOptions } from "../../../schemas/errors.ts";
import type { Usage } from "../../../schemas/messages/parts.ts";
import { redact } from "./redact.ts";
import { retryAfterMs } from "./retry-after.ts";
import { isUsed } from "./usage.ts";

const MAX_MESSAGE_LENGTH = 400;
const TOO_LONG =
  /context[ _](length|window|size)|maximum context|prompt is too long|input is too long|too many (input |prompt )?tokens/i;
const NO_MONEY = /insufficient_quota|billing|credit balance/i;

export interface CallFacts {
  /** The provider's name for the model. */
  model: string;
  secrets: readonly string[];
  /** Whoever called us does not want the answer any more. */
  signal: AbortSignal;
  timedOut: boolean;
  timeoutMs: number;
  nowMs: number;
}

export function modelError(thrown: unknown, facts: CallFacts): DspexError {
  if (thrown instanceof DspexError) return thrown;
  const { model } = facts;
  if (facts.timedOut) return raise("lm_timeout", `no answer within ${facts.timeoutMs} ms`, facts);
  if (facts.signal.aborted) return abortReason(facts.signal);
  if (APICallError.isInstance(thrown)) return apiError(thrown, facts);
  if (LoadAPIKeyError.isInstance(thrown)) return raise("lm_auth", "no key", facts);
  if (NoSuchModelError.isInstance(thrown)) return raise("lm_rejected", "there is no such model", facts);
  if (UnsupportedFunctionalityError.isInstance(thrown))
    return raise("lm_rejected", `the provider cannot do ${thrown.functionality}`, facts);
  // What is left of the SDK's errors: answers that do not keep the protocol.
  if (AISDKError.isInstance(thrown) || isConnectionError(thrown))
    return raise("lm_unavailable", (thrown as Error).message, facts);
  if (thrown instanceof Error && thrown.name !== "TypeError")
    return raise("lm_unavailable", thrown.message, facts);
  if (!(thrown instanceof Error)) return streamedError(thrown, facts);
  return new DspexError("internal", `calling model "${model}": ${clean(thrown.message, facts)}`);
}

/** Usage that a failed call has cost nonetheless. */
export function usageOf(error: unknown): Usage | undefined {
  if (!(error instanceof DspexError)) return undefined;
  const { details } = error;
  if (typeof details !== "object" || details === null || !("usage" in details)) return undefined;
  return details.usage as Usage;
}

/** The same error with what was paid for before it. */
export function withUsage(error: DspexError, usage: Usage): DspexError {
  if (!isUsed(usage)) return error;
  const details = typeof error.details === "object" && error.details !== null ? error.details : {};
  return new DspexError(error.code, error.message, {
    retryable: error.retryable,
    retryAfterMs: error.retryAfterMs,
    path: error.path,
    details: { ...details, usage },
    cause: error.cause,
  });
}

function apiError(thrown: APICallError, facts: CallFacts): DspexError {
  const { statusCode: status, responseHeaders, responseBody = "" } = thrown;
  const about = `${thrown.message} ${responseBody}`;
  const options: DspexErrorOptions = {
    retryAfterMs: retryAfterMs(responseHeaders, facts.nowMs),
    details: {
      model: facts.model,
      ...(status !== undefined && { status }),
      ...(responseHeaders?.["x-request-id"] !== undefined && { requestId: responseHeaders["x-request-id"] }),
    },
  };
  const say = (code: ErrorCode, more: DspexErrorOptions = {}) =>
    raise(code, status === undefined ? thrown.message : `status ${status}: ${thrown.message}`, facts, {
      ...options,
      ...more,
    });
  if (status === undefined) return say("lm_unavailable");
  if (status < 400)
    return raise("lm_unavailable", `an answer that is none: ${thrown.message}`, facts, options);
  if (status === 429) return say("lm_rate_limited", NO_MONEY.test(about) ? { retryable: false } : {});
  if (status === 401 || status === 402 || status === 403) return say("lm_auth");
  if (status === 408 || status === 504) return say("lm_timeout");
  if (TOO_LONG.test(about)) return say("context_window_exceeded");
  return say(status >= 500 ? "lm_unavailable" : "lm_rejected");
}

/** An error object in the middle of a stream: `{message, code, type}` or a text. */
function streamedError(thrown: unknown, facts: CallFacts): DspexError {
  const message =
    typeof thrown === "object" && thrown !== null && "message" in thrown
      ? String(thrown.message)
      : String(thrown);
  return raise(TOO_LONG.test(message) ? "context_window_exceeded" : "lm_unavailable", message, facts);
}

function abortReason(signal: AbortSignal): DspexError {
  return signal.reason instanceof DspexError
    ? signal.reason
    : new DspexError("cancelled", "the call was cancelled");
}

/** fetch says no more than "fetch failed" or "terminated" and has the reason as its cause. */
function isConnectionError(thrown: unknown): boolean {
  return thrown instanceof TypeError && thrown.cause instanceof Error;
}

// No cause is kept: the SDK's errors carry prompts and headers, and logs print causes.
function raise(code: ErrorCode, text: string, facts: CallFacts, options: DspexErrorOptions = {}): DspexError {
  return new DspexError(code, `model "${facts.model}": ${clean(text, facts)}`, {
    details: { model: facts.model },
    ...options,
  });
}

function clean(text: string, { secrets }: CallFacts): string {
  const short = redact(text, secrets).replace(/\s+/g, " ").trim();
  return short.length > MAX_MESSAGE_LENGTH ? `${short.slice(0, MAX_MESSAGE_LENGTH)}…` : short;
}
