// Optimisations on the real server, with a pool that is made up: what is published, who may, and what a service that was
// away makes up for.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { canonicalJson } from "../../schemas/envelope/json.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import {
  ARTIFACT_BUCKET,
  optimizationEventSubject,
  requestSubject,
  resultSubject,
} from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import { Api } from "../../services/client/api.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { LogReader } from "../../services/log/read.ts";
import { startPrograms } from "../../services/programs/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import config from "../kit/functions.config.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const configPath = fileURLToPath(new URL("../kit/functions.config.ts", import.meta.url));
const logger = pino({ level: "silent" });
const ROWS = Array.from({ length: 20 }, (_, n) => ({
  inputs: { text: `t${n}` },
  outputs: { echo: `t${n}` },
}));

const SUMS = Array.from({ length: 20 }, (_, n) => ({ inputs: { a: n, b: 1 }, outputs: { sum: n + 1 } }));

/** What a pool tells of scores and cost. */
const REPORT = {
  program: "echo",
  optimizer: "search",
  metric: "exact",
  trials: 2,
  base: { implementation: "predict", mean: 0.5, low: 0.404, high: 0.596, count: 100 },
  best: { trial: 1, params: { way: "choice" }, mean: 0.95, low: 0.888, high: 0.978, count: 100 },
  difference: { mean: 0.45, low: 0.35, high: 0.55, count: 100 },
  cost: { calls: 10, inputTokens: 5, outputTokens: 5, costUsd: 0, timeMs: 1_000 },
  metricFailures: 0,
};

interface Run {
  run: string;
  id: string;
  version: string;
}
interface RunState {
  status: string;
  tried: number;
  best?: { score: number };
  published?: string;
  error?: { code: string; message: string };
}

let system: TestSystem;
let client: Dspex;
let api: Api;
let reader: LogReader;
let pool: Awaited<ReturnType<typeof fakePool>>;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath,
    users: [{ name: "other" }],
  });
  client = await system.client();
  api = new Api(client.connection, client.user);
  reader = await LogReader.open(await system.nats.connectAs("gateway"));
  pool = await fakePool(system.nats);
});
after(async () => {
  await system[Symbol.asyncDispose]();
});

/** Writes what the optimizer pool writes. */
async function fakePool(nats: TestNats) {
  const connection = await nats.connectAs("pool-optimizer");
  const appender = appenderOf(connection, { role: "pool-optimizer", instance: 1 });
  const artifacts = await ObjectBucket.open(connection, appender, ARTIFACT_BUCKET);
  const event = (type: string, data: object) =>
    JSON.stringify({
      specversion: "1.0",
      id: crypto.randomUUID(),
      source: "pool-optimizer/0",
      type,
      time: new Date().toISOString(),
      data,
    });
  return {
    async trial(run: string, trial: number, step: string, score: number) {
      const data = { run, trial, step, params: {}, score, scores: [score], spent: { calls: trial } };
      const subject = optimizationEventSubject(run, "trial-finished");
      await appender.append(subject, event("dspex.optimization.trial-finished.v1", data));
    },
    async artifact(content: object) {
      const data = Buffer.from(canonicalJson(content as Record<string, unknown>));
      const sha256 = createHash("sha256").update(data).digest("hex");
      const key = `local/${sha256}`;
      await artifacts.put(key, data);
      return {
        bucket: ARTIFACT_BUCKET,
        key,
        sizeBytes: data.length,
        sha256,
        contentType: "application/json",
      };
    },
    async answer(id: string, ending: object) {
      const data = {
        id,
        program: "dspex-optimize",
        version: "v",
        implementation: "optimize",
        attempts: [],
        usage: { inputTokens: 0, outputTokens: 0 },
        timings: { queueMs: 0, routeMs: 0, runMs: 0, totalMs: 0 },
        requestHash: "0".repeat(64),
        log: { request: 1, work: [], failures: [] },
        ...ending,
      };
      await appender.append(resultSubject(id), event("dspex.result.stored.v1", data), {
        expectedLastSequence: 0,
      });
    },
  };
}

async function optimize(name: string, more: object = { rows: ROWS }): Promise<Run> {
  return (await api.request({ verb: "program.optimize", body: { name, ...more }, admin: true })) as Run;
}
async function ended(run: string, asked = api): Promise<RunState> {
  for (let seen = -1; ; ) {
    const state = (await asked.request({
      verb: "program.optimization",
      body: { run, seen: Math.max(seen, 0), waitMs: 5_000 },
    })) as RunState;
    if (state.status !== "running") return state;
    seen = state.tried;
  }
}
/** A better version of a program, as the pool would have compiled it. */
async function better(
  { run, id }: Run,
  definition: ProgramDefinition,
  by = pool,
  more: object = {},
): Promise<void> {
  const { version, name, signature, implementations } = definition;
  const declaration = {
    name,
    description: `made by ${run}`,
    signature,
    implementations: [{ name: "optimized", kind: "native" }, ...implementations],
  };
  const artifact = await by.artifact({
    format: "dspex-version/1",
    parent: version,
    declaration,
    ...REPORT,
    run,
    ...more,
  });
  const report = { improved: true, verdict: "improved", artifact, ...more };
  await by.answer(id, { status: "succeeded", outputs: { report } });
}
const change = (verb: string, body: object) => api.request({ verb: `program.${verb}`, body, admin: true });
const current = async (name: string): Promise<ProgramDefinition> => client.describe(name);

