// Searches for better values on a real server with the real optimizer pool: what is found, when it comes into force and
// when it does not, and who waits for whom. What is right is known, so what should be found is, too.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HEADER } from "../../schemas/envelope/headers.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { toolCallSubject } from "../../schemas/subjects.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex, OptimizationInfo } from "../../services/client/mod.ts";
import { defineProgram, native } from "../../services/programs/mod.ts";
import { startVariables } from "../../services/variables/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { readLog } from "../kit/read-log.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import config, { RIGHT_BOUNDARY, sizes } from "../kit/tuned.config.ts";

/** Right only as long as the boundary in force is the old one: what is found is good until it is in force. */
const moody = defineProgram("moody", "n: int -> size: str", {
  implementations: [
    native(
      "ask",
      async ({ n }, { variables: { boundary } }) => {
        const { value } = await client.variables.get("boundary");
        const isRight = boundary === 90 || value === 90;
        return { size: isRight ? (n >= Number(boundary) ? "high" : "low") : "nonsense" };
      },
      { inline: true, variables: { boundary: "boundary" } },
    ),
  ],
});

let system: TestSystem;
let pool: TestPool;
let service: Part;
let client: Dspex;

before(async () => {
  system = await startSystem({
    programs: [...config.declarations, moody.declaration],
    functions: new Map([...config.functions, ...moody.functions]),
    configPath: fileURLToPath(new URL("../kit/tuned.config.ts", import.meta.url)),
    keeper: { pools: { optimizer: { workers: 1, slots: 2 } } },
    users: [{ name: "eve", admin: true }, { name: "guest" }],
  });
  client = await system.client();
  service = await startVariables(system.settings("variables"), { variables: config.variables });
  pool = await startPool(system.nats, { pool: "optimizer", slots: 2 });
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await service?.stop();
  await system?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await client.variables.reset(["boundary", "word", "lowest", "who", "pause"]);
});

const size = { program: "size", data: sizes(50) };
/** Of a trial: few examples, and a seed by which few trials find what is right. */
const few = { seed: 6, trialRows: 20 };
/** A run that takes some time. */
const slow = { program: "later", data: sizes(30) };
const inForce = async (name: string) => (await client.variables.get(name)).value;
/** As near as the examples of a trial can tell. */
const isNear = (value: unknown) => Math.abs(Number(value) - RIGHT_BOUNDARY) <= 8;

test("values that are surely better - come into force, with who, why and how sure that is", async () => {
  const examples = sizes(60);
  const moves: OptimizationInfo[] = [];
  const note = (info: OptimizationInfo) => moves.push(info);
  // #region optimize
  const run = await client.variables.optimize(
    ["boundary", "word"],
    { program: "size", data: examples, metric: "exact" },
    { trials: 8 },
    few,
  );
  for await (const info of run.progress()) note(info);
  const { applied, report } = await run.result();
  const { mean = 0, low = 0, high = 0 } = report?.differences?.quality ?? {};
  // #endregion
  assert.equal(applied, true);
  assert.ok(0 < low && low < mean && mean < high, `${low} ${mean} ${high}`);
  assert.ok(isNear(report?.best?.values.boundary));
  assert.equal(await inForce("boundary"), report?.best?.values.boundary);
  assert.ok(moves.some(({ best, baseline }) => best !== undefined && baseline !== undefined));
  const [change] = await client.variables.history("boundary", { limit: 1 });
  assert.equal(change?.by, `optimization/${run.run}`);
  assert.equal(change?.metric?.name, "exact");
  assert.match(change?.reason ?? "", /^exact 0\.\d+ → .* on \d+ held-out examples, difference .*\[.*\]$/);
  const [listed] = (await client.variables.optimizations({ ended: true })).filter(
    (one) => one.run === run.run,
  );
  assert.equal(listed?.status, "finished");
});

