// `dspex pipeline` against the real pipelines service, with a file as a user writes it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { main } from "../../services/app/cli/main.ts";
import type { Part } from "../../services/bus/part.ts";
import type { RunProgress, RunSummary } from "../../services/client/mod.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { type Ran, runDspex } from "./run-dspex.ts";

const { declarations, functions } = defineConfig({
  programs: [
    defineProgram("shout", "text: str -> loud: str", {
      implementations: [
        native(
          "quick",
          ({ text }) => {
            if (text === "bad") throw new Error("a bad word");
            return { loud: text.toUpperCase() };
          },
          { inline: true },
        ),
      ],
    }),
  ],
});

const FILE = `name: shouts
description: Shouts each of some texts.
signature: "texts: list[str] -> loud: list[str], many: bool"
stages:
  - name: each
    kind: map
    over: { $from: inputs.texts }
    body:
      stages:
        - name: one
          kind: call
          program: shout
          inputs: { text: { $from: item } }
      outputs: { loud: { $from: one.loud } }
outputs:
  loud: { $from: each.loud }
  many: { $expr: "len(each.loud) > 2" }
`;
const WAITING = `name: waiting
signature: "text: str -> loud: str, note: str | None"
stages:
  - { name: sign, kind: signal, signal: boss, approval: true }
  - { name: word, kind: signal, signal: word, fields: "text: str", after: [sign] }
  - { name: one, kind: call, program: shout, inputs: { text: { $from: word.text } } }
outputs: { loud: { $from: one.loud }, note: { $from: sign.note } }
`;

