// The whole system, started once for all of these: real broker, services, Python pools and model.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Result } from "../../schemas/messages/result.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { startOtlpReceiver } from "../kit/otlp-receiver.ts";
import { eventually, processesOf, type RunningSystem, startSystem } from "./running-system.ts";

let system: RunningSystem;
let dspex: Dspex;

before(async () => {
  system = await startSystem();
  dspex = await system.client();
});
after(async () => {
  await system?.[Symbol.asyncDispose]();
});

/** Process that took a worker's name last, as the log tells it. */
async function workerProcess(pool: string): Promise<number> {
  const { out } = await system.dspex(["log", "--type", "worker.started", "--tail", "100", "--json"]);
  const started = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).data);
  const { pid } = started.findLast((worker) => worker.pool === pool) ?? {};
  assert.equal(typeof pid, "number", out);
  return pid;
}

test("the start - says what is there, and when everything is ready", (t) => {
  t.diagnostic(`ready after ${Math.round(system.readyMs)} ms`);
  const output = system.output();
  for (const words of ["nats-server at nats://127.0.0.1:", "durability: writes are synced each 1000 ms"])
    assert.ok(output.includes(words), output);
  assert.match(output, new RegExp(`^ready ${system.url}$`, "m"));
});

test("every kind of implementation - answers", async (t) => {
  const ask = async (program: string, inputs: Record<string, unknown>) => {
    const begun = performance.now();
    const outputs = await dspex.program(program)(inputs);
    t.diagnostic(`${program}: ${JSON.stringify(outputs)} in ${Math.round(performance.now() - begun)} ms`);
    return outputs;
  };
  assert.deepEqual(await ask("shout", { text: "hello" }), { loud: "HELLO" });
  assert.deepEqual(await ask("words", { text: "one two three" }), { count: 3 });
  assert.deepEqual(await ask("pinged", { note: "" }), { ok: true, pool: "optimizer" });
  assert.equal(typeof (await ask("answer", { question: "What is the capital of France?" })).answer, "string");
  const { color } = await ask("color", { thing: "grass" });
  assert.ok(["red", "green", "blue"].includes(color as string));
  assert.equal(typeof (await ask("greet", { name: "Ada" })).greeting, "string");
});

test("dspex call - prints outputs, and a failure with its exit code", async () => {
  const called = await system.dspex(["call", "shout", "text=hi"]);
  assert.deepEqual([called.exitCode, called.out], [0, "HI\n"]);
  assert.match(called.err, /^succeeded in \d+ ms · upper · /);
  const full = await system.dspex(["call", "words", "text=a b", "--full", "--json"]);
  assert.equal((full.json() as Result).attempts[0]?.pool, "general");
  const failed = await system.dspex(["call", "shout", "txt=hi", "--json"]);
  assert.equal(failed.exitCode, 1);
  assert.equal((failed.json() as { error: { code: string } }).error.code, "invalid_inputs");
  assert.equal((await system.dspex(["call", "nope", "a=b"])).exitCode, 1);
});

test("dspex submit, result, feedback, log - follow one request", async () => {
  const submitted = await system.dspex(["submit", "slow", "seconds:=4", "--id", "order-42"]);
  assert.deepEqual([submitted.exitCode, submitted.out], [0, "local.x.order-42\n"]);
  assert.equal((await system.dspex(["result", "order-42"])).exitCode, 6);
  const result = await system.dspex(["result", "order-42", "--wait", "60s", "--json"]);
  assert.equal((result.json() as { slept: number }).slept, 4);
  assert.equal((await system.dspex(["feedback", "order-42", "1", "right"])).exitCode, 0);
  const story = await system.dspex(["log", "order-42"]);
  assert.match(story.out, /^local\.x\.order-42 {2}slow {2}succeeded after /);
  for (const kind of ["request ", "work ", "result ", "program.feedback"])
    assert.ok(story.out.includes(kind), kind);
  assert.equal((await system.dspex(["result", "order-43"])).exitCode, 5);
});

