// What stays under the subject of an erased result: that it is gone. Without it the id would be free, and a request
// that is sent again would run again.

import type { Result } from "../../../schemas/messages/result.ts";

/** `sequence` = where the result was. */
export function goneResult(id: string, sequence: number): Result {
  return {
    id,
    status: "failed",
    error: { code: "gone", message: "erased at its user's request", retryable: false },
    program: "",
    attempts: [],
    usage: { inputTokens: 0, outputTokens: 0 },
    timings: { queueMs: 0, routeMs: 0, runMs: 0, totalMs: 0 },
    requestHash: "",
    log: { request: sequence, work: [], failures: [] },
  };
}

/** What an erased result has left. */
export function isErased(result: Partial<Result> | undefined): boolean {
  return result?.error?.code === "gone" && result.program === "" && result.requestHash === "";
}
