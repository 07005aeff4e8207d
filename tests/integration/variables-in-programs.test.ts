// Programs whose settings are variables, on a real server with a real pool and a model that keeps what it was asked: a
// value that is set counts from the next request on, without a restart, and what was used is in decision and result.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { ProgramRegistered } from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import type { Part } from "../../services/bus/part.ts";
import { type Dspex, isDspexError } from "../../services/client/mod.ts";
import { defineConfig, defineProgram, dspy, variable } from "../../services/programs/mod.ts";
import { startRouter } from "../../services/router/main.ts";
import { startVariables } from "../../services/variables/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { readLog } from "../kit/read-log.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const MODULES = fileURLToPath(new URL("../kit/tuned-modules", import.meta.url));

const variables = [
  variable.float("warmth", { min: 0, max: 2, default: 0.7 }),
  variable.integer("length", { min: 16, max: 256, expression: "clamp(round(warmth * 100), 16, 256)" }),
  variable.prompt("how", { default: "Answer in one word." }),
  variable.choice("tone", { choices: ["formal", "casual"], default: "formal" }),
  variable.integer("unfit", { min: 0, max: 10, default: 1 }),
];
// #region refer
const answer = defineProgram("answer", "question: str -> answer: str", {
  implementations: [
    dspy("predict", {
      pool: "general",
      module: "Predict",
      temperature: 0.2,
      variables: { temperature: "warmth", maxTokens: "length", "parameters.instructions": "how" },
    }),
  ],
});
// #endregion
const unfit = defineProgram("unfit", "question: str -> answer: str", {
  implementations: [
    dspy("predict", { pool: "general", module: "Predict", variables: { maxTokens: "unfit" } }),
  ],
});
const config = defineConfig({ programs: [answer, unfit], variables });

const model = await startFakeModelServer(says('{"answer": "so"}'));
let system: TestSystem;
let pool: TestPool;
let service: Part | undefined;
let client: Dspex;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    routers: 2,
    router: { snapshotEvery: 20 },
    keeper: { pools: { general: { workers: 1, slots: 4 } } },
  });
  pool = await startPool(system.nats, { model: model.model(), modules: [MODULES] });
  client = await system.client();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await service?.stop();
  await system?.[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
});

/** What the model was asked with, and what the result says of it. */
async function ask(own?: Record<string, unknown>) {
  const asked = model.requests.length;
  const run = await client.program("answer").submit({ question: "why?" }, own && { variables: own });
  const result = await run.result();
  assert.equal(result.status, "succeeded", result.error?.message);
  assert.equal(model.requests.length, asked + 1);
  const request = model.requests.at(-1);
  return {
    temperature: request?.temperature,
    maxTokens: request?.max_tokens,
    prompt: JSON.stringify(request?.messages),
    recorded: result.decision?.features.variables,
  };
}

async function worksOf(program: string): Promise<Work[]> {
  const records = await readLog(system.nats);
  return records
    .filter(({ subject }) => subject.startsWith("dspex.work."))
    .map((record) => (record.body as CloudEvent<Work>).data)
    .filter((work) => work.program === program);
}

test("before a variable is registered - what is declared counts, and nothing is recorded", async () => {
  const { temperature, recorded } = await ask();
  assert.deepEqual([temperature, recorded], [0.2, undefined]);
  service = await startVariables(system.settings("variables"), { variables: config.variables });
});

test("what is set - counts from the next request on, all of it at once, in all routers", async () => {
  const first = await ask();
  assert.deepEqual([first.temperature, first.maxTokens], [0.7, 70]);
  assert.match(first.prompt, /Answer in one word\./);
  for (let n = 1; n <= 6; n++) {
    const warmth = n / 4;
    await client.variables.set({ warmth, how: `Answer in ${n} words.` });
    const { temperature, maxTokens, prompt, recorded } = await ask();
    const length = Math.round(warmth * 100);
    assert.deepEqual([temperature, maxTokens], [warmth, length]);
    assert.ok(prompt.includes(`Answer in ${n} words.`));
    assert.deepEqual(recorded, { how: `Answer in ${n} words.`, length, warmth });
  }
  const works = await worksOf("answer");
  assert.deepEqual(works.at(-1)?.variables, { how: "Answer in 6 words.", length: 150, warmth: 1.5 });
  assert.deepEqual(works.at(-1)?.settings, {
    kind: "dspy",
    pool: "general",
    module: "Predict",
    temperature: 1.5,
    maxTokens: 150,
    parameters: { instructions: "Answer in 6 words." },
  });
});

