// Routing while things go wrong, on a real server with the real TypeScript worker: breakers, hedges, the next step by
// the kind of error, a full pool. The models are fakes that fail on demand.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { POLICY_EVENTS, type PolicyUpdated } from "../../schemas/messages/policy-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { parseLogSubject, policyEventSubject } from "../../schemas/subjects.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { startNative } from "../../services/native/main.ts";
import { defineConfig, defineProgram, dspy, plain, structured } from "../../services/programs/define.ts";
import type { EventMessage } from "../../services/router/event.ts";
import { DecisionCollector } from "../../services/router/verify/collect.ts";
import { totalOf, Verifier } from "../../services/router/verify/verifier.ts";
import {
  contextExceededByLlama,
  type FakeAnswer,
  type FakeModelServer,
  fails,
  hangs,
  rateLimited,
  refusesKey,
  says,
  startFakeModelServer,
} from "../kit/fake-model-server.ts";
import { type LogRecord, openLog, readLog } from "../kit/read-log.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const prompt = "{{text}}";
const config = defineConfig({
  programs: [
    ...["guarded", "hedged", "kinds"].map((name) =>
      defineProgram(name, "text: str -> answer: str", {
        implementations: [
          plain("first", { prompt, model: "first" }),
          plain("again", { prompt: `again ${prompt}`, model: "first" }),
          plain("second", { prompt, model: "second" }),
        ],
      }),
    ),
    defineProgram("numbers", "text: str -> answer: int", {
      implementations: [structured("first", { model: "first" }), structured("second", { model: "second" })],
    }),
    defineProgram("crowded", "text: str -> answer: str", {
      implementations: [
        dspy("predict", { pool: "general", module: "Predict" }),
        plain("second", { prompt, model: "second" }),
      ],
    }),
  ],
});

let system: TestSystem;
let native: Part;
let client: Dspex;
let log: AsyncDisposable & { records: LogRecord[] };
let first: FakeModelServer;
let second: FakeModelServer;

before(async () => {
  first = await startFakeModelServer(says("first"));
  second = await startFakeModelServer(says("second"));
  system = await startSystem({
    programs: config.declarations,
    routers: 2,
    router: { waitingPerPool: 3, poolSlots: { general: 1, native: 16 } },
  });
  const models = { first: first.model(), second: second.model() };
  native = await startNative(system.settings("native"), {
    models: { default: "first", models },
    slots: 16,
  });
  client = await system.client();
  log = await openLog(system.nats, 2);
  await follow({ p95Ms: undefined });
});
after(async () => {
  await log?.[Symbol.asyncDispose]();
  await native?.stop();
  await system?.[Symbol.asyncDispose]();
  await Promise.all([first, second].map((server) => server?.[Symbol.asyncDispose]()));
});

let version = 0;

/** As the learning service would: the declared order, and how long `hedged` takes. */
async function follow({
  p95Ms,
  arm = "",
  task = "",
}: {
  p95Ms: number | undefined;
  arm?: string;
  task?: string;
}) {
  const learning = await system.nats.connectAs("learning");
  const standing = { arm, implementation: "first", attempts: 9, successRate: 1, scored: 0, meanTokens: 9 };
  const data: PolicyUpdated = {
    version: ++version,
    coveredSequence: 1,
    outcomes: 9,
    settings: { name: "declared", rule: "declared-order", temper: 1, floor: 0 },
    programs:
      p95Ms === undefined
        ? []
        : [
            {
              program: "hedged",
              strategies: [{ task, arms: [{ ...standing, p95Ms, reward: 1, probability: 1 }] }],
              calibrations: [],
            },
          ],
  };
  const { type } = POLICY_EVENTS.updated;
  const event = cloudEvent(
    type,
    "learning/1",
    `policy-${version}`,
    new Date().toISOString(),
    data,
    undefined,
  );
  await learning.request(policyEventSubject("updated"), JSON.stringify(event));
}

async function ask(program: string, options: Record<string, unknown> = {}): Promise<Result> {
  const run = await client.program(program).submit({ text: "x" }, options);
  return (await run.result()) as Result;
}

/** `first: lm_timeout, second` */
function storyOf({ attempts }: Result): string {
  return attempts
    .map(({ implementation, error }) =>
      error === undefined ? implementation : `${implementation}: ${error.code}`,
    )
    .join(", ");
}

function featuresOf({ decision }: Result): Record<string, unknown> {
  return decision?.features ?? {};
}

/** Verbs of what happened to a breaker. */
function told(key: string): string[] {
  return log.records.flatMap((record) => {
    const subject = parseLogSubject(record.subject);
    const body = record.body as { data?: { key?: string } } | undefined;
    return subject.kind === "event" && subject.entity === "breaker" && body?.data?.key === key
      ? [subject.verb]
      : [];
  });
}

