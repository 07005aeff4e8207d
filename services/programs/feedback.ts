// A judgement of a result → what is recorded of it: the decision that it belongs to, and which judgement it is. Pure.

import { hash } from "node:crypto";
import { canonicalJson } from "../../schemas/envelope/json.ts";
import type { Feedback } from "../../schemas/messages/feedback.ts";
import type { ProgramFeedback } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { freeFeatures } from "../learning/outcomes/features.ts";
import { drawOf } from "./versions/canary/outcome.ts";

const JUDGEMENT_DIGITS = 32;

/** Joined to the decision that it judges, where chance has taken that one and it succeeded: then it is learned from. */
export function programFeedback(
  feedback: Feedback,
  result: Result,
  user: string,
  resultSequence: number,
): ProgramFeedback {
  const { program, version, implementation, status, decision } = result;
  const features =
    status === "succeeded" && decision !== undefined ? freeFeatures(decision.features) : undefined;
  const draw = features && drawOf(decision?.features ?? {});
  return {
    ...feedback,
    user,
    program,
    ...(version !== undefined && { version }),
    ...(implementation !== undefined && { implementation }),
    ...(features !== undefined && { place: features.place }),
    ...(features !== undefined && result.validation?.quality !== undefined && { replaces: resultSequence }),
    ...(draw !== undefined && { canary: { version: draw.version, taken: draw.taken } }),
  };
}

/**
 * The same judgement again has the same: of the same result, by the same metric, under the same key. A chosen id that is
 * used anew once its result has aged out of the log is another result.
 */
export function judgementOf({ metric, key }: Feedback, resultSequence: number): string {
  const content = canonicalJson([resultSequence, metric ?? null, key ?? null]);
  return hash("sha256", content, "hex").slice(0, JUDGEMENT_DIGITS);
}
