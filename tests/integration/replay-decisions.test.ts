// Decisions of real routers, taken again from the log, and other policies judged by it: two routers side by side, one of
// them restarted from a snapshot, functions in the routers and a Python pool that fails now and then.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { modelSchema } from "../../schemas/config/models.ts";
import { type CloudEvent, cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import type { Place } from "../../schemas/messages/parts.ts";
import { POLICY_EVENTS, type PolicyUpdated } from "../../schemas/messages/policy-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { WORK_TYPE } from "../../schemas/messages/work.ts";
import { policyEventSubject, resultSubject, workSubject } from "../../schemas/subjects.ts";
import { Appender } from "../../services/bus/append.ts";
import { roleInboxPrefix } from "../../services/bus/connect.ts";
import { STANDARD_SETTINGS } from "../../services/learning/policy/state.ts";
import { LogReader } from "../../services/log/read.ts";
import { defineConfig, defineProgram, native, python } from "../../services/programs/define.ts";
import { startRouter } from "../../services/router/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const MODULES = fileURLToPath(new URL("../kit/choice-modules", import.meta.url));
/** A pool wants a model before it runs users' modules; these never call it. */
const NO_MODEL = modelSchema.parse({
  provider: "openai-compatible",
  model: "none",
  baseUrl: "http://127.0.0.1:9/v1",
  contextTokens: 2_048,
});

const config = defineConfig({
  programs: [
    defineProgram("mood", "text: str -> mood: str", {
      implementations: [
        native(
          "careful",
          async ({ text }) => {
            await new Promise((resolve) => setTimeout(resolve, 4));
            return { mood: text };
          },
          { inline: true },
        ),
        native("quick", ({ text }) => ({ mood: text }), { inline: true }),
        native(
          "moody",
          ({ text }) => {
            if (text.endsWith("5")) throw new Error("as the test wants it");
            return { mood: text };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("mixed", "key: str -> seen: str", {
      implementations: [
        python("shaky", { pool: "general", entry: "shaky" }),
        python("steady", { pool: "general", entry: "steady" }),
        native("here", ({ key }) => ({ seen: key }), { inline: true }),
      ],
      routing: { hedge: true },
    }),
    defineProgram("rescued", "text: str -> mood: str", {
      implementations: [
        native(
          "never",
          () => {
            throw new Error("as the test wants it");
          },
          { inline: true },
        ),
        native("last", ({ text }) => ({ mood: text }), { inline: true, lastResort: true }),
      ],
    }),
  ],
});

let system: TestSystem;
let pool: TestPool;
/** What was chosen for `mixed`, by implementation. */
const places = new Map<string, Place>();
const snapshotEvery = 150;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    routers: 2,
    router: { snapshotEvery },
    keeper: { pools: { general: { workers: 1, slots: 4 } } },
  });
  pool = await startPool(system.nats, {
    model: NO_MODEL,
    modules: [MODULES],
  });
  await traffic("a", 80);
  await certain();
  await restartRouter();
  await publishPolicy();
  await traffic("b", 80);
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
});

const replay = (...commandLine: string[]) => runDspex(["replay", ...commandLine], { home: system.nats.home });

/** So many requests of each program, up to sixteen at once, every third answer scored. */
async function traffic(name: string, requests: number): Promise<void> {
  const client = await system.client();
  const [mood, mixed] = [client.program("mood"), client.program("mixed")];
  const one = async (n: number): Promise<void> => {
    const runs = await Promise.all([
      mood.submit({ text: `${name} ${n}` }, n % 4 === 0 ? { prefer: "speed" } : {}),
      mixed.submit({ key: `${name} ${n}` }, { priority: n % 9 }),
    ]);
    const [judged, answered] = await Promise.all(runs.map((run) => run.result()));
    assert.ok(judged !== undefined && answered !== undefined);
    const place = answered.decision?.features.place;
    if (place !== undefined) places.set(answered.implementation ?? "", place as Place);
    if (n % 3 === 0) await runs[0]?.feedback(judged.implementation === "careful" ? 0.9 : 0.4);
  };
  for (let from = 0; from < requests; from += 16) {
    await Promise.all(Array.from({ length: Math.min(16, requests - from) }, (_, at) => one(from + at)));
  }
}

/** What chance may leave out: a retry, and a fallback. */
async function certain(): Promise<void> {
  const client = await system.client();
  const named = await client.program("mixed").submit({ key: "named 3" }, { implementation: "shaky" });
  const rescued = await client.program("rescued").submit({ text: "help" });
  const [one, other] = await Promise.all([named.result(), rescued.result()]);
  assert.deepEqual([one.status, one.attempts.length], ["succeeded", 2]);
  assert.deepEqual([other.status, other.implementation], ["succeeded", "last"]);
}

/** Its successor begins with the snapshot that it left. */
async function restartRouter(): Promise<void> {
  const [first] = system.routers;
  await first?.stop();
  const { functions } = config;
  const options = { functions, configPath: "", config: { snapshotEvery } };
  system.routers[0] = await startRouter(system.settings("router", 1), options);
}

async function appendAs(
  role: "learning" | "router",
  subject: string,
  type: string,
  data: object,
): Promise<number> {
  const connection = await system.nats.connectAs(role);
  const appender = new Appender(connection, `${roleInboxPrefix(role)}.test`);
  try {
    const event = cloudEvent(type, `${role}/1`, crypto.randomUUID(), new Date().toISOString(), data);
    return await appender.append(subject, stringifyJson(event));
  } finally {
    appender.close();
  }
}

/** As the learning service would: from now on an attempt in the pool is slow after 5 ms, so that it is hedged. */
async function publishPolicy(): Promise<void> {
  const arms = [...places].map(([implementation, { arm }]) => ({
    arm,
    implementation,
    attempts: 10,
    successRate: 1,
    p50Ms: 3,
    p95Ms: 5,
    scored: 0,
    meanTokens: 0,
    reward: 0.5,
    probability: 0.5,
  }));
  const tasks = new Set([...places.values()].map(({ task }) => task));
  const updated: PolicyUpdated = {
    version: 1,
    coveredSequence: 1,
    outcomes: 1,
    settings: STANDARD_SETTINGS,
    programs: [
      { program: "mixed", strategies: [...tasks].map((task) => ({ task, arms })), calibrations: [] },
    ],
  };
  await appendAs("learning", policyEventSubject("updated"), POLICY_EVENTS.updated.type, updated);
}

interface Verified {
  verified: boolean;
  same: number;
  different: number;
  notCheckable: number;
  kinds: Record<string, { same: number; different: number }>;
  inFlight: { tooFew: number; unexplained: number };
  differences: { messageSequence: number; got: { kind: string } }[];
}

test("dspex replay --verify - all decisions of both routers come out the same, the restarted one's too", async (t) => {
  const { exitCode, out, err, json } = await replay("--verify", "--json");
  assert.equal(exitCode, 0, `${out}${err}`);
  const found = json() as Verified;
  t.diagnostic(JSON.stringify({ ...found, differences: undefined }));
  assert.deepEqual([found.verified, found.different, found.notCheckable], [true, 0, 0]);
  assert.ok(found.same >= 320, "a decision a request at least");
  for (const kind of ["first", "retry", "fallback", "hedge"])
    assert.ok((found.kinds[kind]?.same ?? 0) > 0, kind);
  assert.equal(found.inFlight.tooFew, 0);
});

test("dspex replay --verify - in a window, and for a person", async () => {
  const { exitCode, out } = await replay("--verify", "--from", "300", "--to", "700");
  assert.equal(exitCode, 0, out);
  assert.match(out, /^verify #300 to #700\n/);
  assert.match(out, /every decision that can be taken again comes out the same\n$/);
});

test("dspex replay --evaluate - the policy that was in force got what was got", async () => {
  const { exitCode, json } = await replay("--evaluate", "thompson", "--json");
  assert.equal(exitCode, 0);
  const { all, programs, leftOut } = json() as {
    all: { verdict: string; decisions: number; logged: { value: number }; selfNormalised: { value: number } };
    programs: Record<string, { decisions: number; scored: number }>;
    leftOut: Record<string, number>;
  };
  assert.equal(all.verdict, "the same");
  assert.equal(all.decisions, 320);
  assert.equal(all.selfNormalised.value, all.logged.value);
  assert.deepEqual(Object.keys(programs), ["mixed", "mood"]);
  assert.ok((programs.mood?.scored ?? 0) > 40);
  assert.deepEqual(leftOut, { cancelled: 0, noChoice: 2, noDecision: 0, noState: 0 });
});

test("dspex replay --evaluate - other policies, with what the log cannot tell of them", async () => {
  const table = await replay("--evaluate", "declared-order", "--program", "mood");
  assert.equal(table.exitCode, 0, table.err);
  assert.match(table.out, /^declared-order on #1 to #\d+/);
  assert.match(table.out, /\nprogram +n +got +IPS +SNIPS +DR +gain +worth +verdict\nmood +160 /);
  const never = await replay("--evaluate", '{"rule":"fixed","order":["nobody","moody"]}', "--to", "150");
  assert.match(never.out, /the data cannot tell/);
  assert.match(never.out, /no decision had an implementation "nobody"/);
  const speed = await replay("--evaluate", '{"prefer":"speed"}');
  assert.match(speed.out, /judged by quality 0\.30, time 0\.60, cost 0\.10/);
});

test("dspex replay - what is no policy, or goes with nothing, is refused before anything is read", async () => {
  const wrong = await replay("--evaluate", '{"temper":"hot"}');
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.err, /policy\.temper: /);
  assert.equal((await replay("--evaluate", "uniform", "--verify")).exitCode, 2);
});

test("dspex replay --verify - one bit of one decision is found", async () => {
  const client = await system.client();
  const run = await client.program("mood").submit({ text: "changed" });
  await run.result();
  const reader = await LogReader.open(await system.nats.connectAs("operator"));
  const stored = await reader.last(resultSubject(run.id));
  assert.ok(stored !== null);
  const { decision, log } = (stored.json() as CloudEvent<Result>).data;
  const [candidate] = decision?.candidates ?? [];
  assert.ok(decision !== undefined && candidate !== undefined);
  candidate.probability += candidate.probability > 0.5 ? -Number.EPSILON / 2 : Number.EPSILON / 2;
  const data = { id: run.id, decision, requestSequence: log.request };
  const sequence = await appendAs("router", workSubject("general", "nobody"), WORK_TYPE, data);

  const { exitCode, out, json } = await replay("--verify", "--json");
  assert.equal(exitCode, 1);
  const found = json() as Verified;
  assert.deepEqual([found.verified, found.different], [false, 1], out);
  assert.deepEqual(
    found.differences.map((one) => one.messageSequence),
    [sequence],
  );
  const shown = await replay("--verify");
  assert.equal(shown.exitCode, 1);
  assert.match(
    shown.out,
    new RegExp(`${run.id} first, from the state at #\\d+, recorded in #${sequence} by router/1`),
  );
  assert.match(shown.out, /≠ +careful +0\.\d+, 0\.\d+/);
  assert.match(shown.out, /1 decision does not come out the same/);
});
