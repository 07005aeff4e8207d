// Given what failed or stalls, when a request comes or an attempt fails, then this decision.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../schemas/error-codes.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { definitionOf } from "../programs/definition.ts";
import { decideRequest, type RouterAction } from "./decide.ts";
import { decideFailure } from "./decide-failure.ts";
import { evolve } from "./evolve.ts";
import { type Intake, readIntake } from "./intake.ts";
import { initialState, type OpenRequest, type RouterState } from "./state.ts";

const predict: Implementation = { kind: "dspy", name: "predict", pool: "general", module: "Predict" };
const plain: Implementation = { kind: "plain", name: "plain", prompt: "{{text}}", model: "large" };
const resort: Implementation = { kind: "native", name: "resort", lastResort: true };
const abilities = { hasFunction: () => true, isLogFull: () => false };

type Attempt = Extract<RouterAction, { kind: "attempt" }>;

class Given {
  state: RouterState = initialState();
  readonly definition: ProgramDefinition;
  #sequence = 0;
  #n = 0;

  constructor(...implementations: Implementation[]) {
    const signature = "text: str -> label: str";
    this.definition = definitionOf({ name: "p", signature, implementations });
    this.#fold({ kind: "program-registered", definition: this.definition }, 0);
  }

  asked(timeMs: number, headers: Record<string, string> = {}): Intake {
    const id = `local.c.${++this.#n}`;
    const intake = readIntake("local", "p", {
      sequence: this.#sequence + 1,
      timeMs,
      data: Buffer.from('{"text": "fine"}'),
      header: (name) => ({ "Dspex-Id": id, ...headers })[name],
    });
    this.#fold({ kind: "request", intake }, timeMs);
    return intake;
  }

  sent(intake: Intake, { name, ...rest }: Implementation, timeMs: number, attempt = 1): this {
    const pool = rest.kind === "dspy" ? rest.pool : "native";
    const { version } = this.definition;
    const work = { id: intake.id, attempt, version, implementation: name, pool, worker: "any" };
    return this.#fold({ kind: "work", work }, timeMs);
  }

  failed(intake: Intake, code: ErrorCode, timeMs: number, more: Partial<AttemptFailed> = {}): AttemptFailed {
    const failed: AttemptFailed = {
      id: intake.id,
      attempt: 1,
      implementation: "predict",
      pool: "general",
      worker: "0",
      error: { code, message: "m", retryable: true },
      startedAt: "2026-01-01T00:00:00Z",
      durationMs: 5,
      plan: [{ step: "retry", implementation: "predict", delayMs: 250 }],
      requestSequence: intake.sequence,
      workSequence: this.#sequence,
      ...more,
    };
    this.#fold({ kind: "attempt-failed", failed }, timeMs);
    return failed;
  }

  /** Five requests whose attempts fail. */
  broken(code: ErrorCode = "lm_unavailable"): this {
    for (let n = 0; n < 5; n++) {
      const intake = this.asked(1_000 + n);
      this.sent(intake, predict, 1_000 + n).failed(intake, code, 1_100 + n);
    }
    return this;
  }

  decide(timeMs: number, headers: Record<string, string> = {}): RouterAction {
    return decideRequest(this.state, this.asked(timeMs, headers), {}, abilities);
  }

  decideAfter(intake: Intake, failed: AttemptFailed): RouterAction {
    const open = this.state.open.get(intake.id) as OpenRequest;
    return decideFailure(this.state, open, failed, intake, {});
  }

  #fold(event: object, timeMs: number): this {
    this.#sequence++;
    this.state = evolve(this.state, { ...event, sequence: this.#sequence, timeMs } as Parameters<
      typeof evolve
    >[1]);
    return this;
  }
}

function chosen(action: RouterAction): string {
  return (action as Attempt).order.implementation.name;
}

test("a breaker - what depends on it is not eligible until its time is over, and stays in the plan", () => {
  const given = new Given(predict, plain).broken();
  for (let n = 0; n < 20; n++) assert.equal(chosen(given.decide(2_000 + n)), "plain");
  const { order } = given.decide(2_100) as Attempt;
  assert.deepEqual(
    order.decision.candidates.map(({ eligible }) => eligible),
    [false, true],
  );
  assert.equal(order.plan.at(-1)?.implementation, "predict");
  const later = Array.from({ length: 60 }, (_, n) => chosen(given.decide(7_000 + n)));
  assert.ok(later.includes("predict"));
});

test("a breaker - last resorts are for where nothing else is left", () => {
  assert.equal(chosen(new Given(predict, resort).broken().decide(2_000)), "resort");
});