test("a run - is followed by its trials, published, promoted, called, rolled back", async () => {
  const run = await optimize("echo");
  assert.equal(run.id, `local.o.${run.run}`);
  await pool.trial(run.run, 0, "base", 0.5);
  await pool.trial(run.run, 1, "candidate", 0.9);
  await better(run, await client.describe("echo", run.version));
  const state = await ended(run.run);
  assert.deepEqual([state.status, state.tried, state.best?.score], ["finished", 1, 0.9]);
  const version = state.published as string;
  assert.equal((await client.versions("echo").list()).published[0]?.version, version);
  assert.equal((await current("echo")).version, run.version, "nothing uses it yet");

  await change("promote", { name: "echo", version });
  assert.equal((await current("echo")).version, version);
  await change("rollback", { name: "echo", reason: "a try" });
  assert.equal((await current("echo")).version, run.version);
  assert.deepEqual((await client.program("echo")({ text: "hi" })) as object, { echo: "hi" });
  await change("withdraw", { name: "echo", version });
  await assert.rejects(change("promote", { name: "echo", version }), { code: "conflict" });
});

test("a run - that asks for it has its version tried at once", async () => {
  const run = await optimize("add", { rows: SUMS, canary: 0.3 });
  await better(run, await client.describe("add", run.version), pool, { program: "add" });
  const { published } = await ended(run.run);
  const { canary, current } = await client.versions("add").list();
  assert.deepEqual([canary?.version, canary?.share, current], [published, 0.3, run.version]);
  assert.equal(await client.versions("add").withdraw(published as string), true);
  assert.equal((await client.versions("add").list()).canary, undefined);
});

test("a result - that came while the service was away is settled when it is back, once by several", async () => {
  await using nats = await startNats();
  const password = nats.credentials.parts.programs.password;
  const start = (instance: number) =>
    startPrograms(
      { natsUrl: nats.url, role: "programs", password, instance, logger },
      { declarations: config.declarations },
    );
  const first = await start(1);
  const own = new Api(await nats.connectAs("local"), "local");
  const body = { name: "echo", rows: ROWS };
  const run = (await own.request({ verb: "program.optimize", body, admin: true })) as Run;
  const definition = (await own.request({
    verb: "program.describe",
    body: { name: "echo" },
  })) as ProgramDefinition;
  await first.stop();
  await better(run, definition, await fakePool(nats));
  const services = await Promise.all([start(1), start(2)]);
  try {
    const { status, published } = await ended(run.run, own);
    assert.deepEqual([status, typeof published], ["finished", "string"]);
    const log = await LogReader.open(await nats.connectAs("gateway"));
    assert.equal((await log.some("dspex.event.program.echo.version-published", 1, 10)).length, 1);
    assert.equal((await log.some("dspex.event.optimization.*.finished", 1, 10)).length, 1);
    await own.request({ verb: "program.promote", body: { name: "echo", version: published }, admin: true });
    // The configuration declares what it did: the promoted version stays, also over a restart.
    await services[0]?.stop();
    services[0] = await start(1);
    const now = (await own.request({
      verb: "program.describe",
      body: { name: "echo" },
    })) as ProgramDefinition;
    assert.equal(now.version, published);
  } finally {
    for (const service of services) await service.stop();
  }
});

test("an artifact - of another program, or with another hash, publishes nothing", async () => {
  for (const wrong of [{ program: "other" }, { parent: "0000000000000000" }, { format: "pickle" }]) {
    const run = await optimize("echo");
    const { name, signature, implementations } = await client.describe("echo", run.version);
    const declaration = { name, signature, implementations };
    const content = { ...REPORT, format: "dspex-version/1", parent: run.version, declaration };
    const artifact = await pool.artifact({ ...content, ...wrong });
    await pool.answer(run.id, { status: "succeeded", outputs: { report: { artifact } } });
    const { status, error, published } = await ended(run.run);
    assert.deepEqual([status, error?.code, published], ["failed", "invalid_inputs", undefined]);
  }
  const run = await optimize("echo");
  const report = { artifact: { key: "local/none", sha256: "0".repeat(64) } };
  await pool.answer(run.id, { status: "succeeded", outputs: { report } });
  assert.equal((await ended(run.run)).error?.code, "gone");
});

test("a run - ends with its request's failure, or cancelled", async () => {
  const run = await optimize("echo");
  const error = { code: "invalid_inputs", message: "too few examples", retryable: false };
  await pool.answer(run.id, { status: "failed", error });
  assert.equal((await ended(run.run)).error?.message, "too few examples");
  const other = await optimize("echo");
  await client.cancel(other.id);
  assert.equal((await ended(other.run)).status, "cancelled");
});

