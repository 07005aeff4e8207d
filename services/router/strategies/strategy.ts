// How a router picks one of a program's implementations. A strategy is pure: the same question, the same answer.

import type { Decision } from "../../../schemas/messages/parts.ts";
import type { Implementation } from "../../../schemas/messages/program-event.ts";

export interface Question {
  /** In declared order. */
  implementations: readonly Implementation[];
  /** Implementations that cannot run here or that the request excludes. */
  ineligible: ReadonlySet<string>;
}

export interface Answer {
  chosen: Implementation;
  /** What to try after it, best first. */
  next: readonly Implementation[];
  candidates: Decision["candidates"];
}

export interface Strategy {
  /** Goes into each decision as the policy version. */
  readonly version: string;
  /** Undefined when nothing is eligible. */
  choose(question: Question): Answer | undefined;
}
