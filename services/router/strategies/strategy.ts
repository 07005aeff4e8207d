// How a router picks one of a program's implementations: a question, the rules that can answer it, and the answer. Pure:
// the same question, the same answer, on every machine.

import type { Decision, RewardWeights } from "../../../schemas/messages/parts.ts";
import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import type { Implementation } from "../../../schemas/messages/program-event.ts";
import type { ProgramStatistics } from "../../learning/statistics/state.ts";

export interface Question {
  /** In declared order. */
  implementations: readonly Implementation[];
  /** Implementations that cannot take the request, or that the request excludes. */
  ineligible: ReadonlySet<string>;
  /** What is known of the program; undefined = nothing yet. */
  program: ProgramStatistics | undefined;
  /** Keys of the implementations' arms, in the same order. */
  armKeys: readonly string[];
  /** Load bucket of each implementation. */
  loads: ArrayLike<number>;
  /** Kind of task, and length bucket of the inputs. */
  task: string;
  length: number;
  weights: RewardWeights;
  settings: PolicySettings;
  /** With the request's id it decides the draw. */
  seed: number;
  requestId: string;
}

export interface Answer {
  chosen: Implementation;
  /** What to try after it, best first. */
  next: readonly Implementation[];
  candidates: Decision["candidates"];
}

/** Undefined when nothing is eligible. */
export type Strategy = (question: Question) => Answer | undefined;

/** Last resorts are candidates only where there is nothing else. */
export function candidatesOf({ implementations, ineligible }: Question): Implementation[] {
  const eligible = implementations.filter(({ name }) => !ineligible.has(name));
  const usual = eligible.filter(({ lastResort }) => lastResort !== true);
  return usual.length > 0 ? usual : eligible;
}

/** Those that may follow the candidates: last resorts, where there was a choice without them. */
export function resortsOf({ implementations, ineligible }: Question, tried: readonly Implementation[]) {
  return implementations.filter((one) => !ineligible.has(one.name) && !tried.includes(one));
}
