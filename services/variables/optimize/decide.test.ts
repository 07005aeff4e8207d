import assert from "node:assert/strict";
import { test } from "node:test";
import type { Result } from "../../../schemas/messages/result.ts";
import { decide } from "../decide.ts";
import { applyMessage, initialFold, type VariablesFold } from "../fold.ts";
import { optimizeSchema, requestOf } from "./command.ts";
import {
  type Answered,
  applyCommand,
  type Check,
  checkAnswer,
  type Report,
  regressionIn,
  rollBackCommand,
  searchAnswer,
} from "./conclude.ts";
import { decideQueue, decideStart } from "./decide.ts";
import type { VariableRun } from "./state.ts";

const LIMITS = { optimizationsAtOnce: 2, leaseGraceMs: 60_000 };
const ROWS = [{ inputs: { n: 1 }, outputs: { size: "low" } }];

function given(): VariablesFold {
  const fold = initialFold();
  const variables = [
    { name: "warmth", kind: "float", min: 0, max: 2, default: 0.7 },
    { name: "length", kind: "integer", min: 0, max: 500, expression: "round(warmth * 100)" },
    { name: "least", kind: "integer", min: 0, max: 9, default: 1 },
    {
      name: "most",
      kind: "integer",
      min: 0,
      max: 9,
      default: 5,
      constraints: [{ expression: "least <= most" }],
    },
    { name: "how", kind: "prompt", default: "?" },
    { name: "old", kind: "boolean", default: false },
  ];
  append(fold, "variable", decide(fold.variables, { kind: "register", by: "config", variables }));
  append(
    fold,
    "variable",
    decide(fold.variables, { kind: "deprecate", by: "ada", name: "old", replacedBy: "how" }),
  );
  return fold;
}

function append(
  fold: VariablesFold,
  entity: string,
  event: { verb: string; data: object } | undefined,
  timeMs = 1,
): void {
  assert.ok(event);
  const { run } = event.data as { run?: string };
  const subject = `dspex.event.${entity}.${run === undefined ? "" : `${run}.`}${event.verb}`;
  const sequence = fold.variables.sequence + 1;
  applyMessage(fold, { subject, sequence, timeMs, json: () => ({ data: event.data }) });
}

const asked = (variables: string[], more: object = {}, run = "r1") => ({
  run,
  user: "ada",
  version: "v1",
  command: optimizeSchema.parse({ variables, objective: { program: "size", data: ROWS }, ...more }),
});
const queue = (fold: VariablesFold, ...rest: Parameters<typeof asked>) =>
  decideQueue(fold.variables, fold.optimizations, asked(...rest), 100);
const start = (fold: VariablesFold) => decideStart(fold.variables, fold.optimizations, LIMITS);

/** A run that has begun. */
function running(fold = given(), names = ["warmth"]): { fold: VariablesFold; run: VariableRun } {
  append(fold, "optimization", queue(fold, names));
  append(fold, "optimization", start(fold), 5);
  const run = fold.optimizations.runs.get("r1");
  assert.ok(run);
  return { fold, run };
}

test("a search - has what it changes, and what is constrained with that, for itself", () => {
  const fold = given();
  const locks = (names: string[]) => (queue(fold, names).data as { locks: string[] }).locks;
  assert.deepEqual(locks(["warmth"]), ["length", "warmth"]);
  assert.deepEqual(locks(["most"]), ["least", "most"]);
  assert.deepEqual(locks(["least", "warmth"]), ["least", "length", "most", "warmth"]);
});

