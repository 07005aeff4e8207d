// A worker's choices and where their calibration comes from, against a server that tells likelihoods.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import type { Calibration } from "../../schemas/messages/policy-event.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { fakeLlama } from "../../tests/kit/fake-llama.ts";
import {
  type FakeModelServer,
  fails,
  hangs,
  says,
  startFakeModelServer,
} from "../../tests/kit/fake-model-server.ts";
import { armsOf } from "../learning/statistics/arms.ts";
import { defineProgram } from "../programs/define.ts";
import { definitionOf } from "../programs/definition.ts";
import { createModelAdapters } from "./adapters/mod.ts";
import { ModelCalls } from "./model-calls.ts";

const [example] = JSON.parse(
  readFileSync(new URL("../../schemas/fixtures/messages/work.json", import.meta.url), "utf8"),
);

const CALIBRATION = ["dull", "fine", "grey", "wet"].map((text) => ({ text }));

function mood(
  calibration = CALIBRATION,
  fitted: { offsets?: Record<string, number> } = {},
): ProgramDefinition {
  const choice = { name: "choice", kind: "choice", prompt: "{{text}}:", calibration, ...fitted } as const;
  return definitionOf(
    defineProgram("mood", 'text: str -> mood: Literal["good", "bad"]', {
      implementations: [choice, { name: "schema", kind: "structured" }],
    }).declaration,
  );
}

/** Says "good" of all, in a measure: of "dull" to "wet" with 0.8, of "sun" with 0.9, of "rain" with 0.7. */
function model() {
  const good: Record<string, number> = { "sun:": 0.9, "rain:": 0.7 };
  return fakeLlama({
    vocabulary: [" good", " bad"],
    likelihoods: (text) => ({ " good": good[text] ?? 0.8, " bad": 1 - (good[text] ?? 0.8) }),
  });
}

function callsOf(server: FakeModelServer, published?: (arm: string) => Calibration | undefined) {
  const models = { default: "fake", models: { fake: server.model(), other: server.model() } };
  return new ModelCalls(createModelAdapters({ variables: {} }), models, {
    calibrationOf: (_program, arm) => published?.(arm),
  });
}

function run(calls: ModelCalls, definition: ProgramDefinition, text: string, more: Partial<Work> = {}) {
  const { version } = definition;
  const work = { ...example.message, program: "mood", version, implementation: "choice", settings: {} };
  const { history: _history, ...alone } = { ...work, ...more };
  return calls.run(definition, alone, { text }, new AbortController().signal, undefined);
}

it("choice - the declared inputs are scored once, for all that come meanwhile", async () => {
  const llama = model();
  await using server = await startFakeModelServer(says("{}"), llama.endpoints);
  const calls = callsOf(server);
  const definition = mood();
  const answers = await Promise.all(["sun", "rain", "rain"].map((text) => run(calls, definition, text)));
  assert.deepEqual(
    answers.map(({ outputs }) => outputs.mood),
    ["good", "bad", "bad"],
    "it would say good of all",
  );
  assert.equal(llama.completions.length, CALIBRATION.length + 3);
  const tokens = answers.map(({ usage }) => usage.outputTokens);
  assert.equal(
    tokens.reduce((sum, n) => sum + n, 0),
    llama.completions.length,
    "what they cost is counted, once",
  );
});

it("choice - published means come before, and are those of the arm", async () => {
  const llama = model();
  await using server = await startFakeModelServer(says("{}"), llama.endpoints);
  const definition = mood();
  const [choice] = armsOf(definition);
  const means = { good: Math.log(0.95), bad: Math.log(0.05) };
  const calls = callsOf(server, (arm) => (arm === choice?.key ? { arm, count: 16, means } : undefined));
  assert.equal((await run(calls, definition, "sun")).outputs.mood, "bad");
  assert.equal(llama.completions.length, 1);
});

it("choice - without calibration the likelier label is taken, later the one that is likelier than before", async () => {
  const llama = model();
  await using server = await startFakeModelServer(says("{}"), llama.endpoints);
  const calls = callsOf(server);
  const definition = mood([]);
  for (let n = 0; n < 16; n++)
    assert.equal((await run(calls, definition, n % 2 === 0 ? "sun" : "rain")).outputs.mood, "good");
  assert.equal((await run(calls, definition, "rain")).outputs.mood, "bad");
});

