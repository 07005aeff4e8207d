// Chooses an implementation by what has been learned of it: tempered Thompson sampling with computed probabilities.
// What comes after the chosen one is ordered by expected reward; last resorts stay last.

import type { Implementation } from "../../../../schemas/messages/program-event.ts";
import { MAX_CANDIDATES } from "../../../learning/posterior/best-arm.ts";
import { armProbabilities, pick, probabilities, rewards } from "../../../learning/posterior/policy.ts";
import { type ArmStatistics, kindIndex, newArm, newProgram } from "../../../learning/statistics/state.ts";
import { type Answer, type Question, resortsOf } from "../strategy.ts";
import { uniform } from "./draw.ts";

const UNKNOWN_PROGRAM = newProgram();
const UNKNOWN_ARM = newArm("", "", "", 0);

const arms: ArmStatistics[] = [];
const loads = new Uint8Array(MAX_CANDIDATES);
/** Position of each candidate among the implementations. */
const positions = new Uint8Array(MAX_CANDIDATES);

export function chooseByThompson(question: Question): Answer | undefined {
  const { implementations } = question;
  let count = collect(question, false);
  // Last resorts are candidates only where there is nothing else.
  if (count === 0) count = collect(question, true);
  if (count === 0) return undefined;
  const program = question.program ?? UNKNOWN_PROGRAM;
  armProbabilities(
    program,
    arms,
    count,
    kindIndex(program, question.task),
    question.length,
    loads,
    question.weights,
    question.settings,
  );
  const chosen = pick(count, uniform(question.seed, question.requestId));
  const order = byReward(count, chosen);
  const candidates: Answer["candidates"] = implementations.map(({ name }) => ({
    implementation: name,
    score: 0,
    probability: 0,
    eligible: false,
  }));
  for (let k = 0; k < count; k++) {
    const candidate = candidates[positions[k] as number] as Answer["candidates"][number];
    candidate.score = rewards[k] as number;
    candidate.probability = probabilities[k] as number;
    candidate.eligible = true;
  }
  const tried = order.map((k) => implementations[positions[k] as number] as Implementation);
  const [first, ...next] = [...tried, ...resortsOf(question, tried)];
  return first === undefined ? undefined : { chosen: first, next, candidates };
}

/** Gathers what may be chosen into `arms`, `loads` and `positions`. */
function collect(question: Question, lastResorts: boolean): number {
  let count = 0;
  for (let at = 0; at < question.implementations.length && count < MAX_CANDIDATES; at++) {
    const { name, lastResort } = question.implementations[at] as Implementation;
    if ((lastResort === true) !== lastResorts || question.ineligible.has(name)) continue;
    const known = question.program?.arms.get(question.armKeys[at] as string);
    arms[count] = known ?? UNKNOWN_ARM;
    loads[count] = question.loads[at] as number;
    positions[count] = at;
    count++;
  }
  return count;
}

/** The chosen candidate, then the others, the best first. */
function byReward(count: number, chosen: number): number[] {
  const order: number[] = [];
  for (let k = 0; k < count; k++) order.push(k);
  const key = (k: number) => (k === chosen ? Number.POSITIVE_INFINITY : (rewards[k] as number));
  return order.sort((a, b) => key(b) - key(a) || a - b);
}
