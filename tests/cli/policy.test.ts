// `dspex policy` against the real learning service, which learns from requests of this test.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Part } from "../../services/bus/part.ts";
import { startLearning } from "../../services/learning/main.ts";
import type { PolicyListAnswer, ShowAnswer } from "../../services/learning/serve.ts";
import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";
import { runDspex } from "./run-dspex.ts";

const { declarations, functions } = defineConfig({
  programs: [
    defineProgram("shout", "text: str -> loud: str", {
      implementations: [
        native("quick", ({ text }) => ({ loud: text.toUpperCase() }), { inline: true }),
        native(
          "broken",
          () => {
            throw new Error("no voice");
          },
          { inline: true },
        ),
      ],
    }),
  ],
});

let system: TestSystem;
let learning: Part;
before(async () => {
  system = await startSystem({ programs: declarations, functions, users: [{ name: "guest" }] });
  learning = await startLearning(system.settings("learning"));
});
after(async () => {
  await learning?.stop();
  await system?.[Symbol.asyncDispose]();
});

const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: system.nats.home });
async function policies(): Promise<PolicyListAnswer> {
  return (await dspex("policy", "list", "--json")).json() as PolicyListAnswer;
}

/** Requests until a version has been published that rests on many of them; the first one rests on one alone. */
async function learn(): Promise<number> {
  const client = await system.client();
  const shout = client.program("shout");
  const { version: before } = await policies();
  await until(async () => {
    await Promise.all(Array.from({ length: 25 }, (_, n) => shout({ text: `this is text ${n}` })));
    return (await policies()).version > before + 1;
  });
  return (await policies()).version;
}

test("before anything was learned - list and show say so", async () => {
  const list = await dspex("policy", "list");
  assert.equal(list.exitCode, 0, list.err);
  assert.match(
    list.out,
    /^in force {2}standard: thompson, temper 0\.5, floor 5 %\nversion {3}0: nothing has been/,
  );
  assert.match(
    (await dspex("policy", "show")).out,
    /nothing has been learned yet: policies are published when/,
  );
  assert.match((await dspex("policy", "history", "shout")).out, /^shout has not been asked lately/);
  assert.equal((await dspex("policy", "patterns")).out, "nothing stands out\n");
});