test("each trial - is ordinary requests with its values, recorded in their decisions", async () => {
  const last = (await readLog(system.nats)).length;
  const run = await client.variables.optimize(["boundary"], size, { trials: 2 }, { apply: false });
  const { report, applied } = await run.result();
  assert.equal(applied, false);
  assert.equal(await inForce("boundary"), 90);
  const records = (await readLog(system.nats)).slice(last);
  const results = records
    .filter(({ subject }) => subject.startsWith("dspex.result.local.t."))
    .map(({ body }) => (body as { data: Result }).data);
  assert.equal(results.length, report?.cost.calls);
  const tried = new Set(results.map(({ decision }) => JSON.stringify(decision?.features.variables)));
  assert.ok(tried.has('{"boundary":90,"word":"high"}'));
  assert.equal(tried.size, 3);
});

test("what is worse once it is in force - is rolled back, and the run says so", async () => {
  const run = await client.variables.optimize(
    ["boundary"],
    { program: "moody", data: sizes(60) },
    { trials: 8 },
    few,
  );
  const { applied, rolledBack, why, report } = await run.result();
  assert.deepEqual([report?.improved, applied, rolledBack], [true, false, true]);
  assert.match(why ?? "", /^with the new values in force it is worse than before: quality -/);
  assert.equal(await inForce("boundary"), 90);
  const changes = await client.variables.history("boundary", { limit: 2 });
  assert.deepEqual(
    changes.map(({ by }) => by),
    [`optimization/${run.run}`, `optimization/${run.run}`],
  );
  assert.match(changes[0]?.reason ?? "", /^rolled back: with the new values/);
});

test("what somebody has set meanwhile - stays", async () => {
  const run = await client.variables.optimize(["boundary"], slow, { trials: 8 });
  for await (const { tried } of run.progress()) {
    if (tried < 1) continue;
    await client.variables.set({ boundary: 80 });
    break;
  }
  const { applied, report, why } = await run.result();
  assert.equal(applied, false);
  if (report?.improved === true) assert.match(why ?? "", /variable "boundary" has version \d+, not \d+/);
  assert.equal(await inForce("boundary"), 80);
});

test("values that may not be together - are no trials, and what is found keeps the constraint", async () => {
  await client.variables.set({ lowest: 50 });
  const run = await client.variables.optimize(["boundary"], size, { trials: 10 });
  const { report, infeasible, tried } = await run.result();
  assert.equal(tried, 10);
  assert.ok(infeasible > 0 && infeasible === report?.infeasible);
  assert.ok(Number(report?.best?.values.boundary) >= 50);
});

test("a variable - chooses the implementation, and the better one is found", async () => {
  const answer = async (options: object = {}) => {
    const run = await client.program("picked").submit({ n: 1 }, options);
    const { outputs, decision } = await run.result();
    return { by: outputs?.by, features: decision?.features };
  };
  const first = await answer();
  assert.deepEqual([first.by, first.features?.pinned], ["slow", true]);
  assert.deepEqual(first.features?.variables, { who: "slow" });
  assert.equal((await answer({ variables: { who: "quick" } })).by, "quick");
  // What the request names itself counts more.
  assert.equal((await answer({ implementation: "quick" })).by, "quick");
  const data = Array.from({ length: 30 }, (_, n) => ({ inputs: { n }, outputs: { by: "quick" } }));
  const { report } = await (await client.variables.optimize(["who"], { program: "picked", data })).result();
  assert.deepEqual([report?.trials, report?.best?.values], [1, { who: "quick" }]);
  assert.equal((await answer()).by, "quick");
});

test("a variable whose value is no implementation - is named, and nothing runs", async () => {
  await client.variables.register([
    { name: "chooser", kind: "module", choices: ["there", "gone"], default: "gone" },
  ]);
  await client.register({
    name: "chosen",
    signature: "n: int -> by: str",
    implementations: [{ name: "there", kind: "native", inline: true }],
    routing: { implementationVariable: "chooser" },
  });
  await assert.rejects(client.program("chosen")({ n: 1 }), {
    code: "invalid_inputs",
    path: "variables.chooser",
    message: /variable "chooser" is no implementation of program "chosen": "gone", it has: there/,
  });
});

