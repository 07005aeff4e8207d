import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyUpdated } from "../../../schemas/messages/policy-event.ts";
import { LearningLog } from "../../../tests/kit/learning-log.ts";
import { patternsOf } from "../patterns/report.ts";
import { applyMessage } from "./apply.ts";
import { decideNext } from "./decide.ts";
import { initialState, type LearnerState } from "./state.ts";

/** The state after all messages of the log. */
function folded(log: LearningLog): LearnerState {
  const state = initialState();
  for (const message of log.messages) assert.equal(applyMessage(state, message), undefined);
  return state;
}

/** As the service writes it: what is decided becomes part of the log at once. */
function written(log: LearningLog): LearnerState {
  const state = initialState();
  for (let at = 0; at < log.messages.length; at++) {
    const message = log.messages[at];
    if (message !== undefined) applyMessage(state, message);
    if (at < log.messages.length - 1) continue;
    const next = decideNext(state);
    if (next !== undefined) log.policy(next.verb, next.data);
  }
  return state;
}

function updates(log: LearningLog): PolicyUpdated[] {
  return log.messages
    .filter(({ subject }) => subject.endsWith("policy.updated"))
    .map(({ event }) => (event as { data: PolicyUpdated }).data);
}

const TWO = ["quick", "good"];

function many(log: LearningLog, count: number, gapMs: number): LearningLog {
  for (let n = 0; n < count; n++) log.wait(gapMs).succeed({ implementation: TWO[n % 2] as string });
  return log;
}

test("a policy - is due with the first outcome, then with twenty in half a second, or any after five seconds", () => {
  const log = new LearningLog().register("p", TWO);
  const due = (state: LearnerState) => state.journal.due.version;
  assert.equal(due(folded(log)), 0);
  assert.equal(due(folded(many(log, 1, 0))), 1);
  assert.equal(due(folded(many(log, 19, 30))), 1);
  assert.equal(due(folded(many(log, 1, 30))), 2);
  // A thousand in a tenth of a second are half a second in none.
  assert.equal(due(folded(many(log, 1_000, 0.1))), 2);
  assert.equal(due(folded(many(log, 1, 400))), 3);
  assert.equal(due(folded(many(log, 1, 4_999))), 3);
  assert.equal(due(folded(many(log, 1, 1))), 4);
});

test("a version - has the number of its due point, and tells of the programs that changed since they were told", () => {
  const log = new LearningLog().register("p", TWO).register("q", TWO).register("idle", TWO);
  log.succeed({ implementation: "quick" });
  written(log);
  log.wait(6_000).succeed({ program: "q", implementation: "good", latencyMs: 80 });
  written(log);
  const [first, second, ...more] = updates(log);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [first, second].map((one) => [one?.version, one?.outcomes, one?.programs.map(({ program }) => program)]),
    [
      [1, 1, ["p"]],
      [2, 2, ["q"]],
    ],
  );
  const [strategy] = second?.programs[0]?.strategies ?? [];
  assert.equal(strategy?.task, "label/low/english");
  const best = strategy?.arms.find(({ implementation }) => implementation === "good");
  assert.equal(best?.attempts, 1);
  assert.equal(best?.successRate, 1);
  assert.ok(Math.abs((best?.p50Ms ?? 0) - 80) < 2);
  assert.equal(best?.meanTokens, 120);
  assert.equal(
    strategy?.arms.reduce((sum, { probability }) => sum + probability, 0),
    1,
  );
});

test("what was due while nobody wrote - is written for the newest point only, under its own number", () => {
  const log = new LearningLog().register("p", TWO);
  many(log, 10, 6_000);
  const state = folded(log);
  const next = decideNext(state);
  assert.equal(next?.verb, "updated");
  assert.equal(next?.verb === "updated" && next.data.version, 10);
  assert.equal(next?.verb === "updated" && next.data.coveredSequence, log.sequence);
});

test("a version that another has written - is not written again", () => {
  const log = new LearningLog().register("p", TWO).succeed({ implementation: "good" });
  const next = decideNext(folded(log));
  assert.ok(next !== undefined);
  log.policy(next.verb, next.data);
  const state = folded(log);
  assert.equal(decideNext(state), undefined);
  assert.equal(state.policy.version, 1);
  assert.equal(state.journal.sequence, log.sequence);
});

test("a log whose head was cut - counts on from the versions that it tells of", () => {
  const log = new LearningLog().register("p", TWO);
  log.policy("updated", {
    version: 41,
    coveredSequence: 0,
    outcomes: 900,
    settings: folded(log).policy.settings,
    programs: [],
  });
  log.succeed({ implementation: "good" });
  assert.equal(folded(log).journal.due.version, 42);
});

