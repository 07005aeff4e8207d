// Validators of programs on a real server, with functions in the router, the TypeScript worker and a Python pool: what
// fails is tried elsewhere, what is scored is learned from, and a person's word counts more.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { ProgramFeedback } from "../../schemas/messages/program-event.ts";
import { parseLogSubject, resultSubject } from "../../schemas/subjects.ts";
import type { Part } from "../../services/bus/part.ts";
import { type Dspex, isDspexError } from "../../services/client/mod.ts";
import { startLearning } from "../../services/learning/main.ts";
import { startNative } from "../../services/native/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { readLog } from "../kit/read-log.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import config from "../kit/validated.config.ts";

const CONFIG = fileURLToPath(new URL("../kit/validated.config.ts", import.meta.url));
const MODULES = fileURLToPath(new URL("../kit/validated-modules", import.meta.url));
const DOCUMENTS = ["The river rises in the hills north of the town.", "Its water is cold."];

const model = await startFakeModelServer(says("{}"));
let system: TestSystem;
let pool: TestPool;
const parts: Part[] = [];
let client: Dspex;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath: CONFIG,
    keeper: { pools: { general: { workers: 1, slots: 4 } } },
  });
  const models = { default: "fake", models: { fake: model.model() } };
  parts.push(await startNative(system.settings("native"), { models, slots: 4 }));
  parts.push(await startLearning(system.settings("learning"), { config: {} }));
  pool = await startPool(system.nats, { model: model.model(), modules: [MODULES] });
  client = await system.client();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await Promise.allSettled(parts.map((part) => part.stop()));
  await system?.[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
});

/** The model says the one answer, then the other. */
async function brief(answers: readonly string[], implementation?: string) {
  model.next(...answers.map((answer) => says(JSON.stringify({ answer }))));
  const options = implementation === undefined ? {} : { implementation };
  const run = await client.program("brief").submit({ question: "Where?", documents: DOCUMENTS }, options);
  return run.result();
}

const LONG = "The river rises in the hills north of the town, where it is cold, and goes on [1].";
const GOOD = "It rises “in the hills north” of the town [1].";

for (const implementation of ["small", "predict"])
  test(`an answer by ${implementation} - carries what the validators say`, async () => {
    const { status, outputs, validation, error } = await brief([GOOD], implementation);
    assert.equal(status, "succeeded", error?.message);
    assert.deepEqual(outputs, { answer: GOOD });
    assert.deepEqual(validation, {
      quality: 1,
      verdicts: [
        { validator: "short", output: "answer", kind: "length", valid: true },
        { validator: "private", output: "answer", kind: "pii", valid: true },
        { validator: "cited", output: "answer", kind: "citations", valid: true, score: 1 },
        { validator: "quoted", output: "answer", kind: "quotes", valid: true, score: 1 },
      ],
    });
  });

for (const implementation of ["small", "predict"])
  test(`an answer by ${implementation} that is worse - stands, with what is wrong`, async () => {
    const { status, validation } = await brief(["“Every cat sleeps” in the hills [3]."], implementation);
    assert.equal(status, "succeeded");
    assert.equal(validation?.quality, 0);
    const problems = validation.verdicts.flatMap((one) => one.problems ?? []);
    assert.deepEqual(problems, [
      { path: "outputs.answer", message: "there is no source [3]", span: { start: 32, end: 35 } },
      { path: "outputs.answer", message: 'no source says "Every cat sleeps"', span: { start: 0, end: 18 } },
    ]);
  });

test("a validator that must hold - ends the attempt, and the next implementation is tried", async () => {
  // Whichever is chosen first, both that ask the model are told the same.
  const result = await brief([LONG, LONG], undefined);
  assert.equal(result.status, "succeeded", result.error?.message);
  assert.equal(result.implementation, "first");
  assert.match(result.fallbackReason ?? "", /output_invalid$/);
  const failed = result.attempts.slice(0, -1);
  assert.deepEqual(failed.map((one) => one.implementation).sort(), ["predict", "small"]);
  for (const { error, usage } of failed) {
    assert.equal(error?.code, "output_invalid");
    assert.equal(error.path, "outputs.answer");
    // The output must not hold personal data, so what it holds is not told.
    assert.equal(error.message, 'validator "short": outputs.answer: does not pass the check "length"');
    assert.deepEqual((error.details as { validators: unknown }).validators, [
      {
        validator: "short",
        output: "answer",
        kind: "length",
        valid: false,
        problems: [{ path: "outputs.answer", message: 'does not pass the check "length"' }],
      },
    ]);
    assert.ok((usage?.outputTokens ?? 0) > 0, "what it cost is counted");
  }
});

test("a validator that nothing passes - is the request's answer, after finitely many attempts", async () => {
  const run = await client.program("never").submit({ text: "no address" });
  const { status, error, attempts } = await run.result();
  assert.deepEqual([status, attempts.length, error?.code], ["failed", 1, "output_invalid"]);
  assert.equal(
    error?.message,
    'validator "mail-format": outputs.mail: expected an e-mail address, got "no address"',
  );
  const retried = await client
    .program("note")
    .submit({ text: "one two three four five six" }, { deadlineMs: 20_000 });
  const ended = await retried.result();
  assert.deepEqual([ended.status, ended.error?.code], ["failed", "output_invalid"]);
  assert.equal(ended.attempts.length, 4);
});