test("dspex call and Ctrl-C - cancels the request, and says how to see how it ended", async () => {
  const controller = new AbortController();
  const calling = system.dspex(["call", "slow", "seconds:=20", "--id", "stopped"], controller.signal);
  await eventually("the request is in the log", async () =>
    (await system.dspex(["log", "--request", "local.x.stopped"])).out.includes(" work "),
  );
  controller.abort();
  const { exitCode, err } = await calling;
  assert.equal(exitCode, 130);
  assert.match(err, /cancelled; how it ended: dspex result local\.x\.stopped --wait/);
  const result = await system.dspex(["result", "stopped", "--wait", "60s"]);
  assert.equal(result.exitCode, 1);
  assert.match(result.err, /cancelled/);
});

test("dspex watch - shows requests and results as they happen", async () => {
  const controller = new AbortController();
  const isThere = Promise.withResolvers<void>();
  const watching = system.dspex(["watch", "--json", "--from", "1"], controller.signal, (text) => {
    if (text.includes("dspex.result.local.x.watched")) isThere.resolve();
  });
  await dspex.program("shout")({ text: "watched" }, { id: "watched" });
  await isThere.promise;
  controller.abort();
  const { exitCode, out } = await watching;
  assert.equal(exitCode, 0);
  const events = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(events.some(({ subject }) => subject === "dspex.result.local.x.watched"));
});

test("dspex replay - rebuilds the router's state, nothing open when nothing runs", async () => {
  const state = await eventually("nothing is open", async () => {
    const replayed = await system.dspex(["replay", "--json"]);
    assert.equal(replayed.exitCode, 0, replayed.err);
    const { state } = replayed.json() as { state: { open: object[]; programs: object[] } };
    return state.open.length === 0 ? state : undefined;
  });
  assert.equal(state.programs.length, 7);
});

test("dspex doctor - finds nothing wrong", async () => {
  const { exitCode, out } = await system.dspex(["doctor"]);
  assert.equal(exitCode, 0, out);
  assert.match(out, /pool general .*worker 0: \d\/\d slots/);
});

test("dspex program - lists, describes and registers", async () => {
  assert.match((await system.dspex(["program", "list"])).out, /^shout +text: str -> loud: str$/m);
  const described = await system.dspex(["program", "describe", "answer"]);
  assert.match(described.out, /predict +dspy .*pool="general" module="Predict"/);
  assert.equal((await system.dspex(["program", "describe", "nope"])).exitCode, 5);
});

test("a second start from the same home - says who runs already", async () => {
  const { exitCode, err } = await system.dspex(["up", "--port", "0", "--no-demo"]);
  assert.equal(exitCode, 1);
  assert.match(err, new RegExp(`process ${system.pid} serves ${system.url} since 20`));
});