test("an arm that breaks - is told once, with its evidence, and the bets begin anew", () => {
  const log = new LearningLog().register("p", TWO);
  many(log, 60, 10);
  for (let n = 0; n < 30; n++) log.wait(10).fail({ implementation: "good" });
  const state = folded(log);
  const [drift, ...more] = state.journal.drifts;
  assert.equal(more.length, 0);
  assert.equal(drift?.program, "p");
  assert.ok(drift?.arm.startsWith("good@") && drift.direction === "worse" && drift.evidence > 12);
  assert.equal(state.contest.challengers[0]?.promotion.restarts, 1);
  assert.equal(state.changes.get("p")?.length, 1);
  const next = decideNext(state);
  assert.equal(next?.verb, "drift-detected");
  log.policy("drift-detected", drift as object);
  assert.deepEqual(folded(log).journal.drifts, []);
});

test("while a program is frozen - nothing is learned of it, and of the others it is", () => {
  const log = new LearningLog().register("p", TWO).register("q", TWO);
  log.policy("frozen", { program: "p", frozen: true, by: "anna" });
  log
    .succeed({ implementation: "good" })
    .fail({ implementation: "quick" })
    .score({ implementation: "good" }, 1);
  const state = folded(log);
  assert.equal(state.journal.outcomes, 0);
  assert.equal(state.learning.programs.get("p")?.time, 0);
  assert.equal(decideNext(state), undefined);
  log.succeed({ program: "q", implementation: "good" });
  assert.equal(folded(log).journal.outcomes, 1);
  log.policy("frozen", { program: "p", frozen: false, by: "anna" }).succeed({ implementation: "good" });
  assert.equal(folded(log).journal.outcomes, 2);
});

test("labels chosen by likelihood - teach where the model leans", () => {
  const log = new LearningLog().register("p", TWO);
  log.succeed({ implementation: "good", labelScores: { yes: -1, no: -3 } });
  log.succeed({ implementation: "good", labelScores: { yes: -2, no: -1 } });
  log.wait(6_000).succeed({ implementation: "quick" });
  const next = decideNext(folded(log));
  const [calibration] = (next?.verb === "updated" && next.data.programs[0]?.calibrations) || [];
  assert.equal(calibration?.count, 2);
  assert.deepEqual(calibration?.means, { yes: -1.5, no: -2 });
});

test("settings - are in force from their event on, and what went before can be gone back to", () => {
  const log = new LearningLog().register("p", TWO);
  const from = folded(log).policy.settings;
  const to = { name: "mine", rule: "thompson", temper: 0.4, floor: 0.1 };
  log.policy("promoted", { from, to, by: "anna", coveredSequence: 1 });
  const state = folded(log);
  assert.deepEqual(state.policy.settings, to);
  assert.deepEqual(state.policy.former, [from]);
  assert.ok(state.contest.challengers.some(({ settings }) => settings.name === "standard"));
  // What was learned before the change and comes after it does not bring the old settings back.
  log.policy("updated", { version: 1, coveredSequence: 1, outcomes: 1, settings: from, programs: [] });
  assert.deepEqual(folded(log).policy.settings, to);
  log.policy("rolled-back", { from: to, to: from, by: "anna", coveredSequence: 2 });
  assert.deepEqual(folded(log).policy.settings, from);
  assert.deepEqual(folded(log).policy.former, []);
});

test("a message that cannot be read - is passed over, and still is the newest policy event", () => {
  const log = new LearningLog().register("p", TWO);
  log.raw("dspex.event.policy.updated", { data: { version: "no" } });
  const state = initialState();
  const errors = log.messages.map((message) => applyMessage(state, message));
  assert.equal(errors[0], undefined);
  assert.ok(errors[1] !== undefined);
  assert.equal(state.sequence, 2);
  assert.equal(state.journal.sequence, 2);
});

test("a program that is removed - is forgotten", () => {
  const log = new LearningLog().register("p", TWO);
  many(log, 30, 10).giveUp({ implementation: "good" });
  const state = folded(log.remove("p"));
  const left = [
    state.programs.size,
    state.learning.entries,
    state.figures.cells,
    state.history.windows,
    state.hours.size,
    state.failing.size,
    state.journal.dirty.size,
  ];
  assert.deepEqual(left, [0, 0, 0, 0, 0, 0, 0]);
});

test("patterns - the same request that fails, and what fails by length", () => {
  const log = new LearningLog().register("p", TWO);
  for (let n = 0; n < 40; n++) {
    const ended = { implementation: TWO[n % 2] as string, length: n % 2 === 0 ? 3 : 0, hash: `h${n}` };
    if (ended.length === 3 && n % 3 > 0)
      log
        .wait(10)
        .fail(ended)
        .giveUp({ ...ended, hash: "again" });
    else log.wait(10).succeed(ended);
  }
  const state = folded(log);
  const patterns = patternsOf({
    changes: [],
    failing: state.failing.get("p"),
    hours: undefined,
    statistics: state.learning.programs.get("p"),
  });
  const [request, shape] = patterns;
  assert.ok(
    request?.pattern === "failing-request" && request.requestHash === "again" && request.atLeast > 10,
  );
  assert.ok(shape?.pattern === "failing-shape" && shape.length === 3 && shape.elsewhere === 0);
});
