import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import { armProbabilities, probabilities, rewards } from "../posterior/policy.ts";
import { BALANCED } from "../posterior/reward.ts";
import { COUNT, QUALITY, SCORED } from "./cell.ts";
import { KEEPS_TIME, SATISFIES, SAVES, SUCCEEDS } from "./channel.ts";
import type { DeclaredArm, LearningEvent, OutcomePlace } from "./event.ts";
import { evolve } from "./evolve.ts";
import { stateFromJson, stateToJson } from "./json.ts";
import {
  type ArmStatistics,
  initialState,
  kindIndex,
  LEARNING_BOUNDS,
  type LearningState,
  type ProgramStatistics,
} from "./state.ts";

let sequence = 0;

function given(...events: LearningEvent[]): LearningState {
  return events.reduce(evolve, initialState());
}

function declared(program: string, ...names: string[]): LearningEvent {
  return { kind: "arms-declared", sequence: ++sequence, program, arms: names.map(armNamed) };
}

/** `quick@2/family` is the second declaration of `quick`. */
function armNamed(text: string): DeclaredArm {
  const [key = "", family = ""] = text.split("/");
  return { key, name: key.split("@")[0] as string, family };
}

function at(program: string, arm: string, task = "task", length = 0): OutcomePlace {
  return { program, arm, task, length, load: 0 };
}

function outcome(place: OutcomePlace, success: boolean, quality?: number): LearningEvent {
  const seen = { success, inTime: 0.5, thrift: 0.5, ...(quality !== undefined && { quality }) };
  return { kind: "outcome", sequence: ++sequence, place, outcome: seen };
}

function times(count: number, event: LearningEvent): LearningEvent[] {
  return new Array<LearningEvent>(count).fill(event);
}

function programIn(state: LearningState, name = "p"): ProgramStatistics {
  return state.programs.get(name) as ProgramStatistics;
}

function armIn(state: LearningState, key: string, program = "p"): ArmStatistics {
  return programIn(state, program).arms.get(key) as ArmStatistics;
}

/** Probability of each arm, in declared order. */
function chances(state: LearningState, task = "task", program = "p"): number[] {
  const statistics = programIn(state, program);
  const arms = [...statistics.arms.values()];
  armProbabilities(
    statistics,
    arms,
    arms.length,
    kindIndex(statistics, task),
    0,
    new Uint8Array(64),
    BALANCED,
  );
  return [...probabilities.subarray(0, arms.length)];
}

test("cold start - the first declared is the likeliest, and the floor is everybody's", () => {
  const found = chances(given(declared("p", "a@1", "b@1", "c@1")));
  assert.deepEqual(
    found,
    found.toSorted((x, y) => y - x),
  );
  assert.ok(found.every((p) => p >= 0.05 / 3));
  assert.ok(Math.abs(found.reduce((x, y) => x + y, 0) - 1) < 1e-12);
});

test("outcomes - what succeeds is chosen, what fails is not", () => {
  const state = given(
    declared("p", "a@1", "b@1"),
    ...times(20, outcome(at("p", "a@1"), false)),
    ...times(20, outcome(at("p", "b@1"), true)),
  );
  assert.ok((chances(state)[1] as number) > 0.95);
});

test("quality - decides among what succeeds alike, and a late score counts", () => {
  const state = given(
    declared("p", "a@1", "b@1"),
    ...times(30, outcome(at("p", "a@1"), true, 0.9)),
    ...times(30, outcome(at("p", "b@1"), true, 0.5)),
  );
  assert.ok((chances(state)[0] as number) > 0.9);
  const score: LearningEvent = { kind: "quality", sequence: ++sequence, place: at("p", "b@1"), score: 1 };
  const later = times(200, score).reduce(evolve, state);
  assert.ok((chances(later)[1] as number) > 0.5);
});

