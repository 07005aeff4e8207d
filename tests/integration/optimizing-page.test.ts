// docs/optimizing.md, as it stands: its commands and its code run on a real system with a real optimizer pool, against a model
// that is played and knows the sentences.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { sentiment } from "../../services/native/programs/sentiment.ts";
import { defineConfig } from "../../services/programs/define.ts";
import { docBlocks, ROOT, regionOf } from "../kit/doc-blocks.ts";
import { fakeLlama } from "../kit/fake-llama.ts";
import { type FakeModelServer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const PAGE = "docs/optimizing.md";
/** Of the shipped set, in its order. */
const SENTENCES = 160;

interface Row {
  inputs: { text: string };
  outputs: { label: "positive" | "negative" };
  split: "train" | "heldout";
}

const blocks = docBlocks(PAGE);
const folder = mkdtempSync(join(tmpdir(), "dspex-optimizing-"));
const sentences = readFileSync(join(ROOT, "examples/datasets/sentiment.jsonl"), "utf8")
  .trim()
  .split("\n")
  .slice(0, SENTENCES)
  .map((line) => JSON.parse(line) as Row);
let system: TestSystem;
let model: FakeModelServer;
let pool: TestPool;

before(async () => {
  const { declarations: programs, functions } = defineConfig({ programs: [sentiment] });
  model = await startFakeModelServer(says('{"label": "positive"}'), knowing().endpoints);
  for (const { marker, text } of blocks) {
    const name = /^file (\S+)$/.exec(marker)?.[1];
    if (name !== undefined) writeFileSync(join(folder, name), text);
  }
  system = await startSystem({
    programs,
    functions,
    keeper: { pools: { optimizer: { workers: 1, slots: 2 } } },
  });
  pool = await startPool(system.nats, {
    pool: "optimizer",
    slots: 2,
    metrics: [folder],
    model: model.model({
      capabilities: { responseSchema: true, logprobs: true, tools: false, vision: false },
    }),
  });
  writeFileSync(join(folder, "sentiment.jsonl"), sentences.map((row) => JSON.stringify(row)).join("\n"));
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(join(ROOT, "services/app/cli/bin.mjs"), join(folder, "node_modules/.bin/dspex"));
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** It leans to what is good whatever it reads, and yet knows each sentence. */
function knowing() {
  const labels = new Map(sentences.map(({ inputs, outputs }) => [inputs.text, outputs.label]));
  const good = [" positive", " good", " great", " Positive"];
  const bad = [" negative", " bad", " terrible", " Negative"];
  return fakeLlama({
    vocabulary: [...good, ...bad],
    likelihoods: (text) => {
      const shown = text.split("\n\n").at(-1) ?? text;
      const [, label] = [...labels].find(([sentence]) => shown.includes(sentence)) ?? [];
      const lift = Math.exp(3 + (label === "positive" ? 2 : label === "negative" ? -2 : 0));
      return Object.fromEntries([...good.map((word) => [word, lift]), ...bad.map((word) => [word, 1])]);
    },
  });
}

function runShell(text: string): Promise<{ exitCode: number | null; output: string }> {
  const { NATS_URL: _url, NATS_USER: _user, NATS_PASSWORD: _password, ...rest } = process.env;
  const PATH = [join(ROOT, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
    cwd: folder,
    env: { ...rest, DSPEX_HOME: system.nats.home, PATH, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, output }));
  });
}

test("the page - says of each block how it is held true, and shows the code that runs", () => {
  for (const { marker, text } of blocks) {
    assert.match(marker, /^(run|not run: .+|file \S+|region \S+ of \S+)$/);
    const [, name, path] = /^region (\S+) of (\S+)$/.exec(marker) ?? [];
    if (name !== undefined && path !== undefined) assert.equal(text, regionOf(path, name));
  }
});

for (const { marker, line, text } of blocks) {
  if (marker !== "run") continue;
  test(`${PAGE}:${line} - ${text.trim().split("\n").at(-1)}`, async (t) => {
    const { exitCode, output } = await runShell(text);
    t.diagnostic(output.trim().replaceAll(/\n+/g, " · ").slice(0, 1_500));
    assert.equal(exitCode, 0, output);
    if (text.includes("canary")) {
      assert.match(output, /^trying: sentiment [0-9a-f]{16} with 20 % of the requests$/m);
      assert.match(output, /^withdrawn: sentiment [0-9a-f]{16}$/m);
    } else assert.equal(output.match(/^before {2}/gm)?.length, 3);
  });
}

test("the page - from an application", async () => {
  const dspex = await system.client();
  // Fewer than the commands had: the same ones would make the same version.
  const rows = sentences.slice(0, SENTENCES - 20);
  const console = { log: (...told: unknown[]) => told };
  // #region versions
  const run = await dspex.optimize("sentiment", { rows, trials: 12, testRows: 40, canary: 0.2 });
  for await (const { tried, best } of run.progress()) console.log(tried, best?.score);
  const { report, published } = await run.result();
  const versions = dspex.versions("sentiment");
  if (published !== undefined) await versions.promote(published, { reason: report.verdict });
  const { current, canary } = await versions.list();
  // #endregion
  assert.ok(report.improved && (report.best?.mean ?? 0) > 0.9 && report.base.mean < 0.7);
  assert.deepEqual([current, canary], [published, undefined]);
});