test("examples from the log - are the asker's own, judged well enough", async () => {
  await assert.rejects(optimize("echo", { fromLog: { minScore: 0.5 } }), /was judged well enough/);
  for (const [text, score] of [
    ["good", 1],
    ["good", 0.9],
    ["bad", 0.2],
  ] as const) {
    const judged = await client.program("echo").submit({ text });
    await judged.result();
    await judged.feedback(score);
  }
  const run = await optimize("echo", { fromLog: { minScore: 0.5 } });
  const request = await reader.last(requestSubject("local", "dspex-optimize"));
  assert.ok(request);
  const { data } = request.json() as { data: { inputs: { job: { rows: unknown[] } } } };
  assert.deepEqual(data.inputs.job.rows, [{ inputs: { text: "good" }, outputs: { echo: "good" } }]);
  await pool.answer(run.id, { status: "succeeded", outputs: { report: { improved: false } } });
  assert.equal((await ended(run.run)).published, undefined);
});

test("what does not fit - is refused, and nobody else sees a run", async () => {
  for (const body of [{}, { rows: [] }, { rows: ROWS, fromLog: {} }, { rows: [{ inputs: 1 }] }])
    await assert.rejects(optimize("echo", body), { code: "invalid_inputs" });
  await assert.rejects(optimize("nobody"), { code: "unknown_program" });
  const run = await optimize("echo");
  const other = await system.client("other");
  const asked = new Api(other.connection, "other");
  await assert.rejects(asked.request({ verb: "program.optimization", body: { run: run.run } }), {
    code: "not_found",
  });
  for (const verb of ["optimize", "promote", "rollback", "withdraw"])
    await assert.rejects(asked.request({ verb: `program.${verb}`, body: {} }), { code: "not_allowed" });
});

/** The run that was asked for after `before`, once it has been. */
async function nextRun(before: number): Promise<Run> {
  for (;;) {
    const started = await reader.next("dspex.event.optimization.*.started", before + 1);
    if (started === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const { run, version } = (started.json() as { data: { run: string; version: string } }).data;
    return { run, version, id: `local.o.${run}` };
  }
}

test("the command line - optimises, cancels, lists, compares, promotes, pins and rolls back", async () => {
  const variables = { NATS_URL: system.nats.url };
  const interrupt = new AbortController();
  const dspex = (line: string[], interrupted?: AbortSignal) =>
    runDspex(line, { home: system.nats.home, variables, ...(interrupted && { interrupted }) });
  const folder = mkdtempSync(join(tmpdir(), "dspex-optimize-"));
  const data = join(folder, "rows.jsonl");
  writeFileSync(data, ROWS.map((row) => JSON.stringify(row)).join("\n"));
  const last = async () => (await reader.last("dspex.event.optimization.*.started"))?.sequence ?? 0;
  try {
    let before = await last();
    const running = dspex(["optimize", "echo", "--data", data, "--budget", "calls=100"]);
    await better(await nextRun(before), await client.describe("echo"), pool, REPORT);
    const ran = await running;
    assert.equal(ran.exitCode, 0, ran.err);
    assert.match(ran.out, /^before {2}50\.0 % \[40\.4–59\.6\] {2}predict, 100 held-out examples$/m);
    assert.match(ran.out, /^after {3}95\.0 % \[88\.8–97\.8\]/m);
    const version = /^version ([0-9a-f]{16});/m.exec(ran.out)?.[1] as string;

    const { version: parent } = await client.describe("echo");
    const listed = await dspex(["versions", "list", "echo"]);
    assert.match(listed.out, new RegExp(`^\\* ${parent}.* registered by local$`, "m"));
    assert.match(listed.out, new RegExp(`^  ${version} .*exact 50\\.0 %.* → 95\\.0 %`, "m"));
    assert.match(
      (await dspex(["versions", "diff", "echo", parent, version])).out,
      /implementations\.optimized/,
    );
    assert.equal((await dspex(["versions", "pin", "echo", version])).out, `in use: echo ${version}\n`);
    assert.match((await dspex(["versions", "list", "echo"])).out, /^\* .*promoted, pinned/m);
    assert.equal((await dspex(["versions", "promote", "echo", "none"])).exitCode, 5);
    assert.equal((await dspex(["versions", "rollback", "echo"])).out, `in use: echo ${parent}\n`);

    before = await last();
    const cancelled = dspex(["optimize", "echo", "--data", data, "--canary"], interrupt.signal);
    const { run: tried } = await nextRun(before);
    const started = (await reader.last(optimizationEventSubject(tried, "started")))?.json();
    assert.equal((started as { data: { canary?: number } }).data.canary, 0.1);
    interrupt.abort();
    assert.equal((await cancelled).exitCode, 130);

    writeFileSync(data, `${JSON.stringify(ROWS[0])}\n{"text": `);
    const broken = await dspex(["optimize", "echo", "--data", data]);
    assert.deepEqual([broken.exitCode, /rows\.jsonl, line 2: /.test(broken.err)], [2, true]);
    assert.equal((await dspex(["optimize", "echo"])).exitCode, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
