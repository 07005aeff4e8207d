// `dspex explain` on requests that a real router has taken, told by the endpoint of the learning service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Explanation } from "../../schemas/messages/explanation.ts";
import type { Part } from "../../services/bus/part.ts";
import { startLearning } from "../../services/learning/main.ts";
import { defineConfig, defineProgram, native, structured } from "../../services/programs/define.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";
import { runDspex } from "./run-dspex.ts";

/** English enough to be known as such. */
const FAILS = "this is the one that fails";

const { declarations, functions } = defineConfig({
  programs: [
    defineProgram("shout", "text: str -> loud: str", {
      implementations: [
        native(
          "shaky",
          ({ text }) => {
            if (text === FAILS) throw new Error("no voice");
            return { loud: text.toUpperCase() };
          },
          { inline: true },
        ),
        native("steady", ({ text }) => ({ loud: text.toUpperCase() }), { inline: true }),
        structured("model", { capabilities: { languages: ["xx"] } }),
        native("last", ({ text }) => ({ loud: text }), { inline: true, lastResort: true }),
      ],
    }),
    defineProgram("wait", "text: str -> out: str", { implementations: [structured("model")] }),
  ],
});

let system: TestSystem;
let learning: Part;
before(async () => {
  system = await startSystem({ programs: declarations, functions, users: [{ name: "other" }] });
  learning = await startLearning(system.settings("learning"));
});
after(async () => {
  await learning?.stop();
  await system?.[Symbol.asyncDispose]();
});

const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: system.nats.home });
async function explained(id: string): Promise<Explanation> {
  const { exitCode, err, json } = await dspex("explain", id, "--json");
  assert.equal(exitCode, 0, err);
  return json() as Explanation;
}

test("dspex explain - says what was chosen, with which chance, and how it ended", async () => {
  const client = await system.client();
  await client.program("shout")({ text: "where did the parcel go?" }, { id: "parcel", prefer: "speed" });
  const { exitCode, out } = await dspex("explain", "local.x.parcel");
  assert.equal(exitCode, 0);
  const [head = "", summary = ""] = out.split("\n");
  assert.match(head, /^local\.x\.parcel {2}shout {2}succeeded in \d+ ms$/);
  assert.match(summary, /^(shaky|steady) was chosen of 4 with a probability of \d+ %/);
  assert.match(out, /looks like +text\/low\/english · 24 bytes · en/);
  assert.match(out, /asked for +prefer speed/);
  assert.match(out, /policy +version 0: nothing had been published yet · standard: thompson/);
  assert.match(out, /\n→ (shaky|steady) +native +0\.\d\d +█+/);
  assert.match(out, /\n {2}model +left out: does not understand "en"\n/);
  assert.match(out, /\n {2}last +kept for when all others have failed/);
  assert.match(out, /\+0 ms +#\d+ +request +asked of shout\n/);
  assert.match(out, /result +(shaky|steady) answered, \d+ ms after the request\n$/);
  assert.ok(!out.includes("\u001b"), "colours are for terminals");
});

test("dspex explain - a chosen id needs no user, and --json gives the whole", async () => {
  const told = await explained("parcel");
  assert.deepEqual(told, await explained("local.x.parcel"));
  assert.equal(told.status, "succeeded");
  const { from = 1, to = 0, number = 1 } = told.decision?.draw ?? {};
  assert.ok(from <= number && number < to);
  assert.equal(told.analysis?.kind, told.decision?.place?.task);
  const sum = told.candidates.reduce((all, { probability }) => all + probability, 0);
  assert.ok(Math.abs(sum - 1) < 1e-9);
});

test("dspex explain - tells of the attempt that failed and what followed it", async () => {
  const client = await system.client();
  const run = await client.program("shout").submit({ text: FAILS }, { implementation: "shaky" });
  assert.equal((await run.result()).status, "failed");
  const named = await run.explain();
  assert.equal(named.decision?.how, "named");
  assert.match(named.summary, /^The request names shaky\. It failed: internal: /);
  // By chance: until one goes to the implementation that fails.
  for (let n = 0; n < 100; n++) {
    const drawn = await client.program("shout").submit({ text: FAILS });
    const result = await drawn.result();
    if (result.attempts.length === 1) continue;
    assert.equal(result.status, "succeeded");
    const { events, summary, result: ended } = await drawn.explain();
    const steps = events.map(({ kind, step, implementation }) => [kind, step ?? implementation]);
    assert.deepEqual(steps, [
      ["request", undefined],
      ["attempt", "first"],
      ["failed", "shaky"],
      ["attempt", "fallback"],
      ["result", "steady"],
    ]);
    assert.match(summary, /One attempt failed \(internal\); steady answered/);
    assert.equal(ended?.attempts, 2);
    return;
  }
  assert.fail("no request went to the implementation that fails");
});

test("dspex explain - says what a breaker kept from being chosen", async () => {
  const client = await system.client();
  const shout = client.program("shout");
  for (let n = 0; n < 5; n++)
    await (await shout.submit({ text: FAILS }, { implementation: "shaky" })).result();
  // The router's fold sees what it wrote a moment later, and tells of the breaker another moment later.
  await until(async () => {
    const run = await shout.submit({ text: "this is the next one" });
    await run.result();
    const { candidates } = await run.explain();
    const why = candidates.find(({ implementation }) => implementation === "shaky")?.why;
    return why === "left out: it had failed too often (internal: 5 failures in a row)";
  });
});

test("dspex explain - of one that has not answered", async () => {
  const client = await system.client();
  const run = await client.program("wait").submit({ text: "x" });
  const told = await run.explain();
  assert.equal(told.status, "pending");
  assert.match((await dspex("explain", run.id)).out, /wait {2}pending\n/);
  await run.cancel();
  assert.equal((await run.result()).status, "cancelled");
  assert.match((await run.explain()).summary, /It was cancelled\.$/);
});

test("dspex explain - of one that was refused", async () => {
  const client = await system.client();
  const run = await client.program("shout").submit({ text: 7 });
  await run.result();
  const { summary, decision, candidates } = await run.explain();
  assert.match(summary, /^It failed: invalid_inputs: shout: inputs\.text: expected str/);
  assert.equal(decision, undefined);
  assert.equal(candidates.length, 4);
});

test("dspex explain - with a judgement", async () => {
  const client = await system.client();
  await client.feedback("parcel", 0.5, "too loud");
  const { events } = await explained("parcel");
  assert.equal(events.at(-1)?.text, "scored 0.50 by local: too loud");
});

test("dspex explain - of what is not there, or another user's, is not found", async () => {
  const { exitCode, err } = await dspex("explain", "local.x.nope");
  assert.equal(exitCode, 5);
  assert.match(err, /not_found: no request "local\.x\.nope"/);
  const other = await system.client("other");
  await assert.rejects(other.explain("parcel"), { code: "not_found" });
  await assert.rejects(other.explain("local.x.parcel"), { code: "invalid_inputs" });
});
