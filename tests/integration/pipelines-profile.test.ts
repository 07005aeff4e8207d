// Where the time of a mixed run went: a native function, a native worker and a Python pool, whose model takes a fixed time.
// What the model's server took by its own clock is what the results and the analysis tell, and the parts add up.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ResultTimings } from "../../schemas/messages/result.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { startNative } from "../../services/native/main.ts";
import {
  defineConfig,
  defineProgram,
  dspy,
  native,
  python,
  structured,
} from "../../services/programs/define.ts";
import {
  type FakeAnswer,
  type FakeModelServer,
  says,
  startFakeModelServer,
} from "../kit/fake-model-server.ts";
import { from, pipeline } from "../kit/pipeline-declarations.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const LATENCY_MS = 600;
const SAYS = "text: str -> said: str";
const config = defineConfig({
  programs: [
    defineProgram("shout", SAYS, {
      implementations: [native("upper", ({ text }) => ({ said: text.toUpperCase() }), { inline: true })],
    }),
    defineProgram("ask", SAYS, { implementations: [structured("model")] }),
    defineProgram("think", SAYS, {
      implementations: [dspy("predict", { pool: "general", module: "Predict" })],
    }),
    defineProgram("beside", SAYS, {
      implementations: [python("beside", { pool: "general", entry: "beside" })],
    }),
  ],
});

let model: FakeModelServer;
/** How long the server took for each call, by its own clock. */
const tookMs: number[] = [];
const slowly =
  (text: string): FakeAnswer =>
  async (request, response) => {
    const startedAt = performance.now();
    await pause(LATENCY_MS);
    await says(text)(request, response);
    tookMs.push(performance.now() - startedAt);
  };
let system: TestSystem;
let worker: Part;
let pool: TestPool;
let client: Dspex;

before(async () => {
  model = await startFakeModelServer(slowly('{"said": "so it is"}'));
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    pipelines: true,
    keeper: { pools: { general: { workers: 1, slots: 4 } } },
  });
  const capabilities = { responseSchema: true, tools: false, vision: false, logprobs: false };
  const fake = model.model({ capabilities });
  worker = await startNative(system.settings("native"), {
    models: { default: "fake", models: { fake } },
    slots: 4,
  });
  pool = await startPool(system.nats, {
    model: fake,
    modules: [fileURLToPath(new URL("../kit/profile-modules", import.meta.url))],
  });
  client = await system.client();
  // What is made once, modules and connections, is not what is looked at.
  for (const name of ["ask", "think", "beside"]) await client.program(name)({ text: "warm" });
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await worker?.stop();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

/** The parts of a result that its attempt is made of. */
function ran({ decodeMs, validateMs, modelMs = 0, codeMs, encodeMs }: ResultTimings): number {
  const parts = [decodeMs, validateMs, codeMs, encodeMs];
  for (const part of parts) assert.ok(part !== undefined && part > 0, `${parts}`);
  return parts.reduce<number>((sum, part) => sum + (part ?? 0), modelMs);
}

async function timed(program: string) {
  tookMs.length = 0;
  const run = await client.program(program).submit({ text: "hello" });
  const { timings } = await run.result();
  return { timings, serverMs: tookMs.reduce((sum, ms) => sum + ms, 0) };
}

/** What a busy machine keeps from a processor takes longer than it should: one of so many is not kept. */
const TRIES = 6;

for (const program of ["ask", "think"])
  test(`${program} - the model's time is the server's, and the parts add up to the run`, async () => {
    const all: string[] = [];
    for (let n = 0; n < TRIES; n++) {
      const { timings, serverMs } = await timed(program);
      const { runMs, modelMs = 0 } = timings;
      const told = JSON.stringify({ ...timings, serverMs });
      // Clocks of two processes differ by their grain.
      assert.ok(serverMs >= LATENCY_MS - 1 && modelMs >= serverMs - 5 && modelMs <= runMs + 1, told);
      // The work and the result are read and written outside of the run.
      const isWhole = Math.abs(runMs - ran(timings)) < 0.1 * runMs;
      if (isWhole && modelMs - serverMs < 0.25 * LATENCY_MS) return;
      all.push(told);
    }
    assert.fail(all.join("\n"));
  });

test("calls one after the other - add up", async () => {
  model.next(slowly('{"said": 1}'));
  const { timings, serverMs } = await timed("ask");
  assert.equal(tookMs.length, 2);
  const { modelMs = 0, runMs } = timings;
  assert.ok(modelMs >= serverMs - 10 && modelMs <= runMs + 1, JSON.stringify({ ...timings, serverMs }));
});

test("calls side by side - count once", async () => {
  const all: string[] = [];
  for (let n = 0; n < TRIES; n++) {
    const { timings, serverMs } = await timed("beside");
    const { modelMs = 0 } = timings;
    const told = JSON.stringify({ ...timings, serverMs });
    assert.equal(tookMs.length, 2);
    assert.ok(modelMs >= Math.max(...tookMs) - 5, told);
    if (modelMs < 0.75 * serverMs) return;
    all.push(told);
  }
  assert.fail(all.join("\n"));
});

test("a function - has no model, and its parts are its own", async () => {
  const { timings } = await timed("shout");
  assert.equal(timings.modelMs, undefined);
  assert.ok(ran(timings) > 0);
});

test("a mixed run - its profile splits native from Python, part by part", async () => {
  const call = (name: string, program: string, text: unknown) => ({
    name,
    kind: "call",
    program,
    inputs: { text },
  });
  const declared = {
    ...pipeline(
      [
        call("shouted", "shout", from("inputs.text")),
        call("asked", "ask", from("shouted.said")),
        call("thought", "think", from("asked.said")),
      ],
      from("thought.said"),
    ),
    name: "mixed",
  };
  const run = await client.pipelines.runnable(declared).run({ text: "hello" });
  assert.equal(((await run.result()) as { status: string }).status, "succeeded");
  const { split, stages } = await run.analysis();
  for (const [kind, requests] of [
    ["native", 2],
    ["python", 1],
  ] as const) {
    const profile = split[kind];
    const { queueMs, failedMs, routeMs, decodeMs, encodeMs, validateMs, modelMs, codeMs, transferMs } =
      profile;
    const told = JSON.stringify(profile);
    assert.deepEqual([profile.requests, profile.measured, failedMs], [requests, requests, 0], told);
    assert.ok(modelMs >= LATENCY_MS - 1, told);
    const sum =
      queueMs + routeMs + decodeMs + encodeMs + validateMs + modelMs + codeMs + transferMs + failedMs;
    assert.ok(Math.abs(sum - profile.totalMs) < 0.01, told);
    // By the log's clock, which nobody who measured parts has looked at.
    const ofStages = stages.filter(({ name }) => (kind === "python") === (name === "thought"));
    const lastedMs = ofStages.reduce((all, { p50Ms }) => all + p50Ms, 0);
    assert.ok(Math.abs(sum - lastedMs) < 1 + requests, `${told} ${lastedMs}`);
  }
});
