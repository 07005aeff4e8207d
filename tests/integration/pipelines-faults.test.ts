// Pipelines whose service, routers and pool are really killed, in short; the long version is in `npm run chaos`.

import { test } from "node:test";
import { killPipelines } from "../chaos/pipelines.ts";
import { chooseSeed } from "../kit/random.ts";

test("kill -9 of pipelines, routers and pool - each run finishes once, as without faults", {
  timeout: 220_000,
}, async (t) => {
  await killPipelines({
    seed: chooseSeed(20_261),
    runs: 15,
    loadMs: 4_000,
    faults: ["pipelines", "router", "pool", "all"],
    poolProcesses: 1,
    routerAckWaitMs: 3_000,
    patienceMs: 80_000,
    say: (text) => t.diagnostic(text),
  });
});