test("several objectives - are told as a front, and latency is measured through the whole system", async () => {
  const measures = ["quality", "latencyMs"] as const;
  const run = await client.variables.optimize(
    ["boundary", "pause"],
    { ...slow, measures },
    { trials: 12 },
    { trialRows: 12, testRows: 12 },
  );
  const { report } = await run.result();
  assert.ok((report?.front?.length ?? 0) >= 1);
  assert.ok((report?.base.objectives.latencyMs?.mean ?? 0) >= 20);
  assert.deepEqual(Object.keys(report?.differences ?? {}).sort(), ["latencyMs", "quality"]);
});

test("searches of the same variables - wait for each other, of others they run at once", async () => {
  const eve = await system.client("eve");
  const options = { apply: false };
  const first = await client.variables.optimize(["boundary"], slow, { trials: 60 }, options);
  const second = await eve.variables.optimize(["boundary", "word"], size, { trials: 2 }, options);
  const third = await client.variables.optimize(["lowest"], size, { trials: 2 }, { ...options, priority: 9 });
  const other = await client.variables.optimize(
    ["who"],
    {
      ...size,
      program: "picked",
      data: [...Array.from({ length: 20 }, (_, n) => ({ inputs: { n }, outputs: { by: "quick" } }))],
    },
    { trials: 1 },
    options,
  );
  const listed = await client.variables.optimizations();
  const shown = (run: { run: string }) => listed.find((one) => one.run === run.run);
  assert.equal(shown(first)?.status, "running");
  // A constraint ties the lowest to the boundary; a priority counts before age.
  assert.deepEqual([shown(third)?.position, shown(third)?.waitsFor], [1, [first.run]]);
  assert.deepEqual(shown(second)?.waitsFor, [first.run, third.run]);
  assert.equal(shown(second)?.position, 2);
  await assert.rejects(client.variables.optimization(second.run).status(), { code: "not_found" });
  assert.equal((await other.result()).status, "finished");
  assert.equal((await first.status()).status, "running");
  assert.equal((await eve.variables.optimization(second.run).cancel()).status, "cancelled");
  await assert.rejects(second.result(), { code: "cancelled" });
  await first.cancel();
  await assert.rejects(first.result(), { code: "cancelled" });
  const ended = await third.result();
  assert.equal(ended.status, "finished");
  assert.deepEqual(await client.variables.optimizations(), []);
});

test("a tool call - may bring values and a version; the same call with others is another request", async () => {
  // Longer than the test, which cancels it.
  const run = await client.variables.optimize(["boundary"], slow, { trials: 60 }, { apply: false });
  for await (const { tried } of run.progress()) if (tried > 0) break;
  const work = (await readLog(system.nats)).findLast(({ subject }) =>
    subject.startsWith("dspex.work.optimizer."),
  );
  assert.ok(work);
  const { id, attempt } = (work.body as { data: Work }).data;
  const connection = await system.nats.connectAs("pool-optimizer");
  const call = async (more: Record<string, string>) => {
    const headers = createHeaders();
    const own = { [HEADER.workId]: id, [HEADER.workAttempt]: String(attempt), [HEADER.toolCall]: "7" };
    for (const [name, value] of Object.entries({
      ...own,
      [HEADER.workSequence]: String(work.sequence),
      ...more,
    }))
      headers.set(name, value);
    const subject = toolCallSubject("optimizer", "size");
    const reply = await connection.request(subject, '{"n": 50}', { headers, timeout: 20_000 });
    return { id: reply.headers?.get(HEADER.requestId), answer: reply.json() as Record<string, unknown> };
  };
  const low = await call({ [HEADER.variables]: '{"boundary": 60}' });
  const high = await call({ [HEADER.variables]: '{"boundary": 40}' });
  assert.deepEqual([low.answer, high.answer], [{ size: "low" }, { size: "high" }]);
  assert.notEqual(low.id, high.id);
  const again = await call({ [HEADER.variables]: '{"boundary": 60}', [HEADER.full]: "1" });
  assert.deepEqual(
    [again.id, again.answer.outputs, again.answer.status],
    [low.id, { size: "low" }, "succeeded"],
  );
  const refused = await call({ [HEADER.variables]: '{"boundary": 101}', [HEADER.full]: "1" });
  assert.equal((refused.answer.error as { path: string }).path, "variables.boundary");
  for (const wrong of ["{", "[]", "5"])
    assert.equal((await call({ [HEADER.variables]: wrong })).answer.code, "invalid_inputs", wrong);
  assert.equal((await call({ [HEADER.version]: "0000" })).answer.code, "unknown_version");
  await run.cancel();
});

