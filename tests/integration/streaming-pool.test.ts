// DSPy programs that stream, through the real pool, gateway and client: partial objects, back-pressure, kill -9.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { type Dspex, type StreamChunk, signature } from "../../services/client/mod.ts";
import { defineConfig, defineProgram, dspy } from "../../services/programs/define.ts";
import { type FakeModelServer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { collect, textOf, wordsOf } from "../kit/streaming-stage.ts";

const PEOPLE = 'text: str -> people: list[{name: str, age: int}], mood: Literal["good", "bad"], note: str';
const predict = dspy("predict", { pool: "general", module: "Predict" });
const thought = dspy("thought", { pool: "general", module: "ChainOfThought" });
const best = dspy("best", { pool: "general", module: "BestOfN", parameters: { n: 1 } });
const config = defineConfig({
  programs: [
    defineProgram("people", PEOPLE, { implementations: [predict] }),
    defineProgram("think", "topic: str -> story: str", { implementations: [thought] }),
    defineProgram("best", "topic: str -> story: str", { implementations: [best] }),
  ],
});

let model: FakeModelServer;
let system: TestSystem;
let pool: TestPool;
let client: Dspex;

before(async () => {
  model = await startFakeModelServer();
  system = await startSystem({
    programs: config.declarations,
    keeper: { pools: { general: { workers: 1, slots: 4 } } },
  });
  const capabilities = { responseSchema: true, tools: false, vision: false, logprobs: false };
  pool = await startPool(system.nats, { model: model.model({ capabilities }) });
  client = await system.client();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

function pieces(outputs: object, length = 3): string[] {
  return stringifyJson(outputs).match(new RegExp(`.{1,${length}}`, "gs")) ?? [];
}

test("a DSPy module - partial objects, each a value of the signature's beginning", async () => {
  const outputs = {
    people: [
      { name: "Ada", age: 36 },
      { name: "Alan", age: 41 },
    ],
    mood: "good" as const,
    note: "Both counted.",
  };
  model.next(says(pieces(outputs), { gapMs: 25 }));
  const run = await client.program("people", signature(PEOPLE)).submit({ text: "…" }, { stream: true });
  const partials = [];
  for await (const partial of run.partials()) {
    for (const [n, { name = "", age }] of (partial.people ?? []).entries()) {
      assert.ok(outputs.people[n]?.name.startsWith(name));
      assert.ok(age === undefined || age === outputs.people[n]?.age, "no half of a number");
    }
    assert.ok(partial.mood === undefined || partial.mood === "good");
    partials.push(partial);
  }
  assert.ok(partials.length > 2, `${partials.length} partials`);
  assert.deepEqual(partials.at(-1), outputs);
  assert.deepEqual(await run.outputs(), outputs);
});

test("a module that thinks first - streams its outputs alone; one that tries several answers gives the final one", async () => {
  const story = wordsOf(30).join("").trim();
  model.next(says(pieces({ reasoning: "because", story }, 9), { gapMs: 25 }));
  const run = await client.program("think").submit({ topic: "rain" }, { stream: true });
  const chunks = await collect(run.stream());
  assert.ok(chunks.length > 2, `${chunks.length} chunks`);
  assert.equal(textOf(chunks, "story"), story);
  assert.equal(textOf(chunks, "reasoning"), "");
  model.next(says(pieces({ story }, 9)));
  const tried = await client.program("best").submit({ topic: "rain" }, { stream: true });
  assert.deepEqual(
    (await collect(tried.stream())).map(({ field, text, final }) => [field, text, final]),
    [
      ["story", story, undefined],
      [undefined, "", true],
    ],
  );
});

test("back-pressure - the module waits for its slowest reader", async () => {
  const story = wordsOf(3_000).join("").trim();
  model.next(says(pieces({ reasoning: "", story }, 40), { gapMs: 1 }));
  const run = await client.program("think").submit({ topic: "rain" }, { stream: true });
  const fast: StreamChunk[] = [];
  const reading = (async () => {
    for await (const chunk of client.run(run.id).stream()) fast.push(chunk);
  })();
  const slow: StreamChunk[] = [];
  let mostAhead = 0;
  for await (const chunk of run.stream({ backpressure: true, room: 8 })) {
    slow.push(chunk);
    if (slow.length < 40) await new Promise((resolve) => setTimeout(resolve, 20));
    if (slow.length < 40) mostAhead = Math.max(mostAhead, fast.length - slow.length);
  }
  await reading;
  assert.ok(mostAhead <= 12, `${mostAhead} ahead`);
  assert.equal(textOf(slow, "story"), story);
  assert.equal(textOf(fast, "story"), story);
});

test("kill -9 of the pool in the middle - another delivery starts over and says so", async () => {
  const story = wordsOf(60).join("").trim();
  const said = pieces({ reasoning: "", story }, 9);
  // The first answer stops in the middle, until nobody is there any more to read it.
  const never = new Promise<void>(() => {});
  const half = (piece: number) => (piece < said.length / 2 ? undefined : never);
  model.next(says(said, { before: half }), says(said, { gapMs: 10 }));
  const run = await client.program("think").submit({ topic: "rain" }, { stream: true });
  const chunks: StreamChunk[] = [];
  for await (const chunk of run.stream()) {
    chunks.push(chunk);
    if (chunks.length === 1) for (const pid of pool.pids()) process.kill(pid, "SIGKILL");
  }
  const again = chunks.find(({ restarted }) => restarted === true);
  assert.deepEqual([again?.attempt, again?.delivery, again?.index], [1, 2, 0]);
  assert.equal(textOf(chunks, "story"), story);
  assert.deepEqual(await run.outputs(), { story });
});