const refused: [name: string, names: string[], more: object, code: string, message: RegExp][] = [
  ["an unknown variable", ["nobody"], {}, "not_found", /no variable "nobody"/],
  ["a deprecated one", ["old"], {}, "gone", /"old" is deprecated, use "how"/],
  ["a computed one", ["length"], {}, "invalid_inputs", /computed from warmth: optimise these/],
  ["a prompt", ["how"], {}, "invalid_inputs", /"how" is a prompt, which has no values to choose from/],
  ["a name twice", ["most", "most"], {}, "invalid_inputs", /"most" is named twice/],
  ["no data", ["most"], { objective: { program: "p", data: [] } }, "invalid_inputs", /not one example/],
  [
    "a measure twice",
    ["most"],
    { objective: { program: "p", data: ROWS, measures: ["tokens", "tokens"] } },
    "invalid_inputs",
    /a measure is named twice/,
  ],
];
for (const [name, names, more, code, message] of refused)
  test(`what cannot be searched - ${name}`, () => {
    assert.throws(() => queue(given(), names, more), { code, message });
  });

test("a queue that is full - takes no more", () => {
  const fold = given();
  const [one, two] = [asked(["most"], {}, "r1"), asked(["most"], {}, "r2")];
  append(fold, "optimization", decideQueue(fold.variables, fold.optimizations, one, 1));
  assert.throws(() => decideQueue(fold.variables, fold.optimizations, two, 1), { code: "overloaded" });
});

test("a start - takes the values of that moment, and holds a lease as long as its deadline and grace", () => {
  const fold = given();
  append(fold, "optimization", queue(fold, ["warmth"], { budget: { timeMs: 30_000 } }));
  append(fold, "variable", decide(fold.variables, { kind: "set", by: "ada", values: { warmth: 1.5 } }));
  const started = start(fold);
  assert.equal(started?.verb, "started");
  append(fold, "optimization", started, 1_000);
  const run = fold.optimizations.runs.get("r1");
  assert.deepEqual(run?.base, { warmth: { value: 1.5, version: 2 } });
  assert.equal(run?.leaseEndsMs, 1_000 + 30_000 + 60_000 + 60_000);
});

test("a start - of a variable that was deprecated meanwhile is a failure, and the next one starts", () => {
  const fold = given();
  append(fold, "optimization", queue(fold, ["warmth"], {}, "r1"));
  append(fold, "optimization", queue(fold, ["most"], {}, "r2"));
  append(fold, "variable", decide(fold.variables, { kind: "deprecate", by: "ada", name: "length" }));
  append(fold, "variable", decide(fold.variables, { kind: "deprecate", by: "ada", name: "warmth" }));
  const failed = start(fold);
  assert.equal(failed?.verb, "failed");
  append(fold, "optimization", failed);
  assert.equal(fold.optimizations.runs.get("r1")?.error?.code, "gone");
  assert.equal(start(fold)?.data.run, "r2");
});

test("its request - is the same whoever makes it, and a check is another one", () => {
  const fold = given();
  const queued = queue(fold, ["warmth"]);
  append(fold, "optimization", queued);
  const started = start(fold);
  assert.ok(queued.verb === "queued" && started?.verb === "started");
  const made = (isCheck: boolean, time: string) => requestOf(queued.data, started.data, isCheck, time);
  const { data } = made(false, "t") as { data: { id: string; inputs: { job: Record<string, unknown> } } };
  assert.deepEqual(made(false, "later").data, data);
  assert.equal(data.id, "ada.o.r1");
  assert.deepEqual(data.inputs.job.base, { warmth: 0.7 });
  assert.equal((data.inputs.job.definitions as { name: string }[])[0]?.name, "warmth");
  const check = made(true, "t").data as typeof data;
  assert.deepEqual(
    [check.id, check.inputs.job.run, check.inputs.job.check],
    ["ada.o.r1-check", "r1-check", true],
  );
});

const interval = (mean: number, spread = 0.1) => ({
  mean,
  low: mean - spread,
  high: mean + spread,
  count: 20,
});
const REPORT: Report = {
  improved: true,
  verdict: "improved",
  base: { values: { warmth: 0.7 }, objectives: { quality: interval(0.5) } },
  best: { values: { warmth: 1.2 }, objectives: { quality: interval(0.9) } },
  differences: { quality: interval(0.4) },
};
const result = (more: object) =>
  ({ status: "succeeded", program: "dspex-tune", outputs: {}, ...more }) as Result;

