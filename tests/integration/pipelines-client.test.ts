// Pipelines as an application sees them: the DSL, the handle of a run, its events and streams, on the real service.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Part } from "../../services/bus/part.ts";
import {
  connect,
  type Dspex,
  type DspexError,
  expr,
  first,
  less,
  not,
  pipeline,
  program,
  type RunEvent,
  signature,
  undo,
} from "../../services/client/mod.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";
import { NatsProxy } from "../kit/nats-proxy.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const SPLIT = "text: str -> words: list[str]";
const SHOUT = "text: str -> loud: str";
const JOIN = "words: list[str] -> joined: str";
const COUNT = "text: str -> length: int, long: bool";

const undone: string[] = [];
let broken = 0;
const { declarations, functions } = defineConfig({
  programs: [
    defineProgram("split", SPLIT, {
      implementations: [native("now", ({ text }) => ({ words: text.split(" ") }), { inline: true })],
    }),
    defineProgram("shout", SHOUT, {
      implementations: [
        native(
          "now",
          ({ text }) => {
            if (text === "bad") throw new Error("a bad word");
            if (text === "flaky" && broken-- > 0) throw new Error("not yet");
            return { loud: text.toUpperCase() };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("join", JOIN, {
      implementations: [native("now", ({ words }) => ({ joined: words.join(" ") }), { inline: true })],
    }),
    defineProgram("count", COUNT, {
      implementations: [
        native("now", ({ text }) => ({ length: text.length, long: text.length > 10 }), { inline: true }),
      ],
    }),
    defineProgram("forget", "text: str -> done: bool", {
      implementations: [
        native(
          "now",
          ({ text }) => {
            undone.push(text);
            return { done: true };
          },
          { inline: true },
        ),
      ],
    }),
  ],
});

const split = program("split", signature(SPLIT));
const shout = program("shout", signature(SHOUT));
const join = program("join", signature(JOIN));
const count = program("count", signature(COUNT));
const forget = program("forget", signature("text: str -> done: bool"));

const loudly = pipeline("loudly", signature("text: str -> said: str, length: int"), (p) => {
  const { words } = p.call("split", split, { text: p.inputs.text });
  const louder = p.map("louder", words, (word, q) => q.call("shout", shout, { text: word }));
  const joined = p.call("join", join, { words: louder.loud });
  const counted = p.call("count", count, { text: joined.joined });
  const either = p.when(
    "ending",
    counted.long,
    () => ({ text: expr<string>`${joined.joined} + "!"` }),
    () => ({ text: joined.joined }),
  );
  return { said: either.text, length: counted.length };
});

let system: TestSystem;
let pipelines: Part;
let dspex: Dspex;
before(async () => {
  system = await startSystem({ programs: declarations, functions, users: [{ name: "guest" }] });
  pipelines = await startPipelines(system.settings("pipelines"));
  dspex = await system.client();
});
after(async () => {
  await pipelines?.stop();
  await system?.[Symbol.asyncDispose]();
});

test("a definition - runs without being registered, with types both ways", async () => {
  const run = await dspex.pipeline(loudly).run({ text: "a few words" });
  const outputs = await run.outputs();
  assert.deepEqual(outputs, { said: "A FEW WORDS!", length: 11 });
  const result = await run.result();
  assert.equal(result.status, "succeeded");
  assert.deepEqual(result.pathTaken, ["ending[0]"]);
  assert.deepEqual(await dspex.pipeline(loudly).call({ text: "b" }), { said: "B", length: 1 });
});

test("events - tell each step with the progress after it, and again from where a reader was", async () => {
  const run = await dspex.pipeline(loudly).run({ text: "one two three" });
  const events = await Array.fromAsync(run.events());
  assert.equal(events[0]?.verb, "started");
  assert.equal(events.at(-1)?.verb, "finished");
  const percents = events.map(({ progress }) => progress.percent);
  assert.deepEqual(
    percents,
    [...percents].sort((a, b) => a - b),
    "never goes back",
  );
  assert.equal(percents.at(-1), 100);
  const last = (events.at(-1) as RunEvent).progress;
  assert.equal(last.status, "succeeded");
  const told = last.stages.map(({ name, status, started, finished, skipped }) => [
    name,
    status,
    started,
    finished,
    skipped,
  ]);
  const served = (await run.progress()).stages.map(({ name, status, started, finished, skipped }) => [
    name,
    status,
    started,
    finished,
    skipped,
  ]);
  assert.deepEqual(told, served);
  assert.deepEqual(told[2], ["shout", "finished", 3, 3, 0]);
  const middle = events[1] as RunEvent;
  const rest = await Array.fromAsync(run.events({ after: middle.sequence }));
  assert.deepEqual(
    rest.map(({ sequence }) => sequence),
    events.slice(2).map(({ sequence }) => sequence),
  );
  assert.deepEqual(rest.at(-1)?.progress, last);
});

test("traceparent - a run belongs to its caller's trace", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const run = await dspex.pipeline(loudly).run({ text: "x" }, { traceparent });
  await run.result();
  for await (const { data } of run.events()) {
    assert.equal(data.traceparent, traceparent);
    break;
  }
});

test("large inputs and outputs - travel by reference, and are values again", async () => {
  const large = "x".repeat(400_000);
  const passes = pipeline("passes", signature("text: str -> said: str"), (p) => {
    const once = p.call("once", shout, { text: p.inputs.text });
    return { said: p.call("twice", shout, { text: once.loud }).loud };
  });
  const { said } = await dspex.pipeline(passes).call({ text: large });
  assert.ok(said === large.toUpperCase());
});

test("register, list, describe, runs - what there is", async () => {
  const { version, owner } = await dspex.pipelines.register(loudly);
  assert.equal(owner, "local");
  assert.deepEqual(
    (await dspex.pipelines.list()).map(({ name, version: of }) => [name, of]),
    [["loudly", version]],
  );
  const { definition } = await dspex.pipelines.describe("loudly");
  assert.deepEqual(definition, loudly.definition);
  const byName = dspex.pipeline("loudly", signature("text: str -> said: str, length: int"));
  const run = await byName.run({ text: "x" }, { run: "chosen1" });
  assert.equal((await run.outputs()).said, "X");
  assert.deepEqual(
    await (await byName.run({ text: "x" }, { run: "chosen1" })).outputs(),
    await run.outputs(),
  );
  await assert.rejects(byName.run({ text: "y" }, { run: "chosen1" }), { code: "id_conflict" });
  assert.equal((await dspex.pipelines.get("chosen1").look())?.status, "succeeded");
  const runs = await Array.fromAsync(dspex.pipelines.runs({ pipeline: "loudly" }));
  assert.equal(runs[0]?.run, "chosen1");
  assert.ok(runs.every(({ status }) => status === "succeeded"));
  const guest = await system.client("guest");
  await assert.rejects(guest.pipelines.get("chosen1").progress(), { code: "not_found" });
  await assert.rejects(guest.pipelines.describe("loudly"), { code: "not_found" });
});

test("validate - names the stage and what is wrong with it", async () => {
  const unused = pipeline("unused", signature("text: str -> said: str"), (p) => {
    p.call("lost", shout, { text: p.inputs.text });
    return { said: p.inputs.text };
  });
  const [problem] = (await dspex.pipelines.validate(unused)).problems;
  assert.equal(problem?.stage, "lost");
  assert.match(problem.message, /nothing refers to stage "lost"/);
  const wrong = pipeline("wrong", signature("text: str -> said: str"), (p) => {
    const nowhere = p.call("missing", program("nowhere"), { a: 1 });
    const counted = p.call("count", program("count"), { text: p.inputs.text, more: 1 });
    const late = p.call("late", program("shout"), { text: counted.length }, { when: nowhere.length });
    return { said: late.loud };
  });
  const { problems } = await dspex.pipelines.validate(wrong);
  const told = problems.map(({ stage, message }) => `${stage}: ${message}`).join("\n");
  for (const part of [/^missing: .*nowhere/m, /^count: no input "more"/m, /^late: expected str, got int/m])
    assert.match(told, part);
  await assert.rejects(dspex.pipelines.register(wrong), (error: DspexError) => {
    assert.equal(error.code, "invalid_inputs");
    assert.deepEqual((error.details as { problems: unknown }).problems, problems);
    return true;
  });
  await assert.rejects(dspex.pipeline(wrong).run({ text: "x" }), { code: "invalid_inputs" });
});

test("signal, approve - a run waits for them, also before it asks", async () => {
  // #region waits
  const asks = pipeline("asks", signature("text: str -> said: str, stars: int"), (p) => {
    const review = p.signal("review", "stars: int(ge=1, le=5)");
    const yes = p.approval("sign", { after: [review] });
    const loud = p.call("loud", shout, { text: p.inputs.text }, { after: [yes] });
    return { said: loud.loud, stars: review.stars };
  });
  // #endregion
  const run = await dspex.pipeline(asks).run({ text: "hello" });
  await run.approve("sign", { note: "go on" }); // kept until it is waited for
  await assert.rejects(run.signal("review", { stars: 9 }), { code: "invalid_inputs" });
  await run.signal("review", { stars: 4 }, { key: "k" });
  await run.signal("review", { stars: 4 }, { key: "k" });
  assert.deepEqual(await run.outputs(), { said: "HELLO", stars: 4 });
  const refused = await dspex.pipeline(asks).run({ text: "hello" });
  await refused.signal("review", { stars: 1 });
  await refused.approve("sign", { approved: false, note: "no" });
  await assert.rejects(refused.outputs(), { code: "not_allowed" });
});

test("onFailure, retry, compensate - what stands in, what is tried again, what is undone", async () => {
  broken = 2;
  undone.length = 0;
  // #region failures
  const careful = pipeline("careful", signature("text: str -> said: str, other: str"), (p) => {
    const flaky = p.call("flaky", shout, { text: "flaky" }, { retry: { times: 3, delayMs: 10 } });
    const spare = p.call("spare", shout, { text: "bad" }, { onFailure: { value: { loud: "spare" } } });
    const skipped = p.call("skipped", shout, { text: "bad" }, { onFailure: "skip" });
    return { said: flaky.loud, other: first(skipped.loud, spare.loud) };
  });
  // #endregion
  assert.deepEqual(await dspex.pipeline(careful).call({ text: "x" }), { said: "FLAKY", other: "spare" });
  // #region saga
  const saga = pipeline("saga", signature("text: str -> said: str"), (p) => {
    const one = p.call(
      "one",
      shout,
      { text: p.inputs.text },
      { compensate: (own) => undo(forget, { text: own.loud }) },
    );
    const bad = p.call("bad", shout, { text: "bad" }, { after: [one] });
    return { said: bad.loud };
  });
  // #endregion
  const run = await dspex.pipeline(saga).run({ text: "done" });
  const result = await run.result();
  assert.equal(result.status, "failed");
  assert.equal(result.failedStage, "bad");
  assert.deepEqual(Object.keys(result.partial?.finished ?? {}), ["one"]);
  assert.deepEqual(undone, ["DONE"]);
});

test("loop, cancel, rerun - rounds, an end, and another run that takes over what was done", async () => {
  // #region loop
  const grow = pipeline("grow", signature("text: str, until: int -> said: str, rounds: int"), (p) => {
    const { said, round } = p.loop(
      "grow",
      { said: p.inputs.text },
      (loop, q) => {
        const more = q.value("more", { said: expr<string>`${loop.said} + "!"` });
        return { said: more.said, round: expr<number>`${loop.iteration} + 1` };
      },
      { max: 9, until: (now) => not(less(now.round, p.inputs.until)) },
    );
    return { said, rounds: round };
  });
  // #endregion
  assert.deepEqual(await dspex.pipeline(grow).call({ text: "a", until: 3 }), { said: "a!!!", rounds: 3 });

  const waits = pipeline("waits", signature("text: str -> said: str"), (p) => {
    const one = p.call("one", shout, { text: p.inputs.text });
    const wait = p.signal("wait", "text: str", { after: [one] });
    const two = p.call("two", shout, { text: wait.text });
    return { said: two.loud };
  });
  const run = await dspex.pipeline(waits).run({ text: "a" });
  for await (const { progress } of run.events()) if (progress.stages[1]?.status === "running") break;
  await run.cancel("enough");
  const cancelled = await run.result();
  assert.equal(cancelled.status, "cancelled");
  await assert.rejects(run.outputs(), { code: "cancelled" });
  const again = await run.rerun();
  await again.signal("wait", { text: "b" });
  const result = await again.result();
  assert.equal(result.outputs?.said, "B");
  assert.equal(result.reused?.run, run.id);
});

test("graph - drawn with how far each stage is", async () => {
  const run = await dspex.pipeline(loudly).run({ text: "a b" });
  await run.result();
  const graph = await run.graph();
  assert.match(graph.lines().join("\n"), /✓ louder 2 items/);
  assert.match(graph.mermaid(), /class s0 finished/);
  assert.match(graph.svg(), /^<svg [\s\S]*✓ split[\s\S]*<\/svg>\n$/);
});

test("a service that dies and comes again - readers go on behind what they have", async () => {
  const waits = pipeline("restarts", signature("text: str -> said: str"), (p) => {
    const one = p.call("one", shout, { text: p.inputs.text });
    const wait = p.signal("wait", "text: str", { after: [one] });
    return { said: p.call("two", shout, { text: wait.text }).loud };
  });
  const run = await dspex.pipeline(waits).run({ text: "a" });
  const seen: number[] = [];
  const waiting = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const { sequence, progress } of run.events()) {
      seen.push(sequence);
      if (progress.stages[1]?.status === "running") waiting.resolve();
    }
  })();
  await waiting.promise;
  const result = run.result();
  await pipelines.stop();
  pipelines = await startPipelines(system.settings("pipelines"));
  await run.signal("wait", { text: "b" });
  await reading;
  assert.deepEqual((await result).outputs, { said: "B" });
  const all = await Array.fromAsync(run.events());
  assert.deepEqual(
    seen,
    all.map(({ sequence }) => sequence),
  );
});

test("Python - builds, registers, runs and says the same", async () => {
  const { password } = system.nats.login("local");
  const env = {
    ...process.env,
    NATS_URL: system.nats.url,
    NATS_USER: "local",
    NATS_PASSWORD: password,
    PYTHONPATH: fileURLToPath(new URL("../../python-pools", import.meta.url)),
  };
  const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
  const script = fileURLToPath(new URL("../kit/pipelines_client.py", import.meta.url));
  const { stdout } = await promisify(execFile)(python, [script], { env, timeout: 100_000 });
  const told = Object.assign(
    {},
    ...stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
  assert.match(told.version, /^[0-9a-f]{16}$/);
  assert.ok(told.names.includes("python"));
  assert.match(told.problems[0], /^nothing refers to stage "said"/);
  assert.equal(told.pending, true);
  assert.ok(told.verbs.includes("signalled") && told.verbs.includes("finished"));
  assert.deepEqual(told.outputs, { loud: ["A", "B"], note: "go on" });
  assert.match(told.drawn, /^╭─/);
  assert.equal(told.mermaid, "flowchart TD");
  assert.equal(told.percent, 100);
  assert.deepEqual(told.stages, ["each", "one", "sign", "word", "last", "said"]);
  assert.deepEqual(
    [told.code, told.status, told.runs, told.gone],
    ["not_allowed", "cancelled", 3, "not_found"],
  );
});

test("events, result - over a connection that is lost again and again: none missing, none twice", async () => {
  await using proxy = await NatsProxy.start(system.nats.url);
  const { password } = system.nats.login("local");
  await using far = await connect({ url: proxy.url, user: "local", password });
  const counted = pipeline("counted", signature("text: str -> said: str"), (p) => {
    const waits = p.map(
      "waits",
      ["a", "b", "c", "d", "e", "f"],
      (word, q) => {
        const pause = q.delay("pause", 60);
        return q.call("loud", shout, { text: word }, { after: [pause] });
      },
      { concurrency: 1 },
    );
    return { said: p.call("join", join, { words: waits.loud }).joined };
  });
  const run = await far.pipeline(counted).run({ text: "x" });
  const seen: number[] = [];
  for await (const { sequence } of run.events()) {
    seen.push(sequence);
    if (seen.length % 5 === 0) proxy.cut();
  }
  assert.equal((await run.outputs()).said, "A B C D E F");
  const all = await Array.fromAsync(dspex.pipelines.get(run.id).events());
  assert.deepEqual(
    seen,
    all.map(({ sequence }) => sequence),
  );
});
