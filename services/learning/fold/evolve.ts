// state + event → state, for the learning service. One case an event. Changes the state in place.

import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import { type Decision, placeSchema } from "../../../schemas/messages/parts.ts";
import type { PolicyDrift } from "../../../schemas/messages/policy-event.ts";
import type { ProgramFeedback } from "../../../schemas/messages/program-event.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { observeLabels } from "../calibrations/calibrations.ts";
import { changeChampion, observeTrial, restartContest } from "../contest/observe.ts";
import { trialOf } from "../contest/trial.ts";
import { cellKey, fadeFigures, forgetFigures, observeFigures } from "../figures/figures.ts";
import { forgetHistory, observeHistory } from "../history/windows.ts";
import { type DecisionFeatures, overtakenBy } from "../outcomes/features.ts";
import { outcomeOfFailure, outcomeOfResult, qualityOfFeedback } from "../outcomes/from-messages.ts";
import { rememberChange } from "../patterns/changes.ts";
import { observeEnd } from "../patterns/failing-inputs.ts";
import { forgetHours, observeHour } from "../patterns/hours.ts";
import type { PolicyEvent } from "../policy/event.ts";
import { evolvePolicy } from "../policy/evolve.ts";
import { isFrozen } from "../policy/state.ts";
import { weightsFor } from "../posterior/reward.ts";
import { armsOf } from "../statistics/arms.ts";
import type { LearningEvent } from "../statistics/event.ts";
import { evolve as evolveLearning } from "../statistics/evolve.ts";
import { newProgram } from "../statistics/state.ts";
import type { LearnerEvent } from "./event.ts";
import { countOutcome, markDirty, rememberDrift, rememberPolicyEvent } from "./journal.ts";
import { knownProgram, loadOf } from "./known-program.ts";
import { recent } from "./recent.ts";
import { LEARNER_BOUNDS, type LearnerState } from "./state.ts";
import { policyContent } from "./strategies.ts";

