// Resident memory of other processes, as the kernel counts it.

import { readFileSync } from "node:fs";

const KIB = 1_024;

/** Resident set of a process, bytes; undefined where there is no /proc, or no such process any more. */
export function rssBytes(pid: number): number | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kib === undefined ? undefined : Number(kib) * KIB;
  } catch {
    return undefined;
  }
}
