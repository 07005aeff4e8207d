// Kills the pipelines service, routers, the pool and the server under mixed runs: each run finishes once, with what the
// plain interpreter says that it gives, and no stage that had finished ran again. The short version is in the suite.

import assert from "node:assert/strict";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError, isDspexError } from "../../schemas/errors.ts";
import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";
import type { PipelineProgressed, PipelineResult } from "../../schemas/messages/pipeline-event.ts";
import { connect } from "../../services/client/mod.ts";
import { checkLog } from "../kit/check-log.ts";
import { Interpreter } from "../kit/pipeline-interpreter.ts";
import type { Programs } from "../kit/pipeline-world.ts";
import { SeededRandom } from "../kit/random.ts";
import { readLog } from "../kit/read-log.ts";
import { type ProcessSystem, startProcesses } from "../kit/start-processes.ts";

export type PipelineFault = "pipelines" | "router" | "pool" | "server" | "all";

export interface KillPipelines {
  seed: number;
  runs: number;
  /** Runs begin over this time. */
  loadMs: number;
  faults: readonly PipelineFault[];
  poolProcesses: number;
  routerAckWaitMs?: number;
  patienceMs: number;
  say: (text: string) => void;
}

/** Between the look for a result and the run. */
const DECIDED_MS = 150;

const from = (reference: string) => ({ $from: reference });
const key = (name: string) => ({ $expr: `inputs.id + '-${name}'` });
const call = (name: string, program: string, inputs: object, more: object = {}) => ({
  name,
  kind: "call",
  program,
  inputs,
  ...more,
});

const SIGNATURE = "id: str -> out: Any";
const CHILD = {
  name: "child",
  signature: SIGNATURE,
  stages: [
    call("one", "tally", { key: key("one") }),
    call("two", "tally_thread", { key: { $expr: "one.seen + '-two'" } }),
  ],
  outputs: { out: from("two.seen") },
} as PipelineDeclaration;

/** Every kind of stage, on every kind of implementation. */
export const MIX: readonly PipelineDeclaration[] = [
  {
    name: "chain",
    signature: SIGNATURE,
    stages: [
      call("a", "tally", { key: key("a") }),
      call("b", "tally_python", { key: { $expr: "a.seen + '-b'" } }),
      { name: "w", kind: "delay", ms: 120, after: ["b"] },
      call("c", "tally_thread", { key: { $expr: "b.seen + '-c'" } }, { after: ["w"] }),
    ],
    outputs: { out: from("c.seen") },
  },
  {
    name: "fan",
    signature: SIGNATURE,
    stages: [
      {
        name: "each",
        kind: "map",
        over: ["p", "q", "r", "s", "t"],
        concurrency: 2,
        body: {
          stages: [
            call("x", "tally_slow", { key: { $expr: "inputs.id + '-x' + item" }, ms: 40 }),
            call("y", "tally_python", { key: { $expr: "x.seen + '-y'" } }),
          ],
          outputs: { seen: from("y.seen") },
        },
      },
      { name: "join", kind: "value", outputs: { text: { $expr: "each.seen.0 + '|' + each.seen.4" } } },
    ],
    outputs: { out: [from("each.seen"), from("join.text")] },
  },
  {
    name: "branches",
    signature: SIGNATURE,
    stages: [
      call(
        "bad",
        "fails",
        { key: key("bad") },
        {
          retry: { times: 1, delayMs: 60 },
          onFailure: {
            stage: {
              stages: [call("good", "tally", { key: key("good") })],
              outputs: { seen: from("good.seen") },
            },
          },
        },
      ),
      {
        name: "refine",
        kind: "loop",
        initial: { s: from("bad.seen") },
        body: {
          stages: [call("more", "tally", { key: { $expr: "loop.s + '.'" } })],
          outputs: { s: from("more.seen") },
        },
        until: "loop.iteration >= 2",
        max: 5,
      },
      {
        name: "choose",
        kind: "switch",
        on: { $expr: "contains(inputs.id, '1')" },
        cases: [
          {
            equals: true,
            body: {
              stages: [call("yes", "tally_flaky", { key: key("yes") })],
              outputs: { s: from("yes.seen") },
            },
          },
        ],
        otherwise: { stages: [call("no", "tally", { key: key("no") })], outputs: { s: from("no.seen") } },
      },
    ],
    outputs: { out: [from("refine.s"), from("choose.s")] },
  },
  {
    name: "nested",
    signature: SIGNATURE,
    stages: [
      { name: "sub", kind: "pipeline", pipeline: "child", inputs: { id: key("sub") } },
      {
        name: "subs",
        kind: "map",
        over: ["m", "n"],
        body: {
          stages: [
            {
              name: "in",
              kind: "pipeline",
              pipeline: "child",
              inputs: { id: { $expr: "inputs.id + item" } },
            },
          ],
          outputs: { out: from("in.out") },
        },
      },
      call("last", "tally_fallback", { key: { $expr: "sub.out + '-last'" } }),
    ],
    outputs: { out: [from("last.seen"), from("subs.out")] },
  },
  {
    name: "undone",
    signature: SIGNATURE,
    stages: [
      call(
        "done",
        "tally",
        { key: key("done") },
        {
          compensate: { program: "tally", inputs: { key: { $expr: "done.seen + '-undo'" } } },
        },
      ),
      call("broken", "fails", { key: { $expr: "done.seen + '-broken'" } }),
    ],
    outputs: { out: from("broken.seen") },
  },
] as PipelineDeclaration[];

