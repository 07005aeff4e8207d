// Every benchmark runs to its end in its short form and writes its tables. Says nothing about how fast anything is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
/** They start a model server of their own, beside which those of other tests would starve. */
const ALONE = ["bench/affinity.ts", "bench/learning.ts"];
const files = globSync("bench/*.ts", { cwd: root, exclude: ["bench/*.test.ts", ...ALONE] }).sort();

interface Written {
  machine: { cores: number; loadBefore: number; loadAfter: number };
  tables: { columns: string[]; rows: string[][] }[];
}

for (const file of files) {
  test(`${basename(file, ".ts")} - runs in its short form`, async () => {
    const { code, output } = await run(file);
    assert.equal(code, 0, output);
    const results = join(root, "bench/results", `${basename(file, ".ts")}.short.json`);
    const { machine, tables } = JSON.parse(readFileSync(results, "utf8")) as Written;
    assert.ok(machine.cores > 0 && machine.loadAfter >= 0);
    assert.ok(tables.length > 0);
    for (const { columns, rows } of tables) {
      assert.ok(rows.length > 0);
      for (const row of rows) assert.equal(row.length, columns.length);
    }
  });
}

async function run(file: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, file), "--short"], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output += text.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output };
}
