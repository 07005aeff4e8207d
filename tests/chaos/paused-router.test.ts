// A router that stands still for longer than the contract's 30 s.

import { test } from "node:test";
import { chooseSeed } from "../kit/random.ts";
import { pausedRouter } from "./paused-router.ts";

test("a router that stood still for 40 s - runs nothing of what was finished meanwhile", async (t) => {
  await pausedRouter({
    seed: chooseSeed(),
    requests: 300,
    pauseMs: 40_000,
    say: (text) => t.diagnostic(text),
  });
});