test("a breaker - where nothing at all is left the attempt is not made, and tried when the time is over", () => {
  const given = new Given(predict, resort).broken();
  const action = given.decide(2_000, { "Dspex-Implementation": "predict" }) as Attempt;
  assert.equal(action.order.implementation.name, "predict");
  assert.deepEqual([action.heldUp?.code, action.heldUp?.retryable], ["circuit_open", true]);
  assert.equal(action.heldUp?.retryAfterMs, 4_104);
});

test("a breaker - a request that waits for it learns at once when its deadline does not suffice", () => {
  for (const [deadline, kind] of [
    ["60000", "attempt"],
    ["3000", "fail"],
  ] as const) {
    const given = new Given(predict).broken();
    const intake = given.asked(2_000, { "Dspex-Deadline-Ms": deadline });
    const action = decideRequest(given.state, intake, {}, abilities) as Attempt;
    const { plan } = action.order;
    const error = (action.heldUp as NonNullable<typeof action.heldUp>).toWire();
    const failed = given.failed(intake, "circuit_open", 2_001, { plan, error, workSequence: 0 });
    const next = given.decideAfter(intake, failed);
    assert.equal(next.kind, kind);
    if (next.kind === "attempt") assert.equal(next.delayMs, 4_104);
    else assert.equal(next.error.code, "circuit_open");
  }
});

test("a breaker - what a router did not begin says nothing of it", () => {
  const given = new Given(predict).broken();
  const before = JSON.stringify([...given.state.breakers.byKey]);
  const intake = given.asked(7_000);
  given.failed(intake, "circuit_open", 7_001, { workSequence: 0 });
  assert.equal(JSON.stringify([...given.state.breakers.byKey]), before);
  assert.equal(given.state.open.get(intake.id)?.attempts.length, 1);
});

test("a breaker - is tried by one, seen in the log, and closed by its result", () => {
  const given = new Given(predict, plain).broken();
  const trial = given.asked(7_000);
  given.sent(trial, predict, 7_001);
  for (let n = 0; n < 20; n++) assert.equal(chosen(given.decide(7_002 + n)), "plain");
  given.state = evolve(given.state, {
    kind: "result",
    sequence: 999,
    timeMs: 7_100,
    id: trial.id,
    ending: {
      answered: { attempt: 1, version: given.definition.version, implementation: "predict", durationMs: 99 },
      isLate: false,
    },
  });
  assert.equal(given.state.breakers.byKey.size, 0);
});

test("an implementation that breaks itself - is left to requests that have nothing else", () => {
  const given = new Given(predict, plain, resort).broken("internal");
  for (let n = 0; n < 20; n++) assert.equal(chosen(given.decide(2_000 + n)), "plain");
  assert.equal(chosen(new Given(predict, resort).broken("internal").decide(2_000)), "resort");
  const alone = new Given(predict).broken("internal").decide(2_000) as Attempt;
  assert.deepEqual([chosen(alone), alone.heldUp], ["predict", undefined]);
});

test("answers that do not fit - count once for a request, however often it tries", () => {
  const given = new Given(predict);
  for (let n = 0; n < 9; n++) {
    const intake = given.asked(1_000 + n);
    for (const attempt of [1, 2, 3])
      given
        .sent(intake, predict, 1_000 + n, attempt)
        .failed(intake, "output_invalid", 1_000 + n, { attempt });
  }
  const [breaker] = given.state.breakers.byKey.values();
  assert.deepEqual([breaker?.status, breaker?.marks.length], ["closed", 9]);
});

test("a stall - three attempts that do not come back are enough to take others, as long as there are", () => {
  const given = new Given(predict, plain, resort);
  const done = given.asked(100);
  given.sent(done, predict, 100).failed(done, "lm_timeout", 400, { durationMs: 300 });
  for (let n = 0; n < 3; n++) given.sent(given.asked(1_000), predict, 1_000 + n);
  const names = (timeMs: number) => new Set(Array.from({ length: 40 }, () => chosen(given.decide(timeMs))));
  assert.deepEqual(names(2_100), new Set(["predict", "plain"]));
  assert.deepEqual(names(2_300), new Set(["plain"]));
  const alone = new Given(predict, resort);
  const one = alone.asked(100);
  alone.sent(one, predict, 100).failed(one, "lm_timeout", 400, { durationMs: 300 });
  for (let n = 0; n < 3; n++) alone.sent(alone.asked(1_000), predict, 1_000 + n);
  assert.equal(chosen(alone.decide(9_000)), "predict");
});

test("a budget - no further attempt once it is spent", () => {
  const given = new Given(predict);
  const intake = given.asked(1_000, { "Dspex-Budget": '{"tokens": 100}' });
  given.sent(intake, predict, 1_000);
  const usage = { inputTokens: 90, outputTokens: 10 };
  const action = given.decideAfter(intake, given.failed(intake, "lm_timeout", 2_000, { usage }));
  assert.equal((action as Extract<RouterAction, { kind: "fail" }>).error.code, "budget_exceeded");
});