/** Until when the breaker was shut last. */
function openUntilMs(key: string): number {
  const until = log.records.flatMap(({ body }) => {
    const data = (body as { data?: { key?: string; openUntil?: string } } | undefined)?.data;
    return data?.key === key && data.openUntil !== undefined ? [Date.parse(data.openUntil)] : [];
  });
  return Math.max(0, ...until);
}

/** When the first attempt of a request began. */
function beganMs({ attempts }: Result): number {
  return Date.parse(attempts[0]?.startedAt ?? "");
}

function workOf(id: string): LogRecord[] {
  return log.records.filter(
    (record) =>
      record.subject.startsWith("dspex.work.") && (record.body as { data: { id: string } }).data.id === id,
  );
}

test("a model that is too small - the next one is another model, never the same again", async () => {
  const before = first.requests.length;
  first.next(contextExceededByLlama);
  const result = await ask("kinds");
  assert.equal(storyOf(result), "first: context_window_exceeded, second");
  assert.equal(result.fallbackReason, "first: context_window_exceeded");
  assert.equal(first.requests.length, before + 1);
});

test("a refused key - another model at once", async () => {
  first.next(refusesKey);
  assert.equal(storyOf(await ask("kinds")), "first: lm_auth, second");
});

test("a provider that asks for a long pause - another model at once; for a short one it gets it", async () => {
  first.next(rateLimited(30));
  assert.equal(storyOf(await ask("kinds")), "first: lm_rate_limited, second");
  first.next(rateLimited(1));
  assert.equal(storyOf(await ask("kinds")), "first: lm_rate_limited, first");
});

test("a budget - is not overdrawn by a further attempt", async () => {
  // An answer that is none is paid for.
  const dear = says("no number", { usage: { prompt_tokens: 40, completion_tokens: 10 } });
  // The second one answers the turn that tells the model what was wrong.
  first.next(dear, dear);
  const result = await ask("numbers", { budget: { tokens: 50 } });
  assert.deepEqual([result.status, result.error?.code], ["failed", "budget_exceeded"]);
  assert.match(result.error?.message ?? "", /used 100 tokens, the budget is 50/);
});

test("a hedge - beats an attempt that is stuck, whose call is ended", async () => {
  const usual = await ask("hedged");
  const { arm, task } = featuresOf(usual).place as { arm: string; task: string };
  await follow({ p95Ms: 150, arm, task });
  const abandoned = first.abandoned;
  first.next(hangs);
  const result = await ask("hedged", { hedge: true });
  assert.equal(result.status, "succeeded");
  assert.equal(result.attempts.length, 1);
  assert.deepEqual(
    [result.attempts[0]?.attempt, result.implementation, result.fallbackReason],
    [2, "again", "first: hedge"],
  );
  const { step, afterMs } = featuresOf(result) as { step: string; afterMs: number };
  assert.equal(step, "hedge");
  // Timers may come a millisecond early.
  assert.ok(afterMs >= 149, String(afterMs));
  await until(() => first.abandoned === abandoned + 1);
  await until(() => workOf(result.id).length === 2);
  assert.equal(result.log.work.length, 2);
});

test("a hedge - of a request that names its implementation is the same one again", async () => {
  // What is named is not learned for a place of its own: the declared order chose the same arm.
  const abandoned = first.abandoned;
  first.next(hangs);
  const result = await ask("hedged", { hedge: true, implementation: "first" });
  assert.equal(result.attempts[0]?.attempt, 2);
  assert.equal(result.fallbackReason, undefined);
  await until(() => first.abandoned === abandoned + 1);
});

test("a hedge - that fails too leaves the first its time, and one only is tried", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  first.next(
    async (request, response) => {
      await held;
      await says("late")(request, response);
    },
    fails(400, "no"),
  );
  const run = await client.program("hedged").submit({ text: "x" }, { hedge: true });
  await until(() =>
    log.records.some(
      ({ subject, body }) =>
        subject === "dspex.event.attempt.failed" && (body as { data: { id: string } }).data.id === run.id,
    ),
  );
  release();
  const result = (await run.result()) as Result;
  assert.equal(workOf(run.id).length, 2);
  assert.deepEqual([result.outputs, result.attempts.at(-1)?.attempt], [{ answer: "late" }, 1]);
});

test("a hedge - is not started beside what is streamed, nor where nobody asked for it", async () => {
  for (const options of [{ hedge: true, stream: true }, {}, { hedge: false }]) {
    first.next(says(["a", "b"], { gapMs: 200 }), says("never"));
    const result = await ask("hedged", options);
    assert.equal(result.log.work.length, 1);
    // The second answer is taken back by an ordinary request.
    await ask("hedged");
  }
});

