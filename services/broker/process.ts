// Processes by number: whether one is there, whether it is the one that was meant (numbers are used again), and
// waiting for the end of one that is not our child.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether process `pid` is there and has `argument` on its command line. */
export function isRunning(pid: number, argument: string): boolean {
  return isAlive(pid) && commandLine(pid).includes(argument);
}

function commandLine(pid: number): string {
  try {
    if (existsSync("/proc/self/cmdline")) return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return ""; // it ended in between
  }
}

/** The system tells only a parent when a process ends: for any other this looks again and again. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  for (let waitedMs = 0; isAlive(pid); waitedMs += 20) {
    if (waitedMs >= timeoutMs) return false;
    await delay(20);
  }
  return true;
}