test("failures without scores - say nothing about quality", () => {
  const state = given(declared("p", "a@1"), ...times(10, outcome(at("p", "a@1"), false, 0.1)));
  assert.equal(armIn(state, "a@1").whole.values[SCORED], 0);
});

test("kinds of task - have winners of their own", () => {
  const events = [declared("p", "a@1", "b@1")];
  for (let round = 0; round < 60; round++) {
    events.push(outcome(at("p", "a@1", "x"), true), outcome(at("p", "b@1", "x"), round % 4 === 0));
    events.push(outcome(at("p", "a@1", "y"), round % 4 === 0), outcome(at("p", "b@1", "y"), true));
  }
  const state = given(...events);
  assert.ok((chances(state, "x")[0] as number) > 0.9);
  assert.ok((chances(state, "y")[1] as number) > 0.9);
});

test("a burst of failures - counts at the next decision, and restarts the arm with its evidence", () => {
  const before = given(
    declared("p", "a@1", "b@1"),
    ...times(100, outcome(at("p", "b@1"), true, 0.6)),
    ...times(200, outcome(at("p", "a@1"), true, 0.9)),
  );
  assert.ok((chances(before)[0] as number) > 0.9);
  const first = chances(evolve(before, outcome(at("p", "a@1"), false)))[0] as number;
  const burst = times(9, outcome(at("p", "a@1"), false)).reduce(evolve, before);
  assert.ok((chances(burst)[0] as number) < 0.2);
  assert.ok(first > (chances(burst)[0] as number));
  const [restart] = programIn(burst).restarts;
  assert.equal(restart?.direction, "worse");
  assert.equal(restart?.arm, "a@1");
  assert.ok((restart?.evidence ?? 0) > 12);
  assert.ok((restart?.before ?? 0) > 0.7 && restart?.after === 0);
  assert.ok((armIn(burst, "a@1").whole.values[COUNT] as number) < 11);
});

test("a drop of quality - restarts the quality alone", () => {
  const state = given(
    declared("p", "a@1"),
    ...times(50, outcome(at("p", "a@1"), true, 0.9)),
    ...times(20, outcome(at("p", "a@1"), true, 0.2)),
  );
  const [restart] = programIn(state).restarts;
  assert.equal(restart?.channel, "quality");
  assert.equal(restart?.direction, "worse");
  const { values } = armIn(state, "a@1").whole;
  assert.ok((values[COUNT] as number) > 60);
  assert.ok((values[QUALITY] as number) / (values[SCORED] as number) < 0.3);
});

test("a new declaration - starts at the mean of the old one, with the weight of five", () => {
  const state = given(
    declared("p", "a@1", "b@1"),
    ...times(100, outcome(at("p", "a@1"), true, 0.9)),
    declared("p", "a@2", "b@1"),
  );
  const { values } = armIn(state, "a@2").whole;
  assert.ok(Math.abs((values[COUNT] as number) - 5) < 1e-9);
  assert.ok(Math.abs((values[QUALITY] as number) / (values[SCORED] as number) - 0.9) < 1e-9);
});

test("a new program - knows what its families have achieved elsewhere", () => {
  const events = [declared("p", "a@1/strong", "b@1/weak")];
  for (let round = 0; round < 100; round++) {
    events.push(outcome(at("p", "a@1"), true), outcome(at("p", "b@1"), round % 2 === 0));
  }
  const state = given(...events, declared("q", "weak@1/weak", "strong@1/strong", "new@1"));
  assert.ok((armIn(state, "strong@1", "q").offset[SUCCEEDS] as number) > 0.1);
  const [weak = 0, strong = 0] = chances(state, "task", "q");
  assert.ok(strong > 2 * weak, `${strong} and ${weak}`);
});

test("an unknown arm - of a registration before the head of the log is learned all the same", () => {
  const state = given(outcome(at("p", "a@1"), true));
  assert.equal(armIn(state, "a@1").whole.values[COUNT], 1);
});

