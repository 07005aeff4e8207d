// Optimisations whose pool, registry and router are killed in the middle, with real processes: they go on at the trial where
// they were, find what they would have found, and end once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { OptimizationTrialFinished } from "../../schemas/messages/optimization-event.ts";
import { optimizationEventSubject, programEventSubject, resultSubject } from "../../schemas/subjects.ts";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { LogReader } from "../../services/log/read.ts";
import { type Child, startChild } from "../kit/child-process.ts";
import { type FakeModelServer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import type { PartProcessSettings } from "../kit/part-process.ts";
import { leaningLlama, sentences } from "../kit/sentences.config.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { until } from "../kit/until.ts";

const PART = new URL("../kit/part-process.ts", import.meta.url);
const CONFIG_PATH = fileURLToPath(new URL("../kit/sentences.config.ts", import.meta.url));
const TRIALS = 8;
/** Of each call of the model: time for a kill within a trial. */
const CALL_MS = 3;

let nats: TestNats;
let model: FakeModelServer;
let pool: TestPool;
let client: Dspex;
let reader: LogReader;
const parts = new Map<string, Child>();

before(async () => {
  nats = await startNats({ keeper: { pools: { optimizer: { workers: 1, slots: 2 } } } });
  const { endpoints } = leaningLlama();
  const completion = endpoints["/completion"];
  assert.ok(completion);
  model = await startFakeModelServer(says('{"label": "positive"}'), {
    ...endpoints,
    "/completion": async (body, response, request) => {
      await pause(CALL_MS);
      return completion(body, response, request);
    },
  });
  await Promise.all((["programs", "gateway", "router"] as const).map(startPart));
  pool = await startPool(nats, {
    pool: "optimizer",
    slots: 2,
    model: model.model({
      capabilities: { responseSchema: true, logprobs: true, tools: false, vision: false },
    }),
  });
  client = await connect({ url: nats.url, ...loginOf("local") });
  reader = await LogReader.open(await nats.connectAs("gateway"));
});
after(async () => {
  await client?.close();
  await pool?.[Symbol.asyncDispose]();
  await Promise.all([...parts.values()].map((part) => part.kill9()));
  await model?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
});

function loginOf(who: string): { user: string; password: string } {
  const { user, password } = nats.login(who);
  return { user, password };
}
async function startPart(part: "programs" | "gateway" | "router"): Promise<void> {
  const { password } = nats.login(part);
  const settings: PartProcessSettings = {
    part,
    instance: 1,
    natsUrl: nats.url,
    password,
    configPath: CONFIG_PATH,
  };
  parts.set(part, await startChild(`${part}/1`, { entry: PART, settings }));
}
async function killPart(part: "programs" | "router"): Promise<void> {
  await parts.get(part)?.kill9();
  await startPart(part);
}
async function killPool(): Promise<void> {
  const [pid] = pool.pids();
  assert.ok(pid);
  process.kill(pid, "SIGKILL");
  await until(() => pool.pids().some((one) => one !== pid), 60_000);
}
const start = () => client.optimize("mood", { rows: sentences(60), trials: TRIALS, seed: 5 });
async function trialsOf(run: string): Promise<OptimizationTrialFinished[]> {
  const stored = await reader.some(optimizationEventSubject(run, "trial-finished"), 1, 200);
  return stored.map((message) => (message.json() as CloudEvent<OptimizationTrialFinished>).data);
}
const countOf = async (filter: string) => (await reader.some(filter, 1, 1_000)).length;

test("a pool, a registry and a router that are killed - change nothing but how long a run takes", async () => {
  const whole = await start();
  const before = await whole.result();
  assert.equal(before.report.improved, true);
  const run = await start();
  const faults: [at: number, kill: () => Promise<void>][] = [
    [1, killPool],
    [3, () => killPart("programs")],
    [4, () => killPart("router")],
    [6, killPool],
  ];
  let done = 0;
  for await (const { tried } of run.progress()) {
    const [at, kill] = faults[done] ?? [];
    if (at === undefined || kill === undefined || tried < at) continue;
    done++;
    await kill();
  }
  const ended = await run.result();
  assert.equal(done, faults.length, "the run was over before the last fault");
  const { base, best, difference, dataHash, trials } = ended.report;
  assert.deepEqual(
    { base, best, difference, dataHash, trials },
    {
      base: before.report.base,
      best: before.report.best,
      difference: before.report.difference,
      dataHash: before.report.dataHash,
      trials: before.report.trials,
    },
  );
  const told = ({ trial, step, params, scores }: OptimizationTrialFinished) => ({
    trial,
    step,
    params,
    scores,
  });
  const [first, second] = [await trialsOf(whole.run), await trialsOf(run.run)];
  assert.deepEqual(second.map(told), first.map(told));
  assert.deepEqual(
    second.map(({ trial }) => trial),
    second.map((_, n) => n),
    "no trial was done twice",
  );
  for (const verb of ["finished", "failed", "cancelled"])
    assert.equal(await countOf(optimizationEventSubject(run.run, verb)), verb === "finished" ? 1 : 0, verb);
  assert.equal(await countOf(resultSubject(run.id)), 1);
  assert.equal(ended.published, before.published, "what was found is the same version");
  assert.equal(await countOf(programEventSubject("mood", "version-published")), 1);
});
