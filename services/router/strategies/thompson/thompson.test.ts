import assert from "node:assert/strict";
import { test } from "node:test";
import type { Implementation } from "../../../../schemas/messages/program-event.ts";
import { BALANCED, weightsFor } from "../../../learning/posterior/reward.ts";
import { evolve } from "../../../learning/statistics/evolve.ts";
import { initialState, type LearningState } from "../../../learning/statistics/state.ts";
import type { Question } from "../strategy.ts";
import { chooseByThompson } from "./thompson.ts";

const NAMES = ["quick", "good", "cheap"];
const implementations: Implementation[] = NAMES.map((name) => ({ kind: "structured", name }));
const armKeys = NAMES.map((name) => `${name}@1`);

/** Quick is fast and poor, good is slow and good, cheap costs nothing. */
function learnedState(): LearningState {
  const state = initialState();
  const arms = NAMES.map((name) => ({ key: `${name}@1`, name, family: "" }));
  evolve(state, { kind: "arms-declared", sequence: 1, program: "p", arms });
  const outcomes = {
    quick: { success: true, inTime: 0.95, thrift: 0.5, quality: 0.5 },
    good: { success: true, inTime: 0.4, thrift: 0.4, quality: 0.95 },
    cheap: { success: true, inTime: 0.4, thrift: 1, quality: 0.5 },
  };
  for (let round = 0; round < 60; round++) {
    for (const [name, outcome] of Object.entries(outcomes)) {
      const place = { program: "p", arm: `${name}@1`, task: "task", length: 0, load: 0 };
      evolve(state, { kind: "outcome", sequence: 2 + round, place, outcome });
    }
  }
  return state;
}

const state = learnedState();

function asked(more: Partial<Question> = {}): Question {
  return {
    implementations,
    ineligible: new Set(),
    program: state.programs.get("p"),
    armKeys,
    loads: [0, 0, 0],
    task: "task",
    length: 0,
    weights: BALANCED,
    settings: { name: "standard", rule: "thompson", temper: 0.5, floor: 0.05 },
    seed: 1,
    requestId: "local.c.1",
    ...more,
  };
}

test("a preference - decides which is best", () => {
  for (const [prefer, best] of [
    ["speed", "quick"],
    ["quality", "good"],
    ["cost", "cheap"],
  ] as const) {
    const { candidates = [] } = chooseByThompson(asked({ weights: weightsFor(prefer) })) ?? {};
    const likeliest = candidates.toSorted((a, b) => b.probability - a.probability)[0];
    assert.equal(likeliest?.implementation, best, prefer);
  }
});

test("settings - make another policy on the same statistics", () => {
  const settings = { name: "calm", rule: "thompson", temper: 0.01, floor: 0.3 } as const;
  const { candidates = [] } = chooseByThompson(asked({ weights: weightsFor("quality"), settings })) ?? {};
  const found = candidates.map(({ probability }) => probability);
  for (const [at, expected] of [0.1, 0.8, 0.1].entries()) {
    assert.ok(Math.abs((found[at] as number) - expected) < 1e-9, `${found}`);
  }
});

test("the same question - has the same answer", () => {
  assert.deepEqual(chooseByThompson(asked()), chooseByThompson(asked()));
});

test("many requests - are spread as the probabilities say", () => {
  const chosen = new Map<string, number>();
  const count = 4_000;
  let probabilities = new Map<string, number>();
  for (let n = 0; n < count; n++) {
    const answer = chooseByThompson(asked({ requestId: `local.c.${n}` }));
    const name = answer?.chosen.name ?? "";
    chosen.set(name, (chosen.get(name) ?? 0) + 1);
    probabilities = new Map(answer?.candidates.map((one) => [one.implementation, one.probability]));
  }
  for (const [name, p] of probabilities) {
    const deviation = Math.sqrt(count * p * (1 - p));
    assert.ok(
      Math.abs((chosen.get(name) ?? 0) - count * p) < 4 * deviation + 1,
      `${name}: ${chosen.get(name)} of ${count * p}`,
    );
  }
});

test("what cannot run - is no candidate, and the others share its chance", () => {
  const { candidates = [], next } = chooseByThompson(asked({ ineligible: new Set(["good"]) })) ?? {};
  const [quick, good, cheap] = candidates;
  assert.deepEqual(good, { implementation: "good", score: 0, probability: 0, eligible: false });
  assert.ok(Math.abs((quick?.probability ?? 0) + (cheap?.probability ?? 0) - 1) < 1e-12);
  assert.equal(next?.length, 1);
});

test("a last resort - is chosen only where nothing else can run, and comes last", () => {
  const resort = implementations.map((one) => (one.name === "good" ? { ...one, lastResort: true } : one));
  const answer = chooseByThompson(asked({ implementations: resort }));
  assert.equal(answer?.candidates[1]?.eligible, false);
  assert.equal(answer?.next.at(-1)?.name, "good");
  const alone = chooseByThompson(asked({ implementations: resort, ineligible: new Set(["quick", "cheap"]) }));
  assert.equal(alone?.chosen.name, "good");
  assert.equal(alone?.candidates[1]?.probability, 1);
});

test("the plan - goes on with the best of the others", () => {
  const answer = chooseByThompson(asked({ weights: weightsFor("quality") }));
  assert.equal(answer?.chosen.name, "good");
  const scores = answer?.next.map(
    ({ name }) => answer.candidates.find((c) => c.implementation === name)?.score ?? 0,
  );
  assert.deepEqual(
    scores,
    scores?.toSorted((a, b) => b - a),
  );
});

test("nothing eligible - is no answer; of nothing known all are alike", () => {
  assert.equal(chooseByThompson(asked({ ineligible: new Set(NAMES) })), undefined);
  const answer = chooseByThompson(asked({ program: undefined, task: "never seen" }));
  for (const { probability } of answer?.candidates ?? []) assert.ok(Math.abs(probability - 1 / 3) < 1e-9);
});