test("a request's own values - count for it alone, with what follows from them", async () => {
  const own = await ask({ warmth: 1 });
  assert.deepEqual([own.temperature, own.maxTokens], [1, 100]);
  assert.deepEqual(own.recorded, { how: "Answer in 6 words.", length: 100, warmth: 1 });
  assert.equal((await ask()).temperature, 1.5);
  assert.equal((await client.variables.get("warmth")).value, 1.5);
});

test("a request's own values - out of bounds, computed or unknown are refused before anything runs", async () => {
  const asked = model.requests.length;
  const works = (await worksOf("answer")).length;
  for (const [own, path] of [
    [{ warmth: 2.5 }, "variables.warmth"],
    [{ warmth: "hot" }, "variables.warmth"],
    [{ length: 20 }, "variables.length"],
    [{ nobody: 1 }, "variables.nobody"],
  ] as const) {
    const run = await client.program("answer").submit({ question: "why?" }, { variables: own });
    const { status, error, attempts } = await run.result();
    assert.deepEqual(
      [status, error?.code, error?.path, attempts.length],
      ["failed", "invalid_inputs", path, 0],
    );
  }
  assert.equal(model.requests.length, asked);
  assert.equal((await worksOf("answer")).length, works);
  assert.equal((await client.variables.get("warmth")).value, 1.5);
});

test("a value that its setting cannot have - is refused, naming both, until it is set to one that fits", async () => {
  await client.variables.set({ unfit: 0 });
  await assert.rejects(client.program("unfit").call({ question: "why?" }), (error) => {
    assert.ok(isDspexError(error));
    assert.deepEqual([error.code, error.path], ["invalid_inputs", "variables.unfit"]);
    assert.match(error.message, /variable "unfit" is no maxTokens of implementation "predict": 0: /);
    return true;
  });
  await client.variables.set({ unfit: 5 });
  assert.deepEqual(await client.program("unfit").call({ question: "why?" }), { answer: "so" });
});

test("a user's own function - finds a value under its key, and the next call another", async () => {
  const isRegistered = async () => (await readLog(system.nats)).some((record) => isGreet(record));
  await until(isRegistered);
  const greet = () => client.program("greet").call({ name: "Ada" });
  assert.deepEqual(await greet(), { greeting: "Good day, Ada." });
  await client.variables.set({ tone: "casual" });
  assert.deepEqual(await greet(), { greeting: "Hi Ada!" });
  const formal = await client.program("greet").call({ name: "Ada" }, { variables: { tone: "formal" } });
  assert.deepEqual(formal, { greeting: "Good day, Ada." });
});
function isGreet(record: { subject: string; body: unknown }): boolean {
  if (record.subject !== "dspex.event.program.greet.registered") return false;
  const { data } = record.body as CloudEvent<ProgramRegistered>;
  assert.deepEqual(data.implementations[0]?.variables, { voice: "tone" });
  return true;
}

test("a router that comes back from its snapshot - has the values in force", async () => {
  for (const [at, router] of system.routers.entries()) {
    await router.stop();
    system.routers[at] = await startRouter(system.settings("router", at + 1), {
      functions: new Map(),
      configPath: "",
      config: { snapshotEvery: 20 },
    });
  }
  const { temperature, recorded } = await ask();
  assert.equal(temperature, 1.5);
  assert.deepEqual(recorded, { how: "Answer in 6 words.", length: 150, warmth: 1.5 });
});

test("dspex replay --verify - finds all of these decisions the same", async () => {
  const { exitCode, out, err, json } = await runDspex(["replay", "--verify", "--json"], {
    home: system.nats.home,
  });
  assert.equal(exitCode, 0, `${out}${err}`);
  const { verified, same, different, notCheckable } = json() as Record<string, unknown>;
  const decided = (await readLog(system.nats)).filter(({ subject }) => subject.startsWith("dspex.work."));
  assert.deepEqual([verified, same, different, notCheckable], [true, decided.length, 0, 0]);
});
