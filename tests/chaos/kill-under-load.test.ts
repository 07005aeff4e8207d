// Two thousand requests from four clients while everything is killed again and again, and the server stays away for a
// minute.

import { test } from "node:test";
import { chooseSeed } from "../kit/random.ts";
import { killUnderLoad } from "./kill-under-load.ts";

const NATIVE = [
  ["tally", 6],
  ["tally_thread", 2],
] as const;
const PYTHON = [
  ["tally_python", 4],
  ["tally_flaky", 1],
  ["tally_fallback", 1],
] as const;

test("kill -9 of everything under load - each acknowledged request has one result", async (t) => {
  await killUnderLoad({
    seed: chooseSeed(),
    requests: 2_000,
    clients: 4,
    bursts: 60,
    loadMs: 90_000,
    faults: [
      "router",
      "server",
      "client",
      "pool",
      "lone-router",
      "client",
      "pool",
      "server",
      "router",
      "outage",
      "client",
      "pool",
    ],
    outageMs: 60_000,
    mix: [...NATIVE, ...PYTHON],
    poolProcesses: 2,
    patienceMs: 240_000,
    say: (text) => t.diagnostic(text),
  });
});
