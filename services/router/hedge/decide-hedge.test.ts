// Given an attempt that a pool has for long, when the router asks, then this second attempt or none.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Implementation, Routing } from "../../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../../schemas/messages/request.ts";
import { armsOf } from "../../learning/statistics/arms.ts";
import { definitionOf } from "../../programs/definition.ts";
import { type AttemptOrder, decideRequest } from "../decide.ts";
import type { RouterEvent } from "../event.ts";
import { evolve } from "../evolve.ts";
import { type Intake, readIntake } from "../intake.ts";
import { initialState, type OpenRequest, type RouterState } from "../state.ts";
import { decideHedge, hedgeAfterMs } from "./decide-hedge.ts";

const ID = "local.c.1";
const predict: Implementation = { kind: "dspy", name: "predict", pool: "general", module: "Predict" };
const thought: Implementation = { kind: "dspy", name: "thought", pool: "general", module: "ChainOfThought" };
const plain: Implementation = { kind: "plain", name: "plain", prompt: "{{text}}" };
const lexicon: Implementation = { kind: "native", name: "lexicon" };
const resort: Implementation = { kind: "native", name: "resort", lastResort: true };

const abilities = { hasFunction: () => true, isLogFull: () => false };

class Given {
  state: RouterState = initialState();
  readonly intake: Intake;
  readonly order: AttemptOrder;
  #sequence = 0;

  constructor(implementations: Implementation[], options: RequestOptions, routing?: Routing) {
    const definition = definitionOf({
      name: "p",
      signature: "text: str -> label: str",
      implementations,
      ...(routing !== undefined && { routing }),
    });
    this.fold({ kind: "program-registered", definition });
    const settings = { name: "declared", rule: "declared-order" as const, temper: 1, floor: 0 };
    const learned = { attempts: 9, successRate: 1, scored: 0, meanTokens: 0, reward: 1, probability: 1 };
    const arms = armsOf(definition).map(({ key, name }) => ({
      arm: key,
      implementation: name,
      p95Ms: 300,
      ...learned,
    }));
    const sequence = this.#sequence + 1;
    this.fold({
      kind: "policy",
      policy: {
        kind: "policy-updated",
        sequence,
        updated: {
          version: 1,
          coveredSequence: sequence,
          outcomes: 9,
          settings,
          programs: [{ program: "p", strategies: [{ task: "text/low/english", arms }], calibrations: [] }],
        },
      },
    });
    this.intake = readIntake("local", "p", {
      sequence: this.#sequence + 1,
      timeMs: 1_000,
      data: Buffer.from(
        JSON.stringify({
          specversion: "1.0",
          id: "e",
          source: "test",
          type: "dspex.request.submitted.v1",
          data: { id: ID, inputs: { text: "fine" }, ...options },
        }),
      ),
      header: () => undefined,
    });
    assert.equal(this.intake.error, undefined);
    this.fold({ kind: "request", intake: this.intake });
    const action = decideRequest(this.state, this.intake, {}, abilities);
    assert.equal(action.kind, "attempt");
    this.order = (action as Extract<typeof action, { kind: "attempt" }>).order;
    this.work(1, this.order);
  }