test("a user's module - is held to what it says itself", async () => {
  const { validators } = await client.describe("note");
  assert.deepEqual(
    validators?.map(({ name }) => name),
    ["note-length", "lines-format"],
  );
  const run = await client.program("note").submit({ text: "a@b.org and c@d.org" });
  const { validation } = await run.result();
  assert.deepEqual(validation?.quality, 2 / 3);
  assert.deepEqual(validation.verdicts[1]?.problems, [
    { path: "outputs.lines[1]", message: 'expected an e-mail address, got "and"' },
  ]);
});

test("long answers - are looked at in a thread, and say the same", async () => {
  const ask = (times: number, word = "word") => client.program("long").submit({ word, times });
  const [within, beyond, refused] = await Promise.all(
    [await ask(4_000), await ask(6_000), await ask(3_000, "aaab")].map((run) => run.result()),
  );
  assert.equal(within?.validation?.quality, 1);
  assert.equal(beyond?.validation?.quality, 0);
  assert.equal(refused?.implementation, "cut");
  assert.equal(refused.attempts[0]?.error?.code, "output_invalid");
  assert.match(
    refused.attempts[0].error.message,
    /^validator "text-pattern": outputs\.text: expected text without/,
  );
});

test("what validators score - is learned: the implementation that passes is preferred", async () => {
  const sum = client.program("sum");
  const chosen: string[] = [];
  for (let n = 0; n < 120; n++) {
    const result = await (await sum.submit({ a: n, b: 2 })).result();
    assert.equal(result.validation?.quality, result.implementation === "careful" ? 1 : 0);
    chosen.push(result.implementation ?? "");
  }
  const late = chosen.slice(60);
  const share = late.filter((name) => name === "careful").length / late.length;
  assert.ok(share >= 0.8, `${share} of the later requests went to the careful one`);
  const last = await (await sum.submit({ a: 1, b: 1 })).result();
  const score = (name: string) => last.decision?.candidates.find((one) => one.implementation === name)?.score;
  assert.ok((score("careful") ?? 0) > (score("sloppy") ?? 1));
});

test("feedback - counts in place of what validators said", async () => {
  const run = await client.program("sum").submit({ a: 3, b: 4 });
  const result = await run.result();
  await run.feedback(0.25, "who cares for sums");
  const records = await readLog(system.nats);
  const stored = records.find(({ subject }) => subject === resultSubject(result.id));
  const told = records
    .filter(({ subject }) => parseLogSubject(subject).kind === "event")
    .map(({ body }) => (body as CloudEvent<ProgramFeedback>).data)
    .find(({ id, score }) => id === result.id && score === 0.25);
  assert.equal(told?.replaces, stored?.sequence);
  assert.ok(told?.place !== undefined && stored !== undefined);
});

test("dspex program describe, dspex explain, dspex replay --verify - tell of validators", async () => {
  const { home } = system.nats;
  const described = await runDspex(["program", "describe", "brief"], { home });
  assert.match(
    described.out,
    /validators\n {2}short +outputs\.answer +length +fail +unit="words" max=12\n.*\n {2}cited +outputs\.answer +citations +score +sourcesFrom="documents"/,
  );
  const worse = await brief(["“Every cat sleeps” in the hills [3]."], "small");
  const explained = await runDspex(["explain", worse.id], { home });
  for (const told of [
    /Of its 4 validators cited, quoted did not pass, which makes a quality of 0\.00\.\n/,
    /\nvalidators: quality 0\.00\n {2}short +outputs\.answer +length +passed\n/,
    /\n {2}cited +outputs\.answer +citations +did not pass \(0\.00\): outputs\.answer: there is no source \[3\]\n/,
  ])
    assert.match(explained.out, told);
  const verified = await runDspex(["replay", "--verify", "--json"], { home });
  assert.equal(verified.exitCode, 0, verified.out + verified.err);
  assert.deepEqual((verified.json() as { different: number }).different, 0);
});

const wrong: [name: string, validator: object, message: RegExp, path: string][] = [
  [
    "an output that there is not",
    { output: "anser", kind: "pii", onFailure: "fail" },
    /^validator "anser-pii": "anser" is no output of the signature, it has: answer$/,
    "validators.0.output",
  ],
  [
    "a pattern that is none",
    { name: "p", output: "answer", kind: "pattern", options: { pattern: "(" }, onFailure: "fail" },
    /^validator "p": pattern has an unclosed "\("/,
    "validators.0.options",
  ],
];
for (const [name, validator, message, path] of wrong)
  test(`registering over NATS - ${name} registers nothing`, async () => {
    const declaration = {
      name: "refused",
      signature: "question: str -> answer: str",
      implementations: [{ name: "small", kind: "structured" as const }],
      validators: [validator],
    };
    await assert.rejects(client.register(declaration as never), (error: unknown) => {
      assert.ok(isDspexError(error) && error.code === "invalid_inputs");
      assert.match(error.message, message);
      assert.equal(error.path, path);
      return true;
    });
    await assert.rejects(client.describe("refused"), { code: "unknown_program" });
  });
