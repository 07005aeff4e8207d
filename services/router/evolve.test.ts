import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import type { RouterEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { Intake } from "./intake.ts";
import { initialState, ROUTER_BOUNDS, type RouterState, stateFromJson, stateToJson } from "./state.ts";

let sequence = 0;
const at = () => ({ sequence: ++sequence, timeMs: sequence });
function given(...events: RouterEvent[]): RouterState {
  return events.reduce(evolve, initialState());
}
function requested(id: string, deadlineAtMs = 1e12): RouterEvent {
  const a = at();
  const intake: Intake = {
    id,
    user: "local",
    program: "echo",
    ...a,
    deadlineAtMs,
    traceparent: undefined,
    request: undefined,
    error: undefined,
    refused: false,
    readMs: 0,
  };
  return { kind: "request", ...a, intake };
}
const dispatched = (id: string, attempt = 1): RouterEvent => ({
  kind: "work",
  ...at(),
  work: { id, attempt, version: "1", implementation: "predict", pool: "general", worker: "any" },
});
const answered = (id: string): RouterEvent => ({ kind: "result", ...at(), id });
function failed(id: string, attempt = 1): RouterEvent {
  const data: AttemptFailed = {
    id,
    attempt,
    implementation: "predict",
    pool: "general",
    worker: "1",
    error: { code: "lm_timeout", message: "m", retryable: true },
    startedAt: "2026-01-01T00:00:00Z",
    durationMs: 1,
    plan: [],
    requestSequence: 1,
    workSequence: 2,
  };
  return { kind: "attempt-failed", ...at(), failed: data };
}

test("a request - is open until its result", () => {
  assert.equal(given(requested("local.c.1")).open.size, 1);
  assert.equal(given(requested("local.c.1"), answered("local.c.1")).open.size, 0);
});

test("a request - the lowest sequence of an id is the request", () => {
  const first = requested("local.c.1");
  const state = given(first, requested("local.c.1"));
  assert.equal(state.open.get("local.c.1")?.sequence, first.sequence);
});

test("a request - one that was answered is not opened again by the same id", () => {
  for (const id of ["local.c.1", "local.x.order-1", "local.t.hash"]) {
    assert.equal(given(requested(id), answered(id), requested(id)).open.size, 0, id);
  }
});

test("a connection - numbers may come in any order, each once", () => {
  const state = given(
    requested("local.c.5"),
    requested("local.c.3"),
    answered("local.c.5"),
    answered("local.c.3"),
    requested("local.c.3"),
  );
  assert.equal(state.open.size, 0);
  assert.equal(evolve(state, requested("local.c.4")).open.size, 1);
});

test("a request - whose id may have been answered and forgotten is open with a doubt, until its deadline", () => {
  let state = given(requested("local.x.old"), answered("local.x.old"));
  for (let n = 0; n < ROUTER_BOUNDS.answered; n++) state = evolve(state, answered(`local.x.${n}`));
  state = evolve(state, requested("local.x.old", sequence + 10));
  assert.equal(state.open.get("local.x.old")?.perhapsAnswered, true);
  // Log times are sequences here: far beyond the deadline nothing is left of it.
  sequence += 100_000;
  state = evolve(state, requested("local.c.1"));
  assert.deepEqual([...state.open.keys()], ["local.c.1"]);
});

test("a connection - of a number too far below the highest it is not known whether it was seen", () => {
  const far = ROUTER_BOUNDS.unseen + 10;
  const doubts = (...events: RouterEvent[]) =>
    [...given(...events).open.values()].map(({ id, perhapsAnswered }) => [id, perhapsAnswered]);
  assert.deepEqual(doubts(requested(`local.c.${far}`), requested("local.c.1"), requested("local.c.200")), [
    [`local.c.${far}`, false],
    ["local.c.1", true],
    ["local.c.200", false],
  ]);
});

test("work - counts in its pool until its failure or its result", () => {
  const id = "local.c.1";
  assert.equal(given(requested(id), dispatched(id)).inFlight.get("general"), 1);
  assert.equal(given(requested(id), dispatched(id), failed(id)).inFlight.get("general"), undefined);
  assert.equal(given(requested(id), dispatched(id), answered(id)).inFlight.get("general"), undefined);
});

test("a failure - that is told twice counts once", () => {
  const id = "local.c.1";
  const state = given(requested(id), dispatched(id), failed(id), failed(id));
  assert.equal(state.open.get(id)?.attempts.length, 1);
});

test("the state - survives its JSON", () => {
  const state = given(
    requested("local.c.7"),
    dispatched("local.c.7"),
    requested("local.x.a"),
    answered("local.x.a"),
  );
  const back = stateFromJson(JSON.parse(JSON.stringify(stateToJson(state))));
  assert.deepEqual(stateToJson(back), stateToJson(state));
});

test("answered ids - those that were answered last are kept, in that order", () => {
  let state = given();
  let expected: string[] = [];
  for (let n = 0; n < ROUTER_BOUNDS.answered * 2; n++) {
    // Each seventh was answered before, long ago or lately.
    const id = `local.x.${n % 7 === 0 ? Math.floor(n / 2) : n}`;
    state = evolve(state, answered(id));
    expected.push(id);
  }
  expected = [...new Set(expected.toReversed())].slice(0, ROUTER_BOUNDS.answered).toReversed();
  assert.deepEqual([...state.answered], expected);
  const copy = stateFromJson(JSON.parse(JSON.stringify(stateToJson(state))));
  for (const one of [state, copy]) evolve(one, answered("local.x.more"));
  assert.deepEqual([...copy.answered], [...state.answered]);
  assert.deepEqual([...copy.answered].slice(0, 2), expected.slice(1, 3));
});

test("the state - is bounded in connections, unseen numbers and answered ids", () => {
  let state = initialState();
  for (let n = 0; n < ROUTER_BOUNDS.connections + 100; n++) {
    state = evolve(state, requested(`local.c${n}.1`));
    state = evolve(state, answered(`local.c${n}.1`));
  }
  assert.equal(state.connections.size, ROUTER_BOUNDS.connections);
  state = evolve(state, requested("local.jump.1000000"));
  assert.ok((state.connections.get("local.jump")?.unseen.size ?? 0) <= ROUTER_BOUNDS.unseen);
  for (let n = 0; n < ROUTER_BOUNDS.answered + 100; n++) state = evolve(state, answered(`local.x.${n}`));
  assert.equal(state.answered.size, ROUTER_BOUNDS.answered);
});

const ids = fc.constantFrom("local.c.1", "local.c.2", "local.c.3", "local.x.a", "other.x.a");
const events = fc.array(
  fc.oneof(
    ids.map(requested),
    fc.tuple(ids, fc.integer({ min: 1, max: 3 })).map(([id, n]) => dispatched(id, n)),
    fc.tuple(ids, fc.integer({ min: 1, max: 3 })).map(([id, n]) => failed(id, n)),
    ids.map(answered),
  ),
  { maxLength: 60 },
);

test("any history - in-flight counts equal the running attempts, and a snapshot anywhere leads to the same state", () => {
  fc.assert(
    fc.property(events, fc.nat(), (history, cut) => {
      const whole = history.reduce(evolve, initialState());
      const running = [...whole.open.values()].reduce((sum, o) => sum + o.running.length, 0);
      const counts = [...whole.inFlight.values()];
      assert.equal(
        counts.reduce((a, b) => a + b, 0),
        running,
      );
      assert.ok(counts.every((count) => count > 0));
      assert.equal(
        [...whole.load.running.values()].reduce((sum, attempts) => sum + attempts.size, 0),
        running,
      );
      const middle = history.length === 0 ? 0 : cut % history.length;
      const half = history.slice(0, middle).reduce(evolve, initialState());
      const resumed = history
        .slice(middle)
        .reduce(evolve, stateFromJson(JSON.parse(JSON.stringify(stateToJson(half)))));
      assert.equal(JSON.stringify(stateToJson(resumed)), JSON.stringify(stateToJson(whole)));
    }),
  );
});

test("any history - every id gets at most one open request between its first and its result", () => {
  fc.assert(
    fc.property(events, (history) => {
      const done = new Set<string>();
      let state = initialState();
      for (const event of history) {
        state = evolve(state, event);
        if (event.kind === "result") done.add(event.id);
        for (const id of state.open.keys()) assert.ok(!done.has(id), id);
      }
    }),
  );
});