test("what is surely better - is set with why, metric, and the versions that it began with", () => {
  const { fold, run } = running();
  const command = applyCommand(run, REPORT);
  assert.deepEqual(command, {
    kind: "set",
    by: "optimization/r1",
    values: { warmth: 1.2 },
    expect: { warmth: 1 },
    reason: "exact 0.5 → 0.9 on 20 held-out examples, difference 0.4 [0.3, 0.5]",
    metric: { name: "exact", value: 0.9 },
  });
  append(fold, "variable", decide(fold.variables, command), 9);
  assert.deepEqual(run.applied?.versions, { length: 2, warmth: 2 });
  const back = rollBackCommand(run, "worse");
  assert.deepEqual(
    [back.values, back.expect, back.reason],
    [{ warmth: 0.7 }, { warmth: 2 }, "rolled back: worse"],
  );
  append(fold, "variable", decide(fold.variables, back), 10);
  assert.equal(run.rolledBack, fold.variables.sequence);
  assert.equal(fold.variables.variables.get("warmth")?.value, 0.7);
});

test("what somebody has set meanwhile - stays", () => {
  const { fold, run } = running();
  append(fold, "variable", decide(fold.variables, { kind: "set", by: "eve", values: { warmth: 0.1 } }));
  const command = applyCommand(run, REPORT);
  assert.ok(command);
  assert.throws(() => decide(fold.variables, command), { code: "conflict", path: "expect.warmth" });
  assert.equal(run.applied, undefined);
});

test("what is not surely better, or was only to be told - is not set", () => {
  const { run } = running();
  assert.equal(applyCommand(run, { ...REPORT, improved: false }), undefined);
  assert.equal(applyCommand({ ...run, apply: false }, REPORT), undefined);
  const { best: _best, ...without } = REPORT;
  assert.equal(applyCommand(run, without), undefined);
});

test("a check - that is worse or fails brings the values before back, a cancelled one does not", () => {
  const { run } = running();
  const check = (regressed: boolean): Answered<Check> => ({
    status: "succeeded",
    report: { regressed, differences: { quality: interval(regressed ? -0.4 : 0.4) } },
  });
  assert.equal(regressionIn(run, check(false)), undefined);
  assert.match(regressionIn(run, check(true)) ?? "", /worse than before: quality -0\.4 \[-0\.5, -0\.3\]/);
  assert.equal(regressionIn(run, { status: "cancelled" }), undefined);
  const error = { code: "internal", message: "no", retryable: false };
  const failed = checkAnswer(result({ status: "failed", error }));
  assert.match(regressionIn(run, failed) ?? "", /could not be measured: no/);
});

test("an answer - of another program, or without a report, is none", () => {
  assert.equal(searchAnswer(result({ outputs: { report: REPORT } })).status, "succeeded");
  assert.equal(searchAnswer(result({ outputs: { report: REPORT }, program: "other" })).status, "failed");
  assert.equal(searchAnswer(result({ outputs: { report: { improved: 1 } } })).status, "failed");
  assert.equal(searchAnswer(result({ status: "cancelled" })).status, "cancelled");
});

test("another user's result under the run's name - is none of the run's", () => {
  const { fold, run } = running();
  const answer = (user: string, name: string) => {
    const sequence = fold.variables.sequence + 1;
    const subject = `dspex.result.${user}.o.${name}`;
    applyMessage(fold, { subject, sequence, timeMs: 1, json: () => ({ data: {} }) });
    return sequence;
  };
  answer("eve", "r1");
  assert.equal(run.answered, undefined);
  const sequence = answer("ada", "r1");
  answer("ada", "r1");
  assert.equal(run.answered, sequence);
  assert.equal(run.checked, undefined);
  assert.equal(answer("ada", "r1-check"), run.checked);
});