test("a full pool - work goes to another pool, and the log says why", async () => {
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => client.program("crowded").submit({ text: "x" })),
  );
  const moved: Result[] = [];
  const all = Promise.all(
    runs.map(async (run) => {
      const result = (await run.result()) as Result;
      if (storyOf(result) === "predict: overloaded, second") moved.push(result);
      return result;
    }),
  );
  // Of each of two routers two at most are on their way to a pool that has no worker, and three wait.
  await until(() => moved.length >= 10);
  await Promise.all(runs.map((run) => run.cancel()));
  const others = (await all).filter((result) => !moved.includes(result));
  assert.ok(moved.every(({ status, log: { failures } }) => status === "succeeded" && failures.length === 1));
  assert.ok(
    others.every(({ status }) => status === "cancelled"),
    others.map(storyOf).join(" | "),
  );
});

test("a model that fails - opens its breaker in a burst, another takes over, a trial closes it", async () => {
  const before = first.requests.length;
  let isBroken = true;
  const broken = fails(500, "out of order");
  first.next(
    ...Array.from(
      { length: 200 },
      () =>
        (...call: Parameters<FakeAnswer>) =>
          isBroken ? broken(...call) : says("first")(...call),
    ),
  );
  const results = await Promise.all(Array.from({ length: 30 }, () => ask("guarded")));
  const stories = results.map((result) => `${storyOf(result)} ${result.error?.message ?? ""}`).join(" | ");
  assert.ok(
    results.every(({ implementation }) => implementation === "second"),
    stories,
  );
  await until(() => told("model/first").length > 0);
  assert.equal(told("model/first")[0], "opened");
  const inBurst = first.requests.length - before;
  // From now on nobody asks it, and what depends on nothing else goes on.
  const later = await Promise.all(Array.from({ length: 20 }, () => ask("guarded")));
  // It is shut for a few seconds, and the machine may have been slower than that.
  if (later.every((result) => beganMs(result) < openUntilMs("model/first"))) {
    assert.ok(later.every((result) => storyOf(result) === "second"));
    assert.equal(first.requests.length - before, inBurst);
  }

  // Whoever insists waits, or is told at once that the time does not suffice.
  const hasty = await ask("guarded", { implementation: "first", deadlineMs: 1_000 });
  if (Date.now() + 1_000 < openUntilMs("model/first")) {
    assert.deepEqual(
      [hasty.status, hasty.error?.code, hasty.error?.retryable],
      ["failed", "circuit_open", true],
    );
    assert.ok((hasty.error?.retryAfterMs ?? 0) > 0);
  }
  isBroken = false;
  const patient = await Promise.all(
    Array.from({ length: 5 }, () => ask("guarded", { implementation: "first" })),
  );
  assert.ok(
    patient.every(({ status }) => status === "succeeded"),
    patient.map(storyOf).join(" | "),
  );
  const shutUntilMs = openUntilMs("model/first");
  for (const result of patient)
    if (beganMs(result) < shutUntilMs) assert.match(storyOf(result), /^first: circuit_open/);
  await until(() => told("model/first").includes("closed"));
  const verbs = told("model/first");
  assert.equal(verbs.filter((verb) => verb === "closed").length, 1, verbs.join());
  assert.ok(verbs.includes("half-opened"));
  // Two routers saw it, one told it.
  const changes = log.records.flatMap(({ subject, body }) => {
    const data = (body as { data?: { key?: string; sequence?: number } } | undefined)?.data;
    return data?.key === undefined ? [] : [`${subject} ${data.key} ${data.sequence}`];
  });
  assert.equal(new Set(changes).size, changes.length);
  first.next(...Array.from({ length: 3 }, () => says("first")));
  assert.equal(storyOf(await ask("guarded")), "first");
});

test("all of it - every decision comes out the same again from the log", async () => {
  const messages: EventMessage[] = (await readLog(system.nats)).map(({ body, ...record }) => ({
    ...record,
    json: () => body,
  }));
  const collector = new DecisionCollector();
  for (const message of messages) collector.take(message);
  const verifier = new Verifier(collector.recorded, { shown: 3, headSequence: 1 });
  for (const message of messages) verifier.take(message);
  verifier.end();
  const { same, different, notCheckable } = totalOf(verifier.verdicts);
  assert.deepEqual(verifier.differences, []);
  assert.deepEqual([different, notCheckable], [0, 0]);
  assert.ok(same > 100 && verifier.verdicts.hedge.same >= 3, String(same));
});