it("choice - with another model or prompt the declared inputs are scored for that one", async () => {
  const llama = model();
  await using server = await startFakeModelServer(says("{}"), llama.endpoints);
  const calls = callsOf(server, (arm) => ({ arm, count: 99, means: { good: -1, bad: -1 } }));
  const definition = mood();
  await run(calls, definition, "sun");
  assert.equal(llama.completions.length, 1);
  await run(calls, definition, "sun", { settings: { prompt: "It is {{text}}:" } });
  assert.equal(llama.completions.length, 1 + CALIBRATION.length + 1);
  assert.equal(llama.completions.at(-1)?.text, "It is sun:");
  await run(calls, definition, "sun", { settings: { model: "other" } });
  assert.equal(llama.completions.length, 6 + CALIBRATION.length + 1);
});

it("choice - what was fitted comes before all that is calibrated, for the prompt that it was fitted for", async () => {
  const llama = model();
  await using server = await startFakeModelServer(says("{}"), llama.endpoints);
  const calls = callsOf(server, (arm) => ({ arm, count: 99, means: { good: 0, bad: 0 } }));
  const definition = mood(CALIBRATION, { offsets: { good: 1.7, bad: 0 } });
  const said = await Promise.all(["sun", "rain"].map((text) => run(calls, definition, text)));
  assert.deepEqual(
    said.map(({ outputs }) => outputs.mood),
    ["good", "bad"],
  );
  assert.equal(llama.completions.length, 2);
  await run(calls, definition, "sun", { settings: { prompt: "It is {{text}}:" } });
  assert.equal(llama.completions.length, 2 + CALIBRATION.length + 1);
});

it("choice - where calibration fails, the call does, and the next one tries again", async () => {
  const llama = model();
  llama.next(fails(503, "Loading model"));
  await using server = await startFakeModelServer(says("{}"), llama.endpoints);
  const calls = callsOf(server);
  const definition = mood();
  await assert.rejects(run(calls, definition, "rain"), { code: "lm_unavailable" });
  assert.equal((await run(calls, definition, "rain")).outputs.mood, "bad");
});

it("settings - a time limit of the work is kept", async () => {
  await using server = await startFakeModelServer(hangs);
  const late = run(callsOf(server), mood(), "sun", { implementation: "schema", settings: { timeoutMs: 50 } });
  await assert.rejects(late, { code: "lm_timeout", message: /within 50 ms/ });
});

it("a turn of a session - names its slot to a server that has such, other requests that of their program", async () => {
  const llama = model();
  await using server = await startFakeModelServer(says('{"mood": "good"}'), llama.endpoints);
  const models = {
    default: "slots",
    models: { slots: server.model({ cacheSlots: 4 }), none: server.model() },
  };
  const calls = new ModelCalls(createModelAdapters({ variables: {} }), models, {
    calibrationOf: () => undefined,
  });
  const turn = (more: Partial<Work>) =>
    run(calls, mood(), "sun", { user: "local", session: "travel", implementation: "schema", ...more });
  const asked = async (more: Partial<Work>) => {
    const { slot } = await turn(more);
    return [slot, server.requests.at(-1)?.id_slot];
  };
  assert.deepEqual(await asked({}), [2, 2]);
  assert.deepEqual(await asked({ session: "a" }), [1, 1]);
  assert.deepEqual(await asked({}), [2, 2], "again");
  const [told, named] = await asked({ session: undefined });
  assert.equal(told, undefined, "it is no session's");
  assert.ok(named === 0 || named === 3, "nor in a slot of one");
  assert.deepEqual(await asked({ session: undefined }), [undefined, named]);
  assert.deepEqual(await asked({ settings: { model: "none" } }), [undefined, undefined]);
  const { slot } = await turn({ implementation: "choice" });
  const slots = llama.completions.map((one) => one.slot);
  assert.deepEqual([slot, slots.at(-1)], [2, 2]);
  assert.ok(
    slots.slice(0, -1).every((one) => one === undefined),
    "calibration is no session's",
  );
});
