import assert from "node:assert/strict";
import { test } from "node:test";
import { ERROR_CODES, type ErrorCode } from "../../schemas/error-codes.ts";
import type { WireError } from "../../schemas/errors.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { makePlan, type NextStep, nextStep } from "./plan.ts";

const predict: Implementation = { name: "predict", kind: "dspy", pool: "general", module: "Predict" };
const thought: Implementation = { name: "thought", kind: "dspy", pool: "general", module: "ChainOfThought" };
const structured: Implementation = { name: "structured", kind: "structured" };
const plain: Implementation = { name: "plain", kind: "plain", prompt: "{{text}}" };
const large: Implementation = { name: "large", kind: "plain", prompt: "{{text}}", model: "large" };
const lexicon: Implementation = { name: "lexicon", kind: "native" };
const resort: Implementation = { name: "resort", kind: "native", lastResort: true };

function error(code: ErrorCode, retryAfterMs?: number): WireError {
  const { retryable } = ERROR_CODES[code];
  return { code, message: "m", retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** The plan of the first of these, as it goes on after errors. */
class Failing {
  readonly #definition: ProgramDefinition;
  readonly #attempts: { implementation: string; error: WireError }[] = [];
  readonly #blocked: Record<string, number>;
  #plan;
  #current: string;

  constructor(implementations: readonly Implementation[], blocked: Record<string, number> = {}) {
    const [chosen, ...next] = implementations as [Implementation, ...Implementation[]];
    this.#definition = { name: "p", version: "1", signature: {}, implementations: [...implementations] };
    this.#plan = makePlan(chosen, next);
    this.#current = chosen.name;
    this.#blocked = blocked;
  }

  after(code: ErrorCode, retryAfterMs?: number): NextStep | undefined {
    const failure = error(code, retryAfterMs);
    this.#attempts.push({ implementation: this.#current, error: failure });
    const next = nextStep(this.#plan, failure, {
      definition: this.#definition,
      failed: this.#current,
      attempts: this.#attempts,
      blockedForMs: ({ name }) => this.#blocked[name] ?? 0,
    });
    this.#plan = next?.left ?? [];
    this.#current = next?.implementation.name ?? "";
    return next;
  }

  /** What is tried after each of these. */
  path(...codes: ErrorCode[]): string {
    return codes
      .map((code) => {
        const next = this.after(code);
        return next === undefined ? "ends" : `${next.step.step} ${next.implementation.name}`;
      })
      .join(", ");
  }
}

test("plan - retries of the chosen, then each of the others", () => {
  assert.deepEqual(
    makePlan(predict, [structured, lexicon]).map((s) => `${s.step} ${s.implementation}`),
    ["retry predict", "retry predict", "retry predict", "fallback structured", "fallback lexicon"],
  );
});

test("plan - a native function is not retried: it would give the same again", () => {
  assert.deepEqual(makePlan(lexicon, []), []);
});

test("a passing error - the same again after longer and longer pauses, then another model, then the rest", () => {
  const failing = new Failing([predict, structured, large, resort]);
  const delays = [1, 2, 3].map(() => failing.after("lm_timeout")?.delayMs);
  assert.deepEqual(delays, [250, 1_000, 4_000]);
  assert.equal(
    failing.path("lm_timeout", "lm_timeout", "lm_timeout", "internal"),
    "fallback large, fallback structured, fallback resort, ends",
  );
});

test("a passing error - after the error's own pause when that is longer", () => {
  assert.equal(new Failing([predict, structured]).after("lm_rate_limited", 1_500)?.delayMs, 1_500);
  const sameModel = new Failing([predict, structured]).after("lm_rate_limited", 5_000);
  assert.deepEqual([sameModel?.step.step, sameModel?.delayMs], ["retry", 5_000]);
});

test("a provider's long pause - another model at once, where there is one", () => {
  const next = new Failing([predict, structured, large]).after("lm_rate_limited", 5_000);
  assert.deepEqual([next?.implementation.name, next?.delayMs], ["large", 0]);
});

test("answers that do not fit - a constrained kind first, then the others, then the same again, last resorts last", () => {
  assert.equal(
    new Failing([predict, thought, structured, resort]).path(
      "output_parse_error",
      "output_invalid",
      "output_invalid",
    ),
    "fallback structured, fallback thought, fallback resort",
  );
  assert.equal(
    new Failing([predict, resort]).path("output_invalid", "output_invalid"),
    "retry predict, retry predict",
  );
  assert.equal(
    new Failing([structured, { ...structured, name: "twin" }, plain]).path("output_invalid"),
    "fallback plain",
  );
});

test("answers that do not fit - of two modules alike, the one with another adapter", () => {
  const same: Implementation = { ...predict, name: "same" };
  const xml: Implementation = { ...predict, name: "xml", adapter: "xml" };
  const constrained: Implementation = { name: "first", kind: "choice" };
  assert.equal(new Failing([constrained, same, xml]).path("output_invalid"), "fallback same");
  assert.equal(
    new Failing([predict, same, xml]).path("output_invalid", "output_invalid"),
    "fallback same, fallback xml",
  );
});

test("too much for a pool - one in another pool; in the same pool it waits", () => {
  assert.equal(new Failing([predict, thought, structured]).path("overloaded"), "fallback structured");
  const next = new Failing([predict, thought]).after("overloaded", 1_000);
  assert.deepEqual([next?.step.step, next?.delayMs], ["retry", 1_000]);
});

test("a lost worker - the same again once, then another pool", () => {
  assert.equal(
    new Failing([predict, thought, structured]).path("worker_lost", "worker_lost", "worker_lost"),
    "retry predict, fallback structured, fallback thought",
  );
});

test("too long for the model - one that reads more, or of which it is not known; never the same model", () => {
  const small = { ...predict, capabilities: { contextTokens: 2_048 } };
  const tiny: Implementation = {
    ...large,
    name: "tiny",
    model: "tiny",
    capabilities: { contextTokens: 1_024 },
  };
  assert.equal(
    new Failing([small, structured, tiny, large]).path("context_window_exceeded", "context_window_exceeded"),
    "fallback large, ends",
  );
});

test("a refused key - another model or nothing; a refused request - another model first", () => {
  assert.equal(new Failing([predict, structured, large]).path("lm_auth"), "fallback large");
  assert.equal(new Failing([predict, structured]).path("lm_auth"), "ends");
  assert.equal(new Failing([predict, structured, large]).path("lm_rejected"), "fallback large");
  assert.equal(new Failing([predict, structured]).path("lm_rejected"), "fallback structured");
});

test("what a breaker keeps shut - is passed over, and awaited where there is nothing else", () => {
  assert.equal(
    new Failing([predict, structured, large], { predict: 4_000, structured: 4_000 }).path("lm_timeout"),
    "fallback large",
  );
  assert.equal(new Failing([predict, resort], { predict: 4_000 }).path("circuit_open"), "fallback resort");
  const next = new Failing([predict, structured], { predict: 7_000, structured: 9_000 }).after(
    "circuit_open",
    100,
  );
  assert.deepEqual([next?.step.step, next?.delayMs], ["retry", 7_000]);
});

test("a breaker - is waited for five times, twice as long each time, without using up the tries", () => {
  const failing = new Failing([predict]);
  const delays = Array.from({ length: 6 }, () => failing.after("circuit_open", 100)?.delayMs);
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, undefined]);
  const well = new Failing([predict]);
  well.after("circuit_open");
  assert.deepEqual(
    [1, 2, 3, 4].map(() => well.after("lm_timeout")?.delayMs),
    [250, 1_000, 4_000, undefined],
  );
});