test("a pool's process that is killed - its work runs again in the spare that was warm", async (t) => {
  await eventually("the general pool has a warm spare", () =>
    /"pool":"general".*"a spare is warm"/.test(system.output()),
  );
  const victim = await workerProcess("general");
  const warm = processesOf(system.home).map(({ pid }) => pid);
  const run = await dspex.program("slow").submit({ seconds: 4 }, { id: "survivor" });
  await eventually("it is at work", async () =>
    (await system.dspex(["log", "--request", run.id])).out.includes(" work "),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  const begun = performance.now();
  process.kill(victim, "SIGKILL");
  const result = await run.result();
  const tookMs = performance.now() - begun;
  t.diagnostic(`answered ${Math.round(tookMs)} ms after the kill, 4000 of them at work`);
  assert.equal(result.status, "succeeded");
  assert.notEqual(result.outputs?.pid, victim);
  assert.ok(warm.includes(Number(result.outputs?.pid)), "it ran in a process that was there before");
  // Long before the server would have given the work back by itself.
  assert.ok(tookMs < 25_000, `${tookMs} ms`);
  const { out } = await system.dspex(["log", run.id]);
  assert.match(out, /worker\.lost +.*general\/0 {2}SIGKILL {2}gave back #\d+/);
});

test("a pool's process that stands still - is killed, and the spare does its work", async (t) => {
  await eventually("there is a warm spare again", () => {
    const warm = system.output().match(/"pool":"general".*"a spare is warm"/g) ?? [];
    return warm.length >= 2;
  });
  const victim = await workerProcess("general");
  process.kill(victim, "SIGSTOP");
  const begun = performance.now();
  const { pid } = await dspex.program("slow")({ seconds: 0 });
  t.diagnostic(`answered ${Math.round(performance.now() - begun)} ms after its worker was stopped`);
  assert.notEqual(pid, victim);
});

test("the model that is killed - is started again at its address", async (t) => {
  const model = () => processesOf(system.home).find(({ command }) => command.includes("model_server"))?.pid;
  const before = model();
  assert.ok(before !== undefined);
  process.kill(before, "SIGKILL");
  const begun = performance.now();
  const { label } = await eventually("a model answers", () =>
    dspex
      .program("color")({ thing: "grass" })
      .then(
        (outputs) => ({ label: outputs.color }),
        () => undefined,
      ),
  );
  assert.ok(["red", "green", "blue"].includes(label as string));
  assert.notEqual(model(), before);
  t.diagnostic(`answered ${Math.round(performance.now() - begun)} ms after the model was killed`);
});

test("the server that is killed - is started again on its port, and everything goes on", async (t) => {
  const server = processesOf(system.home).find(({ command }) => command.includes("nats-server"));
  assert.ok(server !== undefined);
  process.kill(server.pid, "SIGKILL");
  const begun = performance.now();
  assert.deepEqual(await dspex.program("words")({ text: "still here" }), { count: 2 });
  t.diagnostic(`answered ${Math.round(performance.now() - begun)} ms after the server was killed`);
  assert.equal((await system.dspex(["result", "order-42"])).exitCode, 0);
});

test("SIGTERM - stops everything in order within ten seconds and leaves no process", async (t) => {
  await dspex.close();
  const { exitCode, tookMs } = await system.end("SIGTERM");
  t.diagnostic(`stopped in ${Math.round(tookMs)} ms`);
  // What is not over after ten seconds ends with another one.
  assert.equal(exitCode, 0);
  assert.deepEqual(processesOf(system.home), []);
  assert.ok(!existsSync(join(system.home, "up.json")));
});

test("up that is killed - takes its pools and model along, and the next start has everything that was stored", async (t) => {
  await using second = await startSystem({ home: system.home });
  assert.equal((await second.dspex(["result", "order-42"])).exitCode, 0);
  await second.end("SIGKILL");
  const begun = performance.now();
  await eventually("only the server is left", () =>
    processesOf(system.home).every(({ command }) => command.includes("nats-server")),
  );
  t.diagnostic(`its children were gone after ${Math.round(performance.now() - begun)} ms`);
  await using traces = await startOtlpReceiver();
  const flags = ["--otlp-endpoint", traces.endpoint];
  await using third = await startSystem({ home: system.home, arguments: flags });
  assert.equal((await third.dspex(["result", "survivor"])).exitCode, 0);
  assert.equal((await third.dspex(["call", "words", "text=again and again"])).out, "3\n");
  // npm hands on the Ctrl-C that the terminal has sent already: twice is once.
  process.kill(third.pid, "SIGINT");
  const { exitCode, tookMs } = await third.end("SIGINT");
  t.diagnostic(`Ctrl-C took ${Math.round(tookMs)} ms`);
  assert.equal(exitCode, 0);
  assert.deepEqual(processesOf(system.home), []);
  for (const service of ["dspex-router", "dspex-pool-general"])
    assert.ok(
      traces.spans.some((span) => span.service === service),
      service,
    );
});
