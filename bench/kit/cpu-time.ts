// CPU time of other processes. On a machine that is shared, CPU per request says more than requests per second: it
// does not change with what a neighbour does.

import { readFileSync } from "node:fs";

/** Linux counts in ticks of 10 ms. */
const TICK_MS = 10;

/** User and system time of a process so far, ms; undefined where there is no /proc. */
export function cpuMs(pid: number): number | undefined {
  try {
    // The name may hold spaces and brackets: fields are counted after it.
    const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) (?!.*\) )/s);
    const [user, system] = fields.split(" ").slice(11, 13);
    return (Number(user) + Number(system)) * TICK_MS;
  } catch {
    return undefined;
  }
}