const same = ({ key: given }: Record<string, unknown>) => ({ seen: given });
/** The programs of faults.config.ts, as they are meant. */
const MEANT: Programs = {
  tally: ["", same],
  tally_slow: ["", same],
  tally_thread: ["", same],
  tally_python: ["", same],
  tally_flaky: ["", same],
  tally_fallback: ["", same],
  fails: [
    "",
    () => {
      throw new DspexError("output_invalid", "never works");
    },
  ],
};

export async function killPipelines(options: KillPipelines): Promise<void> {
  const { seed, say, poolProcesses, routerAckWaitMs } = options;
  const random = new SeededRandom(seed);
  await using system = await startProcesses({
    routers: 2,
    pipelines: 1,
    poolProcesses,
    ...(routerAckWaitMs !== undefined && { routerAckWaitMs }),
  });
  const { password } = system.nats.login("local");
  await using client = await connect({ url: system.nats.url, user: "local", password });
  await client.pipelines.register(CHILD);
  for (const declaration of MIX) await client.pipelines.register(declaration);
  const begun = performance.now();
  const runs = Array.from({ length: options.runs }, (_, n) => ({
    id: `r${seed}x${n}`,
    declaration: MIX[n % MIX.length] as PipelineDeclaration,
    atMs: (n * options.loadMs) / options.runs,
  }));
  const results = Promise.all(
    runs.map(async ({ id, declaration, atMs }) => {
      await sleep(Math.max(atMs - (performance.now() - begun), 0));
      const pipeline = client.pipelines.runnable<{ id: string }, unknown>(declaration.name);
      const run = await patiently(() => pipeline.run({ id }, { run: id }));
      return (await run.result()) as PipelineResult;
    }),
  );
  results.catch(() => {}); // awaited below, after the faults
  for (const [n, fault] of options.faults.entries()) {
    const atMs = ((n + random.next()) * options.loadMs) / options.faults.length;
    await sleep(Math.max(atMs - (performance.now() - begun), 0));
    await inflict(system, random, fault);
  }
  const told = await within(options.patienceMs, results, () =>
    [...system.parts.values()]
      .map(({ name, alive, words }) => `${name} ${alive ? "runs" : "is dead"}: ${words}`)
      .join("\n"),
  );
  say(`seed ${seed}: ${told.length} runs in ${Math.round(performance.now() - begun)} ms`);
  verify(runs, told);
  await verifyLog(system, say);
}

async function inflict(system: ProcessSystem, random: SeededRandom, fault: PipelineFault): Promise<void> {
  const restart = async (part: "pipelines" | "router", instance: number) => {
    await system.part(`${part}/${instance}`).kill9();
    await system.startPart(part, instance);
  };
  switch (fault) {
    case "pipelines":
      return restart("pipelines", 1);
    case "router":
      return restart("router", random.between(1, 3));
    case "pool": {
      const pids = system.poolPids();
      if (pids.length > 0) process.kill(random.pick(pids), "SIGKILL");
      return;
    }
    case "server":
      await system.nats.kill9();
      return system.nats.restart();
    case "all":
      await Promise.all([restart("pipelines", 1), restart("router", 1), restart("router", 2)]);
      return;
    default:
      fault satisfies never;
  }
}

/** The same as without faults. */
function verify(
  runs: readonly { id: string; declaration: PipelineDeclaration }[],
  results: readonly PipelineResult[],
): void {
  const interpreter = new Interpreter(MEANT, new Map([["child", CHILD]]));
  for (const [n, { id, declaration }] of runs.entries()) {
    const result = results[n] as PipelineResult;
    const expected = interpreter.run(declaration, { id });
    assert.equal(
      result.status,
      expected === undefined ? "failed" : "succeeded",
      `${id}: ${JSON.stringify(result.error)}`,
    );
    if (expected !== undefined) assert.deepEqual(result.outputs, expected, id);
    if (declaration.name === "undone") assert.deepEqual(result.compensated, [{ stage: 0, name: "done" }], id);
  }
}

/** Each run has one end, each stage one; nothing ran once its result was stored. */
async function verifyLog(system: ProcessSystem, say: (text: string) => void): Promise<void> {
  const records = await readLog(system.nats);
  const report = checkLog(records);
  assert.deepEqual(report.problems, []);
  const ends = new Map<string, number>();
  for (const { subject, data } of records) {
    const [, , entity, user, run, verb] = subject.split(".");
    if (entity !== "pipeline" || verb === "registered") continue;
    if (verb === "finished") count(ends, `${user}.${run}`);
    const { steps = [] } = (JSON.parse(Buffer.from(data).toString()) as CloudEvent<PipelineProgressed>).data;
    for (const step of steps)
      if (step.kind === "finished") count(ends, `${user}.${run} ${step.stage}_${step.n}`);
  }
  for (const [what, times] of ends) assert.equal(times, 1, `${what} has ${times} ends`);
  const resultMs = new Map<string, number>();
  for (const [id, { outputs }] of report.results) {
    const atMs = report.times.get(id)?.resultMs;
    if (typeof outputs?.seen === "string" && atMs !== undefined) resultMs.set(outputs.seen, atMs);
  }
  const runs = system.runs();
  const late = runs.filter(
    ({ key: of, atMs }) => atMs > (resultMs.get(of) ?? Number.POSITIVE_INFINITY) + DECIDED_MS,
  );
  assert.deepEqual(late, [], "ran after it had finished");
  say(`${ends.size} ends, ${runs.length} runs of programs for ${resultMs.size} keys`);
}

/** A service that is killed again and again may be away for longer than the client waits. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isDspexError(error) || error.code !== "unavailable") throw error;
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function within<T>(ms: number, promise: Promise<T>, say: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`not all runs have finished ${ms} ms after the faults\n${say()}`)),
    ms,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
