// Choices through the real worker: what their results tell, where their calibration comes from, and that failures carry
// the decision that led to them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type CloudEvent, cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import { type Calibration, POLICY_EVENTS, type PolicyUpdated } from "../../schemas/messages/policy-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { ATTEMPT_FAILED_SUBJECT, policyEventSubject } from "../../schemas/subjects.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { armsOf } from "../../services/learning/statistics/arms.ts";
import { startNative } from "../../services/native/main.ts";
import { choice, defineConfig, defineProgram } from "../../services/programs/define.ts";
import { definitionOf } from "../../services/programs/definition.ts";
import { fakeLlama } from "../kit/fake-llama.ts";
import { type FakeModelServer, fails, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { readLog } from "../kit/read-log.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const mood = defineProgram("mood", 'text: str -> mood: Literal["good", "bad"]', {
  implementations: [choice("likely", { prompt: "{{text}}:" })],
});
const config = defineConfig({ programs: [mood] });
const llama = fakeLlama({
  vocabulary: [" good", " bad"],
  likelihoods: () => ({ " good": 0.8, " bad": 0.2 }),
});

let model: FakeModelServer;
let system: TestSystem;
let native: Part;
let client: Dspex;

before(async () => {
  model = await startFakeModelServer(says("{}"), llama.endpoints);
  system = await startSystem({ programs: config.declarations });
  native = await startWorker();
  client = await system.client();
});
after(async () => {
  await native?.stop();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

function startWorker(): Promise<Part> {
  const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 1 };
  const models = { default: "fake", models: { fake: model.model({ price }) } };
  return startNative(system.settings("native"), { models, slots: 4 });
}

async function ask(text: string) {
  const run = await client.program("mood").submit({ text });
  return run.result();
}

/** As the learning service does it. */
async function publish(version: number, calibrations: Calibration[]): Promise<void> {
  const data: PolicyUpdated = {
    version,
    coveredSequence: 1,
    outcomes: 20,
    settings: { name: "declared", rule: "declared-order", temper: 1, floor: 0 },
    programs: [{ program: "mood", strategies: [], calibrations }],
  };
  const { type } = POLICY_EVENTS.updated;
  const event = cloudEvent(type, "learning/1", `policy-${version}`, new Date().toISOString(), data);
  const learning = await system.nats.connectAs("learning");
  await learning.request(policyEventSubject("updated"), JSON.stringify(event));
}

function leaning(good: number): Calibration {
  const [arm] = armsOf(definitionOf(mood.declaration));
  return { arm: arm?.key ?? "", count: 16, means: { good: Math.log(good), bad: Math.log(1 - good) } };
}

test("a choice - tells its confidence, its labels' log-probabilities, and of the model's call", async () => {
  const result = await ask("Nice.");
  assert.deepEqual(result.outputs, { mood: "good" });
  assert.ok(Math.abs((result.confidence ?? 0) - 0.8) < 1e-9);
  assert.deepEqual(Object.keys(result.labelScores ?? {}), ["good", "bad"]);
  assert.ok(Math.abs((result.labelScores?.bad ?? 0) - Math.log(0.2)) < 1e-9);
  const [attempt] = result.attempts;
  assert.equal(attempt?.modelCall?.modelId, "fake-llama");
  assert.equal(attempt?.modelCall?.finishReason, "length");
  assert.ok((attempt?.modelCall?.totalMs ?? Number.NaN) <= (attempt?.durationMs ?? 0));
  assert.equal(result.usage.outputTokens, 1);
  assert.equal(result.usage.costUsd, (result.usage.inputTokens + 1) / 1e6);
});

test("a choice - is calibrated by what was published last", async () => {
  await publish(1, [leaning(0.9)]);
  await until(async () => (await ask("So so.")).outputs?.mood === "bad");
  await publish(2, [leaning(0.5)]);
  await until(async () => (await ask("So so.")).outputs?.mood === "good");
});

test("a worker that starts - knows the last policy and all programs", async () => {
  await publish(3, [leaning(0.9)]);
  await native.stop();
  native = await startWorker();
  const result = await ask("So so.");
  assert.deepEqual(result.outputs, { mood: "bad" });
  assert.ok(Math.abs((result.labelScores?.good ?? 0) - Math.log(0.8)) < 1e-9, "before calibration");
});

test("a failed attempt - carries the decision of its work", async () => {
  llama.next(fails(401, "no"));
  const result = await ask("Nice.").catch((error: unknown) => error as { code: string });
  assert.equal("code" in result ? result.code : result.error?.code, "lm_auth");
  const records = await readLog(system.nats);
  const failed = records.find(({ subject }) => subject === ATTEMPT_FAILED_SUBJECT)?.body;
  const { data } = failed as CloudEvent<AttemptFailed>;
  const work = records.find(({ sequence }) => sequence === data.workSequence)?.body as CloudEvent<Work>;
  assert.deepEqual(data.decision, work.data.decision);
});
