// A fold that begins at a snapshot arrives at the state of one that begins at the log's beginning, wherever the snapshot
// was taken and whatever the log holds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson, stringifyJson } from "../../../schemas/envelope/json.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { LearningLog } from "../../../tests/kit/learning-log.ts";
import { applyMessage } from "./apply.ts";
import { decideNext } from "./decide.ts";
import { type LearnerJson, stateFromJson, stateToJson } from "./json.ts";
import { initialState, type LearnerState } from "./state.ts";

const PROGRAMS = ["p", "q", "r"];
const ARMS = ["a", "b", "c"];
const STANDARD = initialState().policy.settings;
const BOLD = { name: "bold", rule: "thompson", temper: 1.5, floor: 0.1 } as const;

const ended = fc.record({
  program: fc.constantFrom(...PROGRAMS),
  implementation: fc.constantFrom(...ARMS),
  task: fc.constantFrom("label/low/english", "text/high/other"),
  length: fc.nat({ max: 3 }),
  latencyMs: fc.double({ min: 0.01, max: 1e5, noNaN: true }),
  probabilities: fc.constantFrom([0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [1, 0, 0]),
  hash: fc.constantFrom("h1", "h2", "h3"),
});

type Step = (log: LearningLog) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: ended.map(
      (one): Step =>
        (log) =>
          log.succeed(one),
    ),
  },
  {
    weight: 5,
    arbitrary: ended.map(
      (one): Step =>
        (log) =>
          log.fail(one),
    ),
  },
  {
    weight: 2,
    arbitrary: ended.map(
      (one): Step =>
        (log) =>
          log.giveUp(one),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(ended, fc.double({ min: 0, max: 1, noNaN: true })).map(
      ([one, score]): Step =>
        (log) =>
          log.score(one, score),
    ),
  },
  {
    weight: 2,
    arbitrary: ended.map(
      (one): Step =>
        (log) =>
          log.succeed({ ...one, labelScores: { yes: -one.latencyMs, no: -1 } }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.nat({ max: 40_000_000 }).map(
      (ms): Step =>
        (log) =>
          log.wait(ms % 7 === 0 ? ms : ms % 700),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...PROGRAMS).map(
      (name): Step =>
        (log) =>
          log.register(name, ARMS, { description: `${log.sequence % 3}` }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...PROGRAMS).map(
      (name): Step =>
        (log) =>
          log.remove(name),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ program: fc.constantFrom(...PROGRAMS), frozen: fc.boolean() }).map(
      (data): Step =>
        (log) =>
          log.policy("frozen", { ...data, by: "anna" }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("promoted" as const, "rolled-back" as const).map(
      (verb): Step =>
        (log) => {
          const [from, to] = verb === "promoted" ? [STANDARD, BOLD] : [BOLD, STANDARD];
          log.policy(verb, { from, to, by: "anna", coveredSequence: log.sequence });
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ data: 7 }, {}, { data: { id: "x" } }).map(
      (event): Step =>
        (log) =>
          log.raw("dspex.event.attempt.failed", event),
    ),
  },
);

/** The log that comes of it where the service runs, and writes each so many messages. */
function logOf(steps: readonly Step[], every: number): LearningLog {
  const log = new LearningLog();
  for (const name of PROGRAMS) log.register(name, ARMS);
  const state = initialState();
  let folded = 0;
  for (const [at, one] of steps.entries()) {
    one(log);
    if (at % every !== 0) continue;
    fold(state, log, folded);
    const next = decideNext(state);
    if (next !== undefined) log.policy(next.verb, next.data);
    folded = state.sequence;
  }
  return log;
}

function fold(state: LearnerState, log: LearningLog, from: number, to = log.sequence): LearnerState {
  for (const message of log.messages.slice(from, to)) applyMessage(state, message);
  return state;
}

const text = (state: LearnerState) => stringifyJson(stateToJson(state));

test("any log - comes to the same state from any snapshot", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 200 }),
      fc.integer({ min: 1, max: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (steps, every, part) => {
        const log = logOf(steps, every);
        const whole = text(fold(initialState(), log, 0));
        const at = Math.floor(part * log.sequence);
        const before = text(fold(initialState(), log, 0, at));
        const restored = stateFromJson(parseJson(before) as LearnerJson);
        assert.equal(text(restored), before);
        assert.equal(text(fold(restored, log, at)), whole);
      },
    ),
    { numRuns: 60 },
  );
});

test("any log - what it says of versions is what whoever folds it up to there would write", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 40, maxLength: 120 }),
      fc.integer({ min: 1, max: 9 }),
      (steps, every) => {
        const log = logOf(steps, every);
        for (const { subject, event } of log.messages) {
          if (!subject.endsWith("policy.updated")) continue;
          const { data } = event as { data: { version: number; coveredSequence: number } };
          const { pending } = fold(initialState(), log, 0, data.coveredSequence).journal;
          assert.deepEqual(pending, data);
        }
      },
    ),
    { numRuns: 25 },
  );
});
