// Searches for better values whose pool and whose service are killed in the middle: they go on at the trial where they
// were, find what they would have found, and put it in force once.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type CloudEvent, cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { OptimizationTrialFinished } from "../../schemas/messages/optimization-event.ts";
import {
  VARIABLE_OPTIMIZATION_EVENTS,
  type VariableOptimizationQueued,
} from "../../schemas/messages/variable-optimization-event.ts";
import { optimizationEventSubject, VARIABLE_EVENTS_FILTER } from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import type { Dspex, OptimizationInfo } from "../../services/client/mod.ts";
import { LogReader } from "../../services/log/read.ts";
import { type Child, startChild } from "../kit/child-process.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import config, { sizes } from "../kit/tuned.config.ts";
import { until } from "../kit/until.ts";

const LEASE_GRACE_MS = 2_000;
const SERVICE = new URL("../kit/variables-process.ts", import.meta.url);

let system: TestSystem;
let pool: TestPool;
let client: Dspex;
let reader: LogReader;
const services: Child[] = [];

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath: fileURLToPath(new URL("../kit/tuned.config.ts", import.meta.url)),
    router: { nativeThreads: 4 },
    keeper: { pools: { optimizer: { workers: 1, slots: 2 } } },
  });
  await startService(1);
  pool = await startPool(system.nats, { pool: "optimizer", slots: 2 });
  client = await system.client();
  reader = await LogReader.open(await system.nats.connectAs("gateway"));
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  for (const service of services) await service.kill9();
  await system?.[Symbol.asyncDispose]();
});

async function startService(instance: number): Promise<Child> {
  const { variables } = config;
  const settings = {
    natsUrl: system.nats.url,
    password: system.nats.credentials.parts.variables.password,
    instance,
    variables,
    config: { leaseGraceMs: LEASE_GRACE_MS },
  };
  const child = await startChild(`variables/${instance}`, { entry: SERVICE, settings });
  services.push(child);
  return child;
}
async function killService(): Promise<void> {
  await services.pop()?.kill9();
}
async function killPool(): Promise<void> {
  const [pid] = pool.pids();
  assert.ok(pid);
  process.kill(pid, "SIGKILL");
}

async function search(trials: number, more: object = {}) {
  await client.variables.reset(["boundary", "pause"]);
  return client.variables.optimize(
    ["boundary", "pause"],
    { program: "later", data: sizes(60) },
    { trials },
    { seed: 3, trialRows: 16, testRows: 12, ...more },
  );
}
/** What was found, without what it cost. */
function found({ report }: OptimizationInfo): unknown {
  const { best, base, differences, trials, examples, verdict } = report ?? {};
  return { best, base, differences, trials, examples, verdict };
}
async function trialsOf(run: string): Promise<OptimizationTrialFinished[]> {
  const stored = await reader.some(optimizationEventSubject(run, "trial-finished"), 1, 200);
  return stored.map((message) => (message.json() as CloudEvent<OptimizationTrialFinished>).data);
}
async function countOf(filter: string): Promise<number> {
  return (await reader.some(filter, 1, 1_000)).length;
}
/** Waits for an event of the run, or of its values. */
async function seen(run: string, verb: string): Promise<void> {
  if (verb !== "set") {
    await until(async () => (await reader.last(optimizationEventSubject(run, verb))) !== null);
    return;
  }
  await until(async () => {
    const last = (await reader.last(VARIABLE_EVENTS_FILTER))?.json() as { data: { by: string } };
    return last.data.by === `optimization/${run}`;
  });
}

test("a pool and a service that are killed - change nothing but how long it takes", async () => {
  const whole = await (await search(6, { apply: false })).result();
  const run = await search(6, { apply: false });
  let [poolKills, serviceKills] = [0, 0];
  for await (const { tried } of run.progress()) {
    if (tried >= 2 && poolKills === 0) {
      poolKills++;
      await killPool();
    } else if (tried >= 4 && serviceKills === 0) {
      serviceKills++;
      await killService();
      await startService(1);
    }
  }
  const ended = await run.result();
  assert.deepEqual([poolKills, serviceKills], [1, 1]);
  assert.deepEqual(found(ended), found(whole));
  const numbers = (await trialsOf(run.run)).map(({ trial }) => trial);
  assert.deepEqual(
    numbers,
    numbers.map((_, n) => n),
  );
  assert.deepEqual(await trialValues(run.run), await trialValues(whole.run));
});
async function trialValues(run: string): Promise<unknown[]> {
  return (await trialsOf(run)).map(({ step, params, scores }) => ({ step, params, scores }));
}

test("a service that is killed at each step - puts what was found in force once, and ends the run once", async () => {
  const before = await countOf("dspex.event.variable.changed");
  await client.variables.reset(["boundary"]);
  const run = await client.variables.optimize(
    ["boundary", "word"],
    { program: "size", data: sizes(60) },
    { trials: 8 },
    { seed: 6, trialRows: 20 },
  );
  for (const verb of ["queued", "started", "set"]) {
    await seen(run.run, verb);
    await killService();
    await startService(1);
  }
  const { applied, report, check } = await run.result();
  assert.deepEqual([applied, report?.improved, check?.regressed], [true, true, false]);
  assert.equal(await countOf("dspex.event.variable.changed"), before + 1);
  for (const verb of ["queued", "started", "finished"])
    assert.equal(await countOf(optimizationEventSubject(run.run, verb)), 1, verb);
});

test("two services side by side - start, apply and end each run once", async () => {
  await startService(2);
  const before = await countOf("dspex.event.variable.changed");
  const runs = [
    await search(3),
    await client.variables.optimize(["word"], { program: "size", data: sizes(40) }, { trials: 1 }),
  ];
  for (const run of runs) {
    await run.result();
    for (const verb of ["queued", "started", "finished"])
      assert.equal(await countOf(optimizationEventSubject(run.run, verb)), 1, verb);
  }
  assert.ok((await countOf("dspex.event.variable.changed")) <= before + 1);
});

test("a run that does not end within its lease - fails, and whoever waits for its variables starts", async () => {
  // Nobody but the lease ends it: there is no router that would answer.
  for (const router of system.routers.splice(0)) await router.stop();
  const appender = appenderOf(await system.nats.connectAs("variables"), { role: "variables", instance: 9 });
  const queued: VariableOptimizationQueued = {
    run: "held",
    user: "local",
    program: "size",
    version: "v1",
    variables: ["boundary"],
    locks: ["boundary", "half", "lowest"],
    metric: "exact",
    objectives: ["quality"],
    trials: 1,
    priority: 5,
    apply: true,
    deadlineMs: 1_000,
    job: {},
  };
  const { type } = VARIABLE_OPTIMIZATION_EVENTS.queued;
  const event = cloudEvent(type, "variables/9", randomUUID(), new Date().toISOString(), queued);
  await appender.append(optimizationEventSubject("held", "queued"), JSON.stringify(event));
  const waiting = await client.variables.optimize(["boundary"], { program: "size", data: sizes(20) });
  assert.deepEqual((await waiting.status()).waitsFor, ["held"]);
  const held = client.variables.optimization("held");
  await assert.rejects(held.result(), { code: "deadline_exceeded", message: /not ended within its lease/ });
  await until(async () => (await waiting.status()).status === "running");
  appender.close();
});
