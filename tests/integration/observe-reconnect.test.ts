// Observers whose server is killed and comes back: they go on at once, from where they were, with nothing missing and
// nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { variable } from "../../services/programs/mod.ts";
import { startVariables } from "../../services/variables/main.ts";
import config from "../kit/functions.config.ts";
import { startSystem } from "../kit/start-system.ts";

/** An observer that notices nothing waits for 35 s. */
const SOON_MS = 30_000;

test("a server that restarts - cuts no observer off, and none waits until its answer is found to be silent", async () => {
  await using system = await startSystem({ programs: config.declarations, functions: config.functions });
  const variables = [variable.integer("count", { min: 0, max: 100, default: 0 })];
  const service = await startVariables(system.settings("variables"), { variables });
  try {
    const client = await system.client();
    const changes: number[] = [];
    const results: string[] = [];
    const observed = Promise.all([
      (async () => {
        for await (const update of client.variables.observe("count", { from: 1 })) {
          if (update.verb === "rejected") continue;
          changes.push(...update.changes.map(({ value }) => value as number));
          if (changes.at(-1) === 2) return;
        }
      })(),
      (async () => {
        for await (const { data } of client.observe({ kinds: ["result"], from: 1 })) {
          results.push((data as { outputs: { echo: string } }).outputs.echo);
          if (results.at(-1) === "after") return;
        }
      })(),
    ]);
    const echo = client.program("echo");
    await client.variables.set({ count: 1 });
    await echo({ text: "before" });
    while (changes.at(-1) !== 1 || results.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await system.nats.kill9();
    await system.nats.restart();
    await echo({ text: "after" });
    for (;;) {
      const done = await client.variables.set({ count: 2 }).then(
        () => true,
        () => false,
      );
      if (done) break;
    }
    const changedAt = performance.now();
    await observed;
    const tookMs = Math.round(performance.now() - changedAt);
    assert.deepEqual(
      [changes, results],
      [
        [0, 1, 2],
        ["before", "after"],
      ],
    );
    assert.ok(tookMs < SOON_MS, `${tookMs} ms`);
    console.log(`observers went on ${tookMs} ms after the change`);
  } finally {
    await service.stop();
  }
});
