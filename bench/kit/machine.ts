// What a number was measured on: without it no number means anything.

import { availableParallelism, cpus, loadavg, platform, release } from "node:os";

export interface Machine {
  cores: number;
  cpu: string;
  system: string;
  node: string;
  /** One minute, at the beginning and at the end. The benchmark itself is in the second. */
  loadBefore: number;
  loadAfter: number;
}

export function machineNow(): Omit<Machine, "loadAfter"> {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    system: `${platform()} ${release()}`,
    node: process.version,
    loadBefore: loadNow(),
  };
}

export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
