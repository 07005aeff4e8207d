// Reads V8 CPU profiles: where a process spent its time, by function and by what the function belongs to.

import { readFileSync } from "node:fs";

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}
interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

export interface Share {
  name: string;
  /** Of the time in which the process was not idle, 0 to 1. */
  share: number;
}

export interface ProfileSummary {
  busySeconds: number;
  /** By whose code was on top of the stack. */
  owners: Share[];
  /** By function, itself alone. */
  functions: Share[];
  /** By function, with all that it calls. */
  withCallees: Share[];
}

/** @param lastSeconds only the end of the profile: what a process does at its start is another question. */
export function summarizeProfile(file: string, lastSeconds: number): ProfileSummary {
  const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parent = new Map<number, number>();
  for (const { id, children } of profile.nodes) for (const child of children ?? []) parent.set(child, id);
  const self = new Map<number, number>();
  const totalMicros = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0);
  let atMicros = 0;
  let busyMicros = 0;
  for (const [at, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[at] ?? 0;
    atMicros += delta;
    const node = byId.get(id);
    if (node === undefined || atMicros < totalMicros - lastSeconds * 1e6) continue;
    if (node.callFrame.functionName === "(idle)") continue;
    busyMicros += delta;
    self.set(id, (self.get(id) ?? 0) + delta);
  }
  const owners = new Map<string, number>();
  const functions = new Map<string, number>();
  const withCallees = new Map<string, number>();
  const add = (map: Map<string, number>, name: string, micros: number) =>
    map.set(name, (map.get(name) ?? 0) + micros);
  for (const [id, micros] of self) {
    const node = byId.get(id) as ProfileNode;
    add(owners, ownerOf(node), micros);
    add(functions, nameOf(node), micros);
    // A recursive function counts once.
    const above = new Set<string>();
    for (let up: number | undefined = id; up !== undefined; up = parent.get(up))
      above.add(nameOf(byId.get(up) as ProfileNode));
    for (const name of above) add(withCallees, name, micros);
  }
  const shares = (map: Map<string, number>): Share[] =>
    [...map]
      .map(([name, micros]) => ({ name, share: micros / busyMicros }))
      .sort((a, b) => b.share - a.share);
  return {
    busySeconds: busyMicros / 1e6,
    owners: shares(owners),
    functions: shares(functions),
    withCallees: shares(withCallees).filter(({ name }) => !name.startsWith("(")),
  };
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url
    .replace(/^.*\/node_modules\//, "")
    .replace(/^file:\/\/.*?\/(services|schemas|bench|observability)\//, "$1/");
  const name = functionName === "" ? "(anonymous)" : functionName;
  return file === "" ? name : `${name} ${file}:${lineNumber + 1}`;
}

function ownerOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (functionName === "(garbage collector)") return "garbage collector";
  if (url === "")
    return functionName.startsWith("(") ? "native code and system calls" : `builtin ${functionName}`;
  const module = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (module !== undefined) return module;
  if (url.startsWith("node:")) return `node ${url.split("/")[0]?.slice(5)}`;
  return /\/((?:services|schemas)\/[^/]+|bench|observability)\//.exec(url)?.[1] ?? url;
}
