import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { takeLock } from "./lock.mjs";

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "dspex-setup-lock-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const neverWaits = (pid: number) => assert.fail(`waited for ${pid}`);

// Takes the lock in a process of its own, with a program running under it, and holds it until it is killed.
async function otherHolder(path: string) {
  const script = `
    const { takeLock } = await import(${JSON.stringify(new URL("./lock.mjs", import.meta.url).href)});
    const { spawn } = await import("node:child_process");
    const lock = await takeLock(${JSON.stringify(path)}, () => {});
    const child = spawn("sleep", ["60"], { detached: true, stdio: ["ignore", "inherit", "ignore"] });
    lock.record([child.pid]);
    console.log("running");
    setInterval(() => {}, 1_000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  return holder;
}

test("takeLock - leaves nothing behind when it is given back", async () => {
  using folder = temporaryFolder();
  const lock = await takeLock(join(folder.path, "lock"), neverWaits);
  assert.deepEqual(readdirSync(folder.path), ["lock"]);
  lock.release();
  assert.deepEqual(readdirSync(folder.path), []);
});

test("takeLock - waits for a holder that lives, and says once for whom", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "lock");
  const first = await takeLock(path, neverWaits);
  const told: number[] = [];
  const waiting = Promise.withResolvers<void>();
  const second = takeLock(path, (pid: number) => {
    told.push(pid);
    waiting.resolve();
  });
  await waiting.promise;
  first.release();
  (await second).release();
  assert.deepEqual(told, [process.pid]);
});

test("takeLock - takes over from a process that is gone, and ends what it left running", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "lock");
  const holder = await otherHolder(path);
  const exited = once(holder, "exit");
  // Comes only when the program that the holder started has let go of the holder's output too.
  const closed = once(holder, "close");
  holder.kill("SIGKILL");
  await exited;
  const lock = await takeLock(path, neverWaits);
  await closed;
  lock.release();
});

test("takeLock - takes over when the holder's id belongs to another process by now", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "lock");
  writeFileSync(path, `${process.ppid} 1 an-earlier-boot`);
  (await takeLock(path, neverWaits)).release();
});

test("takeLock - one of many takes over at a time", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "lock");
  writeFileSync(path, "999999999 1 gone");
  let inside = 0;
  const hold = async () => {
    const lock = await takeLock(path, () => {});
    inside += 1;
    assert.equal(inside, 1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    lock.release();
  };
  await Promise.all(Array.from({ length: 4 }, hold));
});
