// Runs benchmarks to their end in their short form and holds that they write their tables. Says nothing about how fast
// anything is. For two files of tests: all of them in one take long on a slow machine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./doc-blocks.ts";

interface Written {
  machine: { cores: number; loadBefore: number; loadAfter: number };
  tables: { columns: string[]; rows: string[][] }[];
}

/** Every second one, from the first or from the second. */
export function testBenches(from: 0 | 1): void {
  const files = globSync("bench/*.ts", { cwd: ROOT, exclude: ["bench/*.test.ts"] }).sort();
  for (const file of files.filter((_, n) => n % 2 === from)) testBench(file);
}

function testBench(file: string): void {
  test(`${basename(file, ".ts")} - runs in its short form`, async () => {
    const { code, output } = await run(file);
    assert.equal(code, 0, output);
    const results = join(ROOT, "bench/results", `${basename(file, ".ts")}.short.json`);
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
  const child = spawn(process.execPath, [join(ROOT, file), "--short"], { cwd: ROOT });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output += text.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output };
}