test("a removed program - is forgotten", () => {
  const state = given(outcome(at("p", "a@1"), true), { kind: "program-removed", sequence: 9, program: "p" });
  assert.equal(state.programs.size, 0);
  assert.equal(state.entries, 0);
  assert.equal(state.sequence, 9);
});

test("the state - is bounded in programs, arms, kinds and families", () => {
  const state = initialState();
  for (let n = 0; n < LEARNING_BOUNDS.programs + 50; n++) {
    evolve(state, declared(`p${n}`, `a@1/f${n}`));
    evolve(state, outcome(at(`p${n}`, "a@1", `task-${n}`), true));
  }
  assert.equal(state.programs.size, LEARNING_BOUNDS.programs);
  assert.equal(state.families.size, LEARNING_BOUNDS.families);
  assert.equal(state.entries, 2 * LEARNING_BOUNDS.programs);
  for (let n = 0; n < 200; n++) {
    evolve(state, outcome(at("p1000", "a@1", `task-${n}`), true));
    evolve(state, declared("p1001", `a@${n}`));
  }
  assert.equal(programIn(state, "p1000").kinds.size, LEARNING_BOUNDS.kinds);
  assert.equal(programIn(state, "p1001").arms.size, LEARNING_BOUNDS.arms);
});

test("the state - is bounded in arms and kinds of all programs together, at the cost of those not used", () => {
  const state = initialState();
  const names = Array.from({ length: 64 }, (_, n) => `a${n}@1`);
  for (let n = 0; n < 1_000; n++) evolve(state, declared(`p${n}`, ...names));
  assert.ok(state.entries <= LEARNING_BOUNDS.entries);
  assert.equal(state.programs.has("p0"), false);
  assert.equal(state.programs.has("p999"), true);
});

const places = fc.record({
  program: fc.constantFrom("p", "q"),
  arm: fc.constantFrom("a@1", "b@1", "c@1"),
  task: fc.constantFrom("x", "y", "z"),
  length: fc.nat({ max: 3 }),
  load: fc.nat({ max: 3 }),
});
const unit = fc.double({ min: 0, max: 1, noNaN: true });
const events = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(places, fc.boolean(), unit, unit).map(
        ([place, success, inTime, quality]): LearningEvent => ({
          kind: "outcome",
          sequence: 1,
          place,
          outcome: { success, inTime, thrift: 0.5, quality },
        }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(places, unit)
        .map(([place, score]): LearningEvent => ({ kind: "quality", sequence: 1, place, score })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(declared("p", "a@1/f", "b@1/g"), declared("q", "c@1/f", "a@2/g")),
    },
  ),
  { maxLength: 120 },
);

test("any history - a snapshot anywhere leads to the same bits", () => {
  fc.assert(
    fc.property(events, fc.nat(), (history, cut) => {
      const whole = history.reduce(evolve, initialState());
      const middle = history.length === 0 ? 0 : cut % history.length;
      const half = history.slice(0, middle).reduce(evolve, initialState());
      const resumed = history
        .slice(middle)
        .reduce(evolve, stateFromJson(JSON.parse(JSON.stringify(stateToJson(half)))));
      assert.equal(JSON.stringify(stateToJson(resumed)), JSON.stringify(stateToJson(whole)));
      assert.equal(resumed.entries, whole.entries);
    }),
    { numRuns: 50 },
  );
});