export function evolve(state: LearnerState, event: LearnerEvent): LearnerState {
  state.sequence = event.sequence;
  state.timeMs = Math.max(state.timeMs, event.timeMs);
  switch (event.kind) {
    case "program-registered": {
      const { name } = event.definition;
      state.programs.delete(name);
      recent(state.programs, name, LEARNER_BOUNDS.statistics.programs, () => knownProgram(event.definition));
      const arms = armsOf(event.definition);
      evolveLearning(state.learning, {
        kind: "arms-declared",
        sequence: event.sequence,
        program: name,
        arms,
      });
      return state;
    }
    case "program-removed":
      removed(state, event.program, event.sequence);
      return state;
    case "result":
      resultStored(state, event.result);
      return state;
    case "attempt-failed":
      attemptFailed(state, event.failed);
      return state;
    case "feedback":
      judged(state, event.feedback);
      return state;
    case "policy":
      policyChanged(state, event.policy);
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

function removed(state: LearnerState, program: string, sequence: number): void {
  state.programs.delete(program);
  evolveLearning(state.learning, { kind: "program-removed", sequence, program });
  forgetFigures(state.figures, program);
  forgetHistory(state.history, program);
  forgetHours(state.hours, program);
  state.changes.delete(program);
  state.failing.delete(program);
  state.calibrations.delete(program);
  state.journal.dirty.delete(program);
}

function resultStored(state: LearnerState, result: Result): void {
  const { program, status, attempts, decision } = result;
  observeEnd(state.failing, program, {
    sequence: state.sequence,
    timeMs: state.timeMs,
    hash: result.requestHash,
    shape: shapeOf(decision),
    code: firstFailure(result),
  });
  const last = attempts.at(-1);
  if (status === "succeeded" && last !== undefined && last.error === undefined) {
    const { implementation, durationMs: latencyMs, usage = NO_USAGE } = last;
    const { timeMs } = state;
    observeHistory(state.history, program, implementation, timeMs, { kind: "succeeded", latencyMs, usage });
    observeHour(state.hours, program, implementation, timeMs, latencyMs);
  }
  // Answered from outside, such as at its deadline: no failure of an attempt tells of it.
  if (status === "failed" && attempts.length === 0 && decision !== undefined && result.error !== undefined) {
    const failed = { kind: "failed", code: result.error.code, usage: undefined } as const;
    observeHistory(state.history, program, decision.chosen, state.timeMs, failed);
    observeHour(state.hours, program, decision.chosen, state.timeMs, undefined);
  }
  const place = placeOf(decision);
  if (place !== undefined && status === "succeeded" && !isFrozen(state.policy, program)) {
    if (last !== undefined) {
      const { durationMs: latencyMs, usage = NO_USAGE } = last;
      observeFigures(state.figures, program, cellKey(place.arm, place.task), { latencyMs, usage });
    }
    if (result.labelScores !== undefined) {
      observeLabels(state.calibrations, program, place.arm, result.labelScores);
    }
    if (state.programs.has(program)) markDirty(state.journal, program, state.sequence);
  }
  overtook(state, result);
  learn(state, outcomeOfResult(result, state.sequence), decision);
}

/** A hedge that won: the attempt beside it took longer than both together. */
function overtook(state: LearnerState, { program, status, attempts, decision }: Result): void {
  const last = attempts.at(-1);
  const overtaken = decision && overtakenBy(decision.features);
  if (overtaken === undefined || last === undefined || status !== "succeeded") return;
  if (isFrozen(state.policy, program)) return;
  const { place, afterMs } = overtaken;
  const latencyMs = afterMs + last.durationMs;
  observeFigures(state.figures, program, cellKey(place.arm, place.task), { latencyMs, usage: NO_USAGE });
}

const NO_USAGE = { inputTokens: 0, outputTokens: 0 } as const;

function attemptFailed(state: LearnerState, failed: AttemptFailed): void {
  const { decision, implementation, error, usage } = failed;
  const program = decision?.features.program;
  if (typeof program === "string") {
    const observation = { kind: "failed", code: error.code, usage } as const;
    observeHistory(state.history, program, implementation, state.timeMs, observation);
    observeHour(state.hours, program, implementation, state.timeMs, undefined);
  }
  learn(state, outcomeOfFailure(failed, state.sequence), decision);
}

function judged(state: LearnerState, feedback: ProgramFeedback): void {
  const { program, implementation, score } = feedback;
  if (program !== undefined && implementation !== undefined) {
    observeHistory(state.history, program, implementation, state.timeMs, { kind: "scored", score });
  }
  learn(state, qualityOfFeedback(feedback, state.sequence), undefined);
}

/** Into the statistics, and all that follows from them. While frozen nothing is learned. */
function learn(
  state: LearnerState,
  learned: LearningEvent | undefined,
  decision: Decision | undefined,
): void {
  if (learned === undefined || !("place" in learned)) return;
  const { program, arm } = learned.place;
  if (isFrozen(state.policy, program)) return;
  if (learned.kind === "outcome" && decision !== undefined) compete(state, learned, decision);
  evolveLearning(state.learning, learned);
  noticeChanges(state, program, arm);
  if (state.programs.has(program)) markDirty(state.journal, program, state.sequence);
  if (countOutcome(state.journal, state.timeMs)) state.journal.pending = policyContent(state);
}

/** Before the statistics know of it. What was decided under former settings says nothing of those in force. */
function compete(
  state: LearnerState,
  { place, outcome, sequence }: Extract<LearningEvent, { kind: "outcome" }>,
  decision: Decision,
): void {
  const { policy, contest } = state;
  if (decision.stateSequence < policy.settingsSequence) return;
  const known = state.programs.get(place.program);
  const { prefer } = decision.features as unknown as DecisionFeatures;
  const trial = trialOf(state.learning.programs.get(place.program) ?? newProgram(), {
    sequence,
    decision,
    place,
    outcome,
    weights: prefer === undefined && known !== undefined ? known.weights : weightsFor(prefer),
    facts: (name) => {
      const one = known?.arms.find((candidate) => candidate.name === name);
      return one === undefined ? undefined : { key: one.key, load: loadOf(one, decision.inFlight) };
    },
  });
  if (trial !== undefined) observeTrial(contest, trial, policy.settings, policy.former.at(-1));
}

/** The outcome of just now may have shown that its arm is not what it was, in one way or in both. */
function noticeChanges(state: LearnerState, program: string, arm: string): void {
  const restarts = state.learning.programs.get(program)?.restarts ?? [];
  const fresh = restarts.slice(-2).filter(({ sequence }) => sequence === state.sequence);
  for (const one of fresh) {
    const drift: PolicyDrift = { program, ...one };
    rememberDrift(state.journal, drift);
    rememberChange(state.changes, { ...drift, timeMs: state.timeMs });
  }
  if (fresh.length === 0) return;
  fadeFigures(state.figures, program, arm);
  restartContest(state.contest);
}

function policyChanged(state: LearnerState, event: PolicyEvent): void {
  evolvePolicy(state.policy, event);
  rememberPolicyEvent(state.journal, event, state.policy.version, state.timeMs);
  if (event.kind === "policy-promoted" || event.kind === "policy-rolled-back") {
    const { from, to, evidence: promised } = event.change;
    const verb = event.kind === "policy-promoted" ? "promoted" : "rolled-back";
    const former = state.policy.former.at(-1);
    changeChampion(state.contest, { verb, from, to, former, promised });
  }
  if (event.kind === "policy-frozen" && state.policy.frozen.all) state.contest.verdict = undefined;
}

/** Kind of task and length, where the decision tells them. */
function shapeOf(decision: Decision | undefined): string | undefined {
  const place = placeOf(decision);
  return place === undefined ? undefined : `${place.task}/${place.length}`;
}

function placeOf(decision: Decision | undefined): DecisionFeatures["place"] | undefined {
  const parsed = placeSchema.safeParse(decision?.features.place);
  return parsed.success ? parsed.data : undefined;
}

function firstFailure({ status, attempts, error }: Result): string | undefined {
  if (status === "cancelled") return undefined;
  return attempts.find((one) => one.error !== undefined)?.error?.code ?? error?.code;
}