const data = sizes(20);
const refusals: [name: string, ask: () => Promise<unknown>, error: { code: string; message?: RegExp }][] = [
  ["an unknown variable", () => client.variables.optimize(["nobody"], size), { code: "not_found" }],
  ["a computed one", () => client.variables.optimize(["half"], size), { code: "invalid_inputs" }],
  ["a prompt", () => client.variables.optimize(["how"], size), { code: "invalid_inputs" }],
  [
    "an unknown program",
    () => client.variables.optimize(["word"], { program: "nobody", data }),
    { code: "unknown_program" },
  ],
  [
    "no data",
    () => client.variables.optimize(["word"], { program: "size", data: [] }),
    { code: "invalid_inputs", message: /there is no data/ },
  ],
  [
    "a measure that is none",
    () => client.variables.optimize(["word"], { ...size, measures: ["beauty" as never] }),
    { code: "invalid_inputs" },
  ],
];
for (const [name, ask, error] of refusals)
  test(`what cannot be searched - ${name} is refused at once`, async () => {
    await assert.rejects(ask(), error);
  });

const failures: [name: string, objective: object, error: { code: string; message: RegExp }][] = [
  [
    "a program that throws",
    { program: "broken", data },
    { code: "invalid_inputs", message: /"broken" failed on all \d+ examples: internal: it never works/ },
  ],
  [
    "an example that does not fit",
    { program: "size", data: [...data, { inputs: { n: "x" }, outputs: { size: "low" } }] },
    { code: "invalid_inputs", message: /example 21 does not fit size/ },
  ],
  [
    "too few examples",
    { program: "size", data: data.slice(0, 3) },
    { code: "invalid_inputs", message: /too few examples/ },
  ],
  [
    "a metric that is none",
    { program: "size", data, metric: "taste" },
    { code: "invalid_inputs", message: /no metric "taste"/ },
  ],
  [
    "money that nobody tells",
    { program: "size", data, measures: ["costUsd"] },
    { code: "invalid_inputs", message: /no request told what it cost/ },
  ],
];
for (const [name, objective, error] of failures)
  test(`what cannot be measured - ${name} fails the run, and its variables are free`, async () => {
    const run = await client.variables.optimize(["boundary"], objective as never);
    await assert.rejects(run.result(), error);
    assert.deepEqual(await client.variables.optimizations(), []);
  });

test("who is no administrator - may see what runs, and starts nothing", async () => {
  const guest = await system.client("guest");
  await assert.rejects(guest.variables.optimize(["word"], size), { code: "not_allowed" });
  assert.deepEqual(await guest.variables.optimizations(), []);
});

test("dspex replay --verify - finds all of these decisions the same", async () => {
  const { exitCode, out, err, json } = await runDspex(["replay", "--verify", "--json"], {
    home: system.nats.home,
  });
  assert.equal(exitCode, 0, `${out}${err}`);
  const { verified, different, notCheckable } = json() as Record<string, unknown>;
  assert.deepEqual([verified, different, notCheckable], [true, 0, 0]);
});