test("any history - probabilities are exact shares, rewards are finite, sums are within their counts", () => {
  fc.assert(
    fc.property(events, (history) => {
      const state = history.reduce(evolve, initialState());
      for (const [name, program] of state.programs) {
        const found = chances(state, "x", name);
        assert.ok(Math.abs(found.reduce((a, b) => a + b, 0) - 1) < 1e-9);
        assert.ok(found.every((p) => p >= (0.05 / found.length) * (1 - 1e-12)));
        assert.ok(rewards.subarray(0, found.length).every((reward) => reward > -0.2 && reward < 1.2));
        for (const { whole } of program.arms.values()) {
          assert.ok((whole.values[QUALITY] as number) <= (whole.values[SCORED] as number) + 1e-9);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("a function - is believed to be quick and to cost nothing until it was tried", () => {
  const arms = [armNamed("call"), { ...armNamed("words"), isFunction: true }];
  const state = given({ kind: "arms-declared", sequence: ++sequence, program: "p", arms });
  const [call, words] = [...programIn(state).arms.values()] as [ArmStatistics, ArmStatistics];
  for (const channel of [KEEPS_TIME, SAVES])
    assert.ok((words.offset[channel] as number) > (call.offset[channel] as number) + 0.1);
  assert.equal(words.offset[SATISFIES], call.offset[SATISFIES]);
});

test("feedback on a validated answer - counts in place of what its validators said, however late", () => {
  const begun = [declared("p", "a@1", "b@1"), outcome(at("p", "a@1"), true, 0.5)];
  const first = outcome(at("p", "a@1"), true, 1);
  const later = times(40, outcome(at("p", "b@1"), true));
  const start = [...begun, first, ...later];
  const score = { kind: "quality", sequence: ++sequence, place: at("p", "a@1"), score: 0.25 } as const;
  const replaced = given(...start, { ...score, replaces: first.sequence });
  const beside = given(...start, score);
  const never = given(
    ...start.map((event) => (event === first ? outcome(at("p", "a@1"), true) : event)),
    score,
  );
  for (const sums of [
    (state: LearningState) => armIn(state, "a@1").whole.values,
    (state: LearningState) => armIn(state, "a@1").kinds[0]?.values ?? [],
  ]) {
    const close = (cell: number) =>
      assert.ok(Math.abs((sums(replaced)[cell] as number) - (sums(never)[cell] as number)) < 1e-9);
    close(SCORED);
    close(QUALITY);
    assert.ok((sums(beside)[SCORED] as number) > (sums(replaced)[SCORED] as number) + 0.9);
  }
  assert.equal(replaced.validated.has(first.sequence), false);
});

test("feedback on a validated answer - a second one counts beside the first, as ever", () => {
  const begun = declared("p", "a@1");
  const first = outcome(at("p", "a@1"), true, 1);
  const score = () =>
    ({
      kind: "quality",
      sequence: ++sequence,
      place: at("p", "a@1"),
      score: 0,
      replaces: first.sequence,
    }) as const;
  const state = given(begun, first, score(), score());
  assert.deepEqual(
    [armIn(state, "a@1").whole.values[SCORED], armIn(state, "a@1").whole.values[QUALITY]],
    [2, 0],
  );
});

test("feedback on a validated answer - of a program that was forgotten meanwhile takes nothing away", () => {
  const begun = declared("p", "a@1");
  const first = outcome(at("p", "a@1"), true, 1);
  const removed: LearningEvent = { kind: "program-removed", sequence: ++sequence, program: "p" };
  const after = [declared("p", "a@1"), outcome(at("p", "a@1"), true, 1)];
  const score: LearningEvent = {
    kind: "quality",
    sequence: ++sequence,
    place: at("p", "a@1"),
    score: 0,
    replaces: first.sequence,
  };
  const state = given(begun, first, removed, ...after, score);
  const { values } = armIn(state, "a@1").whole;
  assert.ok(
    Math.abs((values[SCORED] as number) - 2) < 1e-9 && Math.abs((values[QUALITY] as number) - 1) < 1e-9,
  );
});

test("validated answers - are remembered within their bound, and survive a snapshot", () => {
  const place = at("p", "a@1");
  const many = Array.from({ length: LEARNING_BOUNDS.validated + 5 }, () => outcome(place, true, 1));
  const state = given(declared("p", "a@1"), ...many);
  assert.equal(state.validated.size, LEARNING_BOUNDS.validated);
  assert.equal(state.validated.has(many[4]?.sequence ?? 0), false);
  assert.deepEqual(stateFromJson(stateToJson(state)).validated, state.validated);
});