test("a lasting error - the next implementation at once, each once", () => {
  const failing = new Failing([predict, structured, lexicon]);
  assert.equal(failing.after("internal")?.delayMs, 0);
  assert.equal(failing.path("internal", "internal"), "fallback lexicon, ends");
});

test("nothing mends invalid inputs, a deadline, a cancellation or a spent budget", () => {
  for (const code of ["invalid_inputs", "deadline_exceeded", "cancelled", "budget_exceeded"] as const)
    assert.equal(new Failing([predict, structured]).path(code), "ends", code);
});

test("a step to what is no longer declared is passed over", () => {
  const definition = { name: "p", version: "2", signature: {}, implementations: [predict, lexicon] };
  const next = nextStep(makePlan(predict, [structured, lexicon]), error("internal"), {
    definition,
    failed: "predict",
    attempts: [],
    blockedForMs: () => 0,
  });
  assert.equal(next?.implementation.name, "lexicon");
});

test("any errors - a plan ends, tries nothing twice but the chosen, and last resorts after all others", () => {
  const all = [predict, thought, structured, plain, large, lexicon, resort];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(all, { minLength: 1 }),
      fc.array(fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])), {
        minLength: 12,
        maxLength: 12,
      }),
      fc.dictionary(fc.constantFrom(...all.map(({ name }) => name)), fc.integer({ min: 0, max: 9_000 })),
      (implementations, codes, blocked) => {
        const failing = new Failing(implementations, blocked);
        const chosen = implementations[0]?.name;
        const seen = new Set<string>([chosen ?? ""]);
        let left = 3 + 5 + implementations.length;
        for (const code of codes) {
          const next = failing.after(code);
          if (next === undefined) return;
          assert.ok(left-- > 0);
          const { name } = next.implementation;
          if (next.step.step === "retry") assert.equal(name, chosen);
          else {
            assert.ok(!seen.has(name));
            seen.add(name);
          }
          assert.ok(next.delayMs >= (blocked[name] ?? 0));
        }
      },
    ),
  );
});
