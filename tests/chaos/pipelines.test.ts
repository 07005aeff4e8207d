// Two hundred mixed runs of pipelines while everything is killed again and again.

import { test } from "node:test";
import { chooseSeed } from "../kit/random.ts";
import { killPipelines } from "./pipelines.ts";

test("kill -9 of pipelines, routers, pool and server - each run finishes once, as without faults", async (t) => {
  await killPipelines({
    seed: chooseSeed(),
    runs: 200,
    loadMs: 60_000,
    faults: [
      "pipelines",
      "router",
      "pool",
      "pipelines",
      "all",
      "pool",
      "server",
      "pipelines",
      "router",
      "all",
      "pipelines",
      "pool",
    ],
    poolProcesses: 2,
    patienceMs: 180_000,
    say: (text) => t.diagnostic(text),
  });
});