let system: TestSystem;
let pipelines: Part;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "dspex-pipelines-"));
  system = await startSystem({ programs: declarations, functions, users: [{ name: "guest" }] });
  pipelines = await startPipelines(system.settings("pipelines"));
});
after(async () => {
  await pipelines?.stop();
  await system?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const dspex = (...commandLine: string[]): Promise<Ran> =>
  runDspex(["pipeline", ...commandLine], { home: system.nats.home });

function saved(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("nothing yet - the lists say so", async () => {
  assert.equal((await dspex("list")).out, "no pipelines\n");
  assert.equal((await dspex("runs")).out, "no runs\n");
  const shown = await dspex("show", "nothing");
  assert.equal(shown.exitCode, 5);
  assert.match(shown.err, /not_found: no run "nothing"/);
});

test("validate, run - what is wrong with a file is told by its lines", async () => {
  const good = saved("good.yaml", FILE);
  const { out, exitCode } = await dspex("validate", good);
  assert.equal(exitCode, 0);
  assert.match(out, /^shouts [0-9a-f]{16}: nothing is wrong with it\n$/);
  const shape = saved("shape.yaml", FILE.replace("program: shout", "programm: shout"));
  const misshapen = await dspex("validate", shape);
  assert.equal(misshapen.exitCode, 2);
  assert.match(misshapen.err, /shape\.yaml:10: stage "each\/one": .*"programm"/);
  const wrong = saved(
    "wrong.yaml",
    FILE.replace("program: shout", "program: whisper").replace("{ $from: item }", "{ $from: itme }"),
  );
  const told = await dspex("validate", wrong);
  assert.equal(told.exitCode, 1);
  assert.match(told.out, /^\S*wrong\.yaml:13: stage "each\/one": .*itme/m);
  const ran = await dspex("run", wrong, 'texts:=["a"]');
  assert.equal(ran.exitCode, 2);
  assert.match(ran.err, /wrong\.yaml:13: stage "each\/one": .*itme/);
  const missing = await dspex("run", join(folder, "no.yaml"));
  assert.equal(missing.exitCode, 5);
});

test("run - shows each step, then the outputs; --json gives lines of JSON", async () => {
  const file = saved("good.yaml", FILE);
  const { out, err, exitCode } = await dspex("run", file, 'texts:=["a","b","c"]');
  assert.equal(exitCode, 0, err);
  assert.equal(out, 'loud: ["A","B","C"]\nmany: true\n');
  assert.match(err, /▸ shouts [0-9a-f]{16} {2}run [0-9a-f]+\n/);
  assert.match(err, /✓ each\[1\]\/one .*quick\n/);
  assert.match(err, /succeeded in .* · 3 requests · /);
  const lines = (await dspex("run", file, 'texts:=["a"]', "--json")).out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(lines[0].verb, "started");
  assert.equal(lines.at(-2).progress.percent, 100);
  assert.deepEqual(lines.at(-1).result.outputs, { loud: ["A"], many: false });
  const failed = await dspex("run", file, 'texts:=["a","bad"]');
  assert.equal(failed.exitCode, 1);
  assert.match(failed.err, /failed at each.*: .*a bad word/);
});

test("run - on a terminal the stages are drawn again in their place", async () => {
  const file = saved("good.yaml", FILE);
  let err = "";
  const exitCode = await main(["pipeline", "run", file, 'texts:=["a","b"]'], {
    output: { write: () => true, isTTY: true, columns: 100 },
    errors: {
      isTTY: true,
      write: (text) => {
        err += text;
      },
    },
    variables: { DSPEX_HOME: system.nats.home, NO_COLOR: "1" },
    interrupted: new AbortController().signal,
  });
  assert.equal(exitCode, 0);
  const last = err.split("\u001b[J").at(-1) ?? "";
  assert.match(last, /^shouts {2}succeeded {2}.*100 %.*\n {2}✓ each +2 items.*\n {2}✓ {3}one +2\/2 .*\n/);
});

test("register, describe, list, graph - by name", async () => {
  const registered = await dspex("register", saved("good.yaml", FILE));
  assert.match(registered.out, /^registered shouts [0-9a-f]{16}\n$/);
  assert.match((await dspex("list")).out, /^shouts +own +[0-9a-f]{16} +1 +2 +Shouts each of some texts\.$/m);
  const yaml = (await dspex("describe", "shouts", "--yaml")).out;
  const again = await dspex("register", saved("again.yaml", yaml));
  assert.equal(again.out, registered.out, "the same definition is the same version");
  assert.match(
    (await dspex("describe", "shouts")).out,
    /texts: list\[str\] -> loud: list\[str\], many: bool/,
  );
  const drawn = (await dspex("graph", "shouts")).out;
  assert.equal(drawn, (await dspex("graph", join(folder, "good.yaml"))).out);
  assert.match(drawn, /│ for each of inputs\.texts │/);
  const picture = join(folder, "shouts.svg");
  await dspex("graph", "shouts", "--output", picture);
  assert.match(readFileSync(picture, "utf8"), /^<svg /);
  assert.match((await dspex("graph", "shouts", "--format", "mermaid")).out, /^flowchart TD\n/);
  assert.equal((await dspex("graph", "nothing")).exitCode, 5);
  const shared = await dspex("register", join(folder, "good.yaml"), "--shared", "--user", "guest");
  assert.equal(shared.exitCode, 3, "a guest has no admin right, so nobody answers");
  assert.match((await dspex("remove", "shouts")).out, /^removed shouts\n$/);
  assert.equal((await dspex("run", "shouts", "texts:=[]")).exitCode, 5);
});

test("a module - its pipelines are run as those of a file", async () => {
  const door = new URL("../../services/client/mod.ts", import.meta.url).href;
  const module = saved(
    "two.ts",
    `import { pipeline, program, signature } from ${JSON.stringify(door)};
     const shout = program("shout", signature("text: str -> loud: str"));
     export const one = pipeline("one", signature("text: str -> loud: str"), (p) => p.call("a", shout, p.inputs));
     export const two = pipeline("two", signature("text: str -> loud: str"), (p) => p.call("b", shout, p.inputs));`,
  );
  assert.match(
    (await dspex("run", module, "text=x")).err,
    /several pipelines: name one of one, two with --name/,
  );
  assert.equal((await dspex("run", module, "text=x", "--name", "two")).out, "X\n");
  assert.equal((await dspex("register", module)).out.trimEnd().split("\n").length, 2);
});

test("--detach, approve, signal, show, runs, rerun, analyze - a run from outside", async () => {
  const file = saved("waiting.yaml", WAITING);
  const run = (await dspex("run", file, "text=x", "--detach", "--run", "mine1")).out.trim();
  assert.equal(run, "mine1");
  const shown = (await dspex("show", run, "--json")).json() as RunProgress;
  assert.equal(shown.status, "running");
  assert.equal(shown.stages[0]?.signal, "boss");
  assert.match((await dspex("approve", run, "--note", "go on")).out, /^approved boss of mine1\n$/);
  const wrong = await dspex("signal", run, "word", "other=x");
  assert.equal(wrong.exitCode, 2);
  assert.match((await dspex("signal", run, "word", "text=hello", "--key", "k")).out, /^told mine1 word\n$/);
  const watched = await dspex("watch", run);
  assert.equal(watched.out, "loud: HELLO\nnote: go on\n");
  assert.match(watched.err, /✉ signal boss by local/);
  const after = (await dspex("show", run, "--graph")).out;
  assert.match(after, /100 %/);
  assert.match(after, /│ ✓ sign +│/);
  assert.match((await dspex("graph", run)).out, /✓ word/);
  const [first] = (await dspex("runs", "--json", "--limit", "1")).json() as RunSummary[];
  assert.equal(first?.run, run);
  assert.match((await dspex("runs")).out, /^mine1 +waiting +succeeded +100 %/m);
  const again = (await dspex("rerun", run, "--from", "word", "--detach")).out.trim();
  await dspex("signal", again, "word", "text=bye");
  assert.match((await dspex("watch", again)).out, /^loud: BYE\n/);
  const analysed = await dspex("analyze", run);
  assert.match(analysed.out, /critical path/);
});

test("Ctrl-C - cancels what was started here, and only stops watching what was not", async () => {
  const file = saved("waiting.yaml", WAITING);
  const interrupt = new AbortController();
  const running = runDspex(["pipeline", "run", file, "text=x", "--run", "stopped1"], {
    home: system.nats.home,
    interrupted: interrupt.signal,
  });
  const client = await system.client();
  const run = client.pipelines.get("stopped1");
  const isOn = () =>
    run.progress().then(
      () => true,
      () => false,
    );
  while (!(await isOn())) await new Promise((resolve) => setImmediate(resolve));
  const leave = new AbortController();
  const watching = runDspex(["pipeline", "watch", "stopped1"], {
    home: system.nats.home,
    interrupted: leave.signal,
  });
  leave.abort();
  const left = await watching;
  assert.equal(left.exitCode, 130);
  assert.match(left.err, /it goes on; dspex pipeline watch stopped1 shows it again/);
  assert.equal((await run.progress()).status, "running");
  interrupt.abort();
  const stopped = await running;
  assert.equal(stopped.exitCode, 1);
  assert.match(stopped.err, /cancelled: cancelled/);
  assert.equal((await run.look())?.status, "cancelled");
  const cancelled = (await dspex("run", file, "text=x", "--detach")).out.trim();
  assert.match((await dspex("cancel", cancelled, "--reason", "enough")).out, /^cancelling /);
  assert.equal((await dspex("watch", cancelled)).exitCode, 1);
});
