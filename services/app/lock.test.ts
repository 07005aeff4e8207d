import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HomeTaken, lockHome, whoRuns } from "./lock.ts";

function home() {
  const folder = mkdtempSync(join(tmpdir(), "dspex-lock-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

test("a home - is taken once, and says by whom", () => {
  using it = home();
  const { folder } = it;
  const lock = lockHome(folder, 0);
  lock.serving("nats://127.0.0.1:4222");
  assert.throws(
    () => lockHome(folder, 0),
    (error) => {
      assert.ok(error instanceof HomeTaken);
      assert.match(
        error.message,
        new RegExp(`process ${process.pid} serves nats://127.0.0.1:4222 since 1970-`),
      );
      return true;
    },
  );
  lock.release();
  assert.equal(whoRuns(folder), undefined);
  lockHome(folder, 0).release();
});

test("a home - left by a process that is gone is taken over", () => {
  using it = home();
  const { folder } = it;
  const { pid } = spawnSync("true");
  writeFileSync(join(folder, "up.json"), JSON.stringify({ pid, begun: "1", since: "then" }));
  lockHome(folder, 0).release();
});

test("a home - whose process number now belongs to another is taken over", () => {
  using it = home();
  const { folder } = it;
  writeFileSync(join(folder, "up.json"), JSON.stringify({ pid: process.pid, begun: "other", since: "then" }));
  lockHome(folder, 0).release();
});

test("a home - with a torn record is taken over", () => {
  using it = home();
  const { folder } = it;
  writeFileSync(join(folder, "up.json"), '{"pid": 1');
  const lock = lockHome(folder, 0);
  assert.equal(JSON.parse(readFileSync(join(folder, "up.json"), "utf8")).pid, process.pid);
  lock.release();
});