test("dspex policy show - has what is known of each implementation, by kind of task", async () => {
  const version = await learn();
  const { out } = await dspex("policy", "show", "--program", "shout");
  assert.match(out, /^version \d+ {2}of the log up to #\d+ {2}standard: thompson/);
  assert.match(out, /\nshout {2}text\/low\/english\nimplementation {2}expected {2}chance/);
  assert.match(out, /\nquick +0\.\d\d +█+\S* +\d+ % +\d+ +\d+ % +[\d.]+ ms/);
  assert.match(out, /\nbroken +/);
  const { exitCode, json } = await dspex("policy", "show", String(version), "--json");
  assert.equal(exitCode, 0);
  const shown = json() as ShowAnswer;
  assert.equal(shown.version, version);
  assert.deepEqual(
    shown.programs.map(({ program }) => program),
    ["shout"],
  );
  assert.match((await dspex("policy", "show", "--program", "nope")).out, /nothing is known of "nope"/);
});

test("dspex explain - has what was published of the candidates", async () => {
  const client = await system.client();
  await client.program("shout")({ text: "this is one more" }, { id: "more" });
  const { out } = await dspex("explain", "more");
  assert.match(out, /implementation +kind +expected +chance +tries +success/);
  assert.match(out, /evidence +version \d+ \(#\d+\) · of text\/low\/english/);
  assert.match(out, /\n[→ ] quick +native +0\.\d\d .* ms /);
});

test("dspex policy diff - says what changed, and up to the newest version by default", async () => {
  const { version } = await policies();
  const { exitCode, out } = await dspex("policy", "diff", "0");
  assert.equal(exitCode, 0);
  // One that was published just now may be newer still.
  assert.ok(Number(/^version 0 → (\d+)\n/.exec(out)?.[1]) >= version, out);
  assert.match(out, /\nshout {4}text\/low\/english {2}quick +new 0\.\d\d/);
  const same = await dspex("policy", "diff", String(version), String(version));
  assert.equal(same.out, `versions ${version} and ${version} know the same\n`);
});

test("an unknown version, program, challenger - is named", async () => {
  for (const [commandLine, said] of [
    [["show", "999"], /not_found: no policy version 999/],
    [["diff", "1", "999"], /not_found: no policy version 999/],
    [["history", "nope"], /unknown_program: no program "nope"/],
    [["promote", "nobody"], /nobody/],
  ] as const) {
    const { exitCode, err } = await dspex("policy", ...commandLine);
    assert.equal(exitCode, 5, err);
    assert.match(err, said);
  }
  assert.equal((await dspex("policy", "show", "newest")).exitCode, 2);
});

test("dspex policy history - shows successes and failures, window by window", async () => {
  const { out } = await dspex("policy", "history", "shout", "--minutes");
  assert.match(out, /shout broken {2}by the minute\n/);
  assert.match(out, /░░░░░░░░░░ 0 % .* internal \d+/);
  assert.match(out, /shout quick {2}by the minute\n/);
  assert.match(out, /██████████ 100 %/);
  const one = await dspex("policy", "history", "shout", "--implementation", "quick");
  assert.match(one.out, /by the hour/);
  assert.ok(!one.out.includes("broken"));
});

test("what changes things for all - is refused to whoever is no administrator", async () => {
  for (const commandLine of [["promote", "calm"], ["rollback"], ["freeze"], ["unfreeze"]]) {
    const { exitCode, err } = await dspex("policy", ...commandLine, "--user", "guest");
    assert.equal(exitCode, 4, err);
    assert.match(err, /not_allowed: policy\.\w+ needs the right `admin`/);
  }
  assert.equal((await dspex("policy", "list", "--user", "guest")).exitCode, 0);
});

test("dspex policy promote, rollback - put settings into force, and back", async () => {
  const calm = { name: "calm", rule: "thompson", temper: 0.25, floor: 0.1 };
  const promoted = await dspex("policy", "promote", JSON.stringify(calm));
  assert.equal(promoted.out, "in force now: calm: thompson, temper 0.25, floor 10 %\n", promoted.err);
  assert.deepEqual((await policies()).current, calm);
  const client = await system.client();
  await client.program("shout")({ text: "this is later" }, { id: "later" });
  const { out } = await dspex("explain", "later");
  assert.match(out, /policy .* calm: thompson, temper 0\.25, floor 10 %/);
  assert.match(out, /changed +promoted by local at #\d+/);
  const back = await dspex("policy", "rollback", "--reason", "too calm");
  assert.match(back.out, /^in force now: standard: thompson/);
  assert.match((await dspex("policy", "list")).out, /rolled-back +calm → standard by local\n/);
});

test("dspex policy promote - takes settings from a file, and says what does not fit", async () => {
  const file = join(system.nats.home, "settings.json");
  writeFileSync(file, '{"name": "fair", "rule": "uniform", "temper": 1, "floor": 0}');
  assert.equal((await dspex("policy", "promote", file)).out, "in force now: fair: uniform\n");
  const again = await dspex("policy", "promote", file);
  assert.equal(again.exitCode, 1);
  assert.match(again.err, /conflict: the settings "fair" are in force already/);
  await dspex("policy", "rollback");
  writeFileSync(file, '{"name": "fair", "rule": "luck", "temper": 1, "floor": 0}');
  for (const [typed, said] of [
    [file, /settings rule: Invalid option/],
    ['{"name": ', /the settings are no JSON/],
    [join(system.nats.home, "nowhere.json"), /cannot read .*nowhere\.json/],
  ] as const) {
    const { exitCode, err } = await dspex("policy", "promote", typed);
    assert.equal(exitCode, 2);
    assert.match(err, said);
  }
});

test("dspex policy freeze, unfreeze - stop learning, of one program or of all", async () => {
  assert.equal((await dspex("policy", "freeze", "--program", "shout")).out, "frozen: shout\n");
  assert.equal((await dspex("policy", "freeze")).out, "frozen: everything\n");
  assert.match((await dspex("policy", "list")).out, /\nfrozen +everything\n/);
  assert.equal((await dspex("policy", "unfreeze")).out, "frozen: shout\n");
  const { json } = await dspex("policy", "unfreeze", "--program", "shout", "--json");
  assert.deepEqual((json() as { frozen: object }).frozen, { all: false, programs: [] });
});
