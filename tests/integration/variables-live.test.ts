// Values that a search has put in force, and that were fine when they were measured: where the requests that come later
// fare worse with them, those before come back.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { VARIABLE_EVENTS } from "../../schemas/messages/variable-event.ts";
import { VARIABLE_OPTIMIZATION_EVENTS } from "../../schemas/messages/variable-optimization-event.ts";
import { optimizationEventSubject, variableEventSubject } from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { startVariables } from "../../services/variables/main.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import config, { RIGHT_BOUNDARY } from "../kit/tuned.config.ts";
import { until } from "../kit/until.ts";

let system: TestSystem;
let variables: Part;
let client: Dspex;
let asked = 0;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath: fileURLToPath(new URL("../kit/tuned.config.ts", import.meta.url)),
  });
  variables = await startService();
  client = await system.client();
});
after(async () => {
  await variables?.stop();
  await system?.[Symbol.asyncDispose]();
});

function startService(): Promise<Part> {
  return startVariables(system.settings("variables"), {
    variables: config.variables,
    config: { watchedOutcomes: 150 },
  });
}

const boundary = async () => (await client.variables.get("boundary")).value;

/** Asks `size` so often, and judges each answer by what is right. */
async function use(count: number): Promise<void> {
  const size = client.program("size");
  await Promise.all(
    Array.from({ length: count }, async () => {
      const n = (asked++ * 53) % 100;
      const run = await size.submit({ n });
      const { outputs } = await run.result();
      await run.feedback(outputs?.size === (n >= RIGHT_BOUNDARY ? "high" : "low") ? 1 : 0);
    }),
  );
}

/** The log as a search leaves it that has put a value in force and found it good. */
async function applied(run: string, value: number): Promise<void> {
  const now = await client.variables.get("boundary");
  // Who searches would look for the run's result, which there is none of.
  await variables.stop();
  const connection = await system.nats.connectAs("variables");
  const appender = appenderOf(connection, { role: "variables", instance: 9 });
  const append = (subject: string, type: string, data: object) => {
    const event = cloudEvent(type, "variables/9", randomUUID(), new Date().toISOString(), data);
    return appender.append(subject, JSON.stringify(event));
  };
  const about = { run, user: "local", program: "size", version: "v1", variables: ["boundary"] };
  const { queued, started, finished } = VARIABLE_OPTIMIZATION_EVENTS;
  const objectives = ["quality"];
  const asked = { metric: "exact", objectives, trials: 1, priority: 5, apply: true, deadlineMs: 60_000 };
  await append(optimizationEventSubject(run, "queued"), queued.type, {
    ...about,
    ...asked,
    locks: ["boundary"],
    job: {},
  });
  await append(optimizationEventSubject(run, "started"), started.type, {
    ...about,
    base: { boundary: { value: now.value, version: now.version } },
    definitions: [now.definition],
    leaseMs: 120_000,
  });
  const result = await append(variableEventSubject("changed"), VARIABLE_EVENTS.changed.type, {
    changes: [{ name: "boundary", value, version: now.version + 1 }],
    by: `optimization/${run}`,
    reason: "better on held-out examples",
  });
  const how = { report: { improved: true }, applied: true, rolledBack: false, result };
  await append(optimizationEventSubject(run, "finished"), finished.type, {
    run,
    program: "size",
    variables: ["boundary"],
    ...how,
  });
  appender.close();
  variables = await startService();
}

test("values that fare worse with later requests - are rolled back, with what shows it, also over a restart", async () => {
  await client.variables.set({ boundary: RIGHT_BOUNDARY });
  await use(100);
  await applied("worse", 95);
  assert.equal(await boundary(), 95);
  await use(20);
  await variables.stop();
  variables = await startService();
  await until(async () => {
    await use(20);
    return (await boundary()) === RIGHT_BOUNDARY;
  });
  const [change] = await client.variables.history("boundary", { limit: 1 });
  assert.equal(change?.by, "optimization/worse");
  assert.match(
    change?.reason ?? "",
    /^rolled back: requests with the new values fare worse: of "size" answers are judged \d+\.\d % \(\d+\), before 100\.0 % \(100\); evidence \d+ of 50$/,
  );
  const run = await client.variables.optimization("worse").status();
  assert.deepEqual([run.status, run.applied, run.rolledBack], ["finished", false, true]);
  assert.match(run.why ?? "", /^rolled back: /);
});

test("values that fare as well - stay, and so do others that somebody has set since", async () => {
  await applied("as-well", RIGHT_BOUNDARY + 1);
  await use(200);
  assert.equal(await boundary(), RIGHT_BOUNDARY + 1);
  await applied("worse-again", 95);
  await client.variables.set({ boundary: 94 });
  await use(100);
  assert.equal(await boundary(), 94);
});