  fold(
    event: {
      [Kind in RouterEvent["kind"]]: Omit<Extract<RouterEvent, { kind: Kind }>, "sequence" | "timeMs">;
    }[RouterEvent["kind"]],
  ): this {
    this.#sequence++;
    this.state = evolve(this.state, { ...event, sequence: this.#sequence, timeMs: 1_000 } as RouterEvent);
    return this;
  }

  work(attempt: number, { implementation, definition, decision }: AttemptOrder): this {
    const pool = implementation.kind === "dspy" ? "general" : "native";
    const place = decision.features.place as { arm: string; task: string; length: number; load: number };
    const facts = { id: ID, attempt, version: definition.version, implementation: implementation.name };
    return this.fold({ kind: "work", work: { ...facts, pool, worker: "any", ...(place && { place }) } });
  }

  slots(slots: number): this {
    const worker = { pool: "general", worker: "0", incarnation: "a", slots, modules: [] };
    return this.fold({ kind: "worker-started", worker });
  }

  get open(): OpenRequest {
    return this.state.open.get(ID) as OpenRequest;
  }

  hedge(inFlight: Record<string, number> = {}): AttemptOrder | undefined {
    return decideHedge(this.state, this.open, this.intake, inFlight, abilities, 400);
  }
}

test("when - after the learned percentile, where request or program ask for it and nothing is streamed", () => {
  const afterMs = (options: RequestOptions, routing?: Routing) => {
    const given = new Given([predict, plain], options, routing);
    return hedgeAfterMs(given.state, given.order);
  };
  assert.equal(afterMs({ hedge: true }), 300);
  assert.equal(afterMs({}, { hedge: true }), 300);
  assert.equal(afterMs({}), undefined);
  assert.equal(afterMs({ hedge: false }, { hedge: true }), undefined);
  assert.equal(afterMs({ hedge: true, stream: true }), undefined);
  const retried = new Given([predict], { hedge: true });
  assert.equal(hedgeAfterMs(retried.state, { ...retried.order, attempt: 2 }), undefined);
});

test("which - the best of the others that can start at once; never a last resort", () => {
  const order = new Given([predict, thought, plain, resort], { hedge: true }).hedge();
  assert.equal(order?.implementation.name, "thought");
  assert.equal(order?.attempt, 2);
  assert.equal(order?.fallbackReason, "predict: hedge");
  assert.deepEqual(
    order?.plan.filter(({ step }) => step === "fallback").map(({ implementation }) => implementation),
    ["plain", "resort"],
  );
  const { step, afterMs, beside } = (order?.decision.features ?? {}) as {
    step: string;
    afterMs: number;
    beside: object;
  };
  assert.deepEqual([step, afterMs], ["hedge", 400]);
  assert.deepEqual(Object.keys(beside), ["arm", "task", "length", "load"]);
  assert.equal(
    order?.decision.candidates.reduce((sum, { probability }) => sum + probability, 0),
    1,
  );
});

test("which - not in a pool without a free slot", () => {
  const given = new Given([predict, thought, plain], { hedge: true }).slots(2);
  assert.equal(given.hedge({ general: 2 })?.implementation.name, "plain");
  assert.equal(given.hedge({ general: 1 })?.implementation.name, "thought");
  assert.equal(new Given([predict], { hedge: true }).slots(2).hedge({ general: 2 }), undefined);
});

test("which - the same one again where there is no other, or the request names it", () => {
  const same = new Given([predict, resort], { hedge: true }).hedge();
  assert.deepEqual([same?.implementation.name, same?.fallbackReason], ["predict", undefined]);
  const named = new Given([predict, plain], { hedge: true, implementation: "predict" }).hedge();
  assert.equal(named?.implementation.name, "predict");
});

test("which - a function is as good as any", () => {
  assert.equal(new Given([predict, lexicon], { hedge: true }).hedge()?.implementation.name, "lexicon");
});

test("which - not what a breaker has shut", () => {
  const given = new Given([predict, plain, lexicon], { hedge: true });
  given.state.breakers.byKey.set("pool/native", {
    status: "open",
    times: [],
    marks: [],
    cooldownMs: 5_000,
    openUntilMs: 9_000,
    isByOutputs: false,
    trialMs: undefined,
  });
  assert.equal(given.hedge()?.implementation.name, "lexicon");
});

test("once - not beside a second attempt, nor after a failure", () => {
  const hedged = new Given([predict, plain, lexicon], { hedge: true });
  const order = hedged.hedge();
  assert.ok(order !== undefined);
  hedged.work(2, order);
  assert.equal(hedged.open.running.length, 2);
  assert.equal(hedged.hedge(), undefined);
  const failed = new Given([predict, plain], { hedge: true });
  failed.fold({ kind: "attempt-failed", failed: failure(1, "predict") });
  assert.equal(failed.hedge(), undefined);
});

test("two attempts - each failure ends its own, in any order, and the counts agree", () => {
  for (const firstToFail of [1, 2]) {
    const given = new Given([predict, plain, lexicon], { hedge: true });
    const order = given.hedge();
    assert.ok(order !== undefined);
    given.work(2, order);
    assert.deepEqual(Object.fromEntries(given.state.inFlight), { general: 1, native: 1 });
    const names = ["", "predict", "plain"];
    const fail = (attempt: number) =>
      given.fold({ kind: "attempt-failed", failed: failure(attempt, names[attempt] ?? "") });
    fail(firstToFail);
    assert.deepEqual(
      given.open.running.map(({ attempt }) => attempt),
      [3 - firstToFail],
    );
    // Told twice: nothing changes.
    fail(firstToFail);
    assert.equal(given.open.attempts.length, 1);
    fail(3 - firstToFail);
    assert.deepEqual(given.open.running, []);
    assert.equal(given.open.failures.length, 2);
    assert.deepEqual([...given.state.inFlight], []);
    assert.equal(given.state.load.running.size, 0);
  }
});

function failure(attempt: number, implementation: string) {
  return {
    id: ID,
    attempt,
    implementation,
    pool: "general",
    worker: "0",
    error: { code: "lm_timeout" as const, message: "m", retryable: true },
    startedAt: "2026-01-01T00:00:00Z",
    durationMs: 5,
    plan: [],
    requestSequence: 3,
    workSequence: 4,
  };
}
