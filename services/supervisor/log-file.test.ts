import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LogFile } from "./log-file.ts";

test("a log file - is bounded: a full one makes place for a new one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dspex-log-file-"));
  const path = join(folder, "logs", "pool.log");
  const file = new LogFile(path, 100);
  for (let n = 0; n < 30; n++) file.write(`line ${n} of a talkative process`);
  await file.close();
  assert.match(readFileSync(path, "utf8"), /line 29 of/);
  assert.ok(statSync(path).size < 200);
  assert.ok(statSync(`${path}.1`).size < 200);
  assert.equal(statSync(path).mode & 0o077, 0);
  rmSync(folder, { recursive: true });
});

test("a log file that cannot be begun anew - goes on, and nobody is stopped by it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dspex-log-file-"));
  const path = join(folder, "pool.log");
  // Where the old one would go there is a folder with something in it.
  mkdirSync(`${path}.1`);
  writeFileSync(join(`${path}.1`, "kept"), "");
  const file = new LogFile(path, 100);
  for (let n = 0; n < 30; n++) file.write(`line ${n} of a talkative process`);
  await file.close();
  assert.match(readFileSync(path, "utf8"), /line 0 of[\s\S]*line 29 of/);
  rmSync(folder, { recursive: true });
});
