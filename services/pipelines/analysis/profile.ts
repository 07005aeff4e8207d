// Where the time of requests went, part by part, as their results tell it. Pure.
//
//   log ─▶ queue ─▶ route ─▶ decode ─▶ code, and models under it ─▶ validate ─▶ encode ─▶ log
//   └────────── what none of them measured is transfer: the log, the way between processes ──────┘

import { roundMs } from "../../../schemas/messages/ms.ts";
import type { ResultTimings } from "../../../schemas/messages/result.ts";
import type { TimeProfile } from "../../client/pipelines/answers.ts";

/** What was measured of one request. */
export interface SpanParts
  extends Pick<
    TimeProfile,
    "queueMs" | "failedMs" | "routeMs" | "decodeMs" | "encodeMs" | "validateMs" | "modelMs" | "codeMs"
  > {
  isMeasured: boolean;
}

/** What a span has to have. */
export interface Profiled {
  startMs: number;
  endMs: number;
  workMs: number;
  parts: SpanParts | undefined;
}

const PARTS = [
  "queueMs",
  "failedMs",
  "routeMs",
  "decodeMs",
  "encodeMs",
  "validateMs",
  "modelMs",
  "codeMs",
] as const;

/** `calledMs`: what the last call of a model took, where the result tells no parts. */
export function partsOf(timings: ResultTimings, calledMs = 0): SpanParts {
  const { queueMs, routeMs, runMs, waitMs = 0, failedMs = 0, decodeMs } = timings;
  const { encodeMs = 0, validateMs = 0, modelMs = 0, codeMs = 0 } = timings;
  if (decodeMs !== undefined)
    return {
      isMeasured: true,
      queueMs: waitMs,
      failedMs,
      routeMs,
      decodeMs,
      encodeMs,
      validateMs,
      modelMs,
      codeMs,
    };
  const ofModelMs = Math.min(calledMs, runMs);
  return {
    isMeasured: false,
    // What it waited and its way through the log, which nobody has told apart.
    queueMs: Math.max(queueMs - failedMs, 0),
    failedMs,
    routeMs,
    decodeMs: 0,
    encodeMs: 0,
    validateMs: 0,
    modelMs: ofModelMs,
    codeMs: runMs - ofModelMs,
  };
}

export function profileOf(spans: readonly Profiled[]): TimeProfile {
  const profile: TimeProfile = {
    requests: 0,
    measured: 0,
    queueMs: 0,
    failedMs: 0,
    routeMs: 0,
    decodeMs: 0,
    encodeMs: 0,
    validateMs: 0,
    modelMs: 0,
    codeMs: 0,
    transferMs: 0,
    totalMs: 0,
    runMs: 0,
  };
  for (const { parts, startMs, endMs, workMs } of spans) {
    if (parts === undefined) continue;
    profile.requests++;
    if (parts.isMeasured) profile.measured++;
    for (const part of PARTS) profile[part] += parts[part];
    profile.totalMs += endMs - startMs;
    profile.runMs += workMs;
  }
  const toldMs = PARTS.reduce((sum, part) => sum + profile[part], 0);
  // Of all together: the log's clock has whole milliseconds, one short request alone may end before its parts do.
  profile.transferMs = Math.max(profile.totalMs - toldMs, 0);
  profile.totalMs = Math.max(profile.totalMs, toldMs);
  for (const part of [...PARTS, "transferMs", "totalMs", "runMs"] as const)
    profile[part] = roundMs(profile[part]);
  return profile;
}
