// `dspex variable optimize` and a Python application, against the real service and the real optimizer pool.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex, OptimizationInfo } from "../../services/client/mod.ts";
import { startVariables } from "../../services/variables/main.ts";
import { ROOT } from "../kit/doc-blocks.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import config, { sizes } from "../kit/tuned.config.ts";
import { until } from "../kit/until.ts";
import { runDspex } from "./run-dspex.ts";

let system: TestSystem;
let pool: TestPool;
let service: Part;
let client: Dspex;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath: fileURLToPath(new URL("../kit/tuned.config.ts", import.meta.url)),
    keeper: { pools: { optimizer: { workers: 1, slots: 2 } } },
  });
  client = await system.client();
  service = await startVariables(system.settings("variables"), { variables: config.variables });
  pool = await startPool(system.nats, { pool: "optimizer", slots: 2 });
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await service?.stop();
  await system?.[Symbol.asyncDispose]();
});

test("the command line - searches, tells, lists, detaches, cancels", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dspex-tune-"));
  try {
    const file = join(folder, "sizes.jsonl");
    writeFileSync(
      file,
      sizes(60)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    const dspex = (...line: string[]) => runDspex(["variable", ...line], { home: system.nats.home });
    const search = ["optimize", "boundary", "word", "--objective", "size", "--data", file];
    const done = await dspex(...search, "--trials", "8", "--seed", "6", "--trial-rows", "20");
    assert.equal(done.exitCode, 0, done.err);
    assert.match(done.out, /^before {2}quality 0\.\d+ \[.*\] {2}boundary=90 word="high"$/m);
    assert.match(done.out, /^after {3}quality .* boundary=\d+ word="high"$/m);
    assert.match(done.out, /^gain {4}quality 0\.\d+ \[.*\] {2}on \d+ held-out examples$/m);
    assert.match(done.out, /^check {3}quality .* gain with the new values in force/m);
    assert.match(done.out, /^in force: boundary=\d+ word="high"$/m);
    await client.variables.reset(["boundary"]);
    const told = await dspex(...search, "--trials", "3", "--no-apply", "--json");
    assert.equal((told.json() as OptimizationInfo).applied, false);
    const detached = await dspex("optimize", "boundary", "--objective", "later", "--data", file, "--detach");
    const run = /^run ([0-9a-f]{16}): /.exec(detached.out)?.[1] ?? "";
    assert.match(
      (await dspex("optimizations")).out,
      new RegExp(`^${run} +local +(running|place 1) +boundary +later`, "m"),
    );
    assert.match((await dspex("cancel", run)).out, /^cancell/);
    await assert.rejects(client.variables.optimization(run).result(), { code: "cancelled" });
    writeFileSync(file, '{"n": 1, "size": "low"}\nno json\n');
    const broken = await dspex(...search);
    assert.notEqual(broken.exitCode, 0);
    assert.match(broken.err, /sizes\.jsonl, line 2: /);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("Ctrl-C - cancels the run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dspex-tune-"));
  try {
    const file = join(folder, "sizes.jsonl");
    writeFileSync(
      file,
      sizes(30)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    const interrupt = new AbortController();
    const line = ["variable", "optimize", "pause", "--objective", "later", "--data", file];
    const running = runDspex(line, { home: system.nats.home, interrupted: interrupt.signal });
    await until(async () => (await client.variables.optimizations()).some(({ tried }) => tried > 0));
    interrupt.abort();
    const { exitCode, err } = await running;
    assert.equal(exitCode, 130, err);
    assert.match(err, /cancelling run [0-9a-f]{16}/);
    assert.deepEqual(await client.variables.optimizations(), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a Python application - does the same", async () => {
  await client.variables.reset(["boundary", "word"]);
  const { user, password } = system.nats.login("local");
  const child = spawn(join(ROOT, ".venv/bin/python"), [join(ROOT, "tests/kit/tuned_client.py")], {
    env: {
      ...process.env,
      PYTHONPATH: join(ROOT, "python-pools"),
      NATS_URL: system.nats.url,
      NATS_USER: user,
      NATS_PASSWORD: password,
    },
  });
  child.stdin.end(JSON.stringify(sizes(60)));
  const [out, errors] = await Promise.all([
    readText(child.stdout),
    readText(child.stderr),
    once(child, "close"),
  ]);
  assert.match(
    out,
    /^True \{'boundary': \d+(\.0)?, 'word': 'high'\} \+0\.\d+ \[0\.\d+, 0\.\d+\]\nfinished\n$/,
    errors,
  );
  assert.match(errors, /^running \d+ \{'boundary': /m);
});
