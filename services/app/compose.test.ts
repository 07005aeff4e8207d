import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "../bus/part.ts";
import { type PartPlan, startAll } from "./compose.ts";

type Name = "keeper" | "router" | "gateway";

/** Three parts that write down what happens to them. */
function parts(
  behaviour: Partial<Record<Name, { start?: () => Promise<void>; stop?: () => Promise<void> }>> = {},
) {
  const story: string[] = [];
  const plan = (name: Name, after: Name[]): PartPlan<Name> => ({
    name,
    after,
    async start(): Promise<Part> {
      story.push(`start ${name}`);
      await (behaviour[name]?.start?.() ?? delay(5));
      story.push(`started ${name}`);
      return {
        name,
        async stop() {
          story.push(`stop ${name}`);
          await behaviour[name]?.stop?.();
        },
      };
    },
  });
  const failures: string[] = [];
  return {
    story,
    failures,
    plans: [plan("router", ["keeper"]), plan("gateway", ["keeper"]), plan("keeper", [])],
    listener: {
      onStarted: () => {},
      onStopFailed: (name: Name, error: unknown) => failures.push(`${name}: ${error}`),
    },
  };
}

test("parts - start after what they need, side by side, and stop before it", async () => {
  const { plans, listener, story } = parts();
  const composition = await startAll(plans, listener);
  assert.deepEqual(story.slice(0, 4), ["start keeper", "started keeper", "start router", "start gateway"]);
  story.length = 0;
  await composition.stop(1_000);
  assert.deepEqual(story, ["stop router", "stop gateway", "stop keeper"]);
});

test("parts - what they need and is not in the plan runs elsewhere", async () => {
  const { plans, listener, story } = parts();
  await startAll(plans.slice(0, 1), listener);
  assert.deepEqual(story, ["start router", "started router"]);
});

test("parts - when one fails, the others are stopped and its error is thrown", async () => {
  const { plans, listener, story } = parts({ router: { start: () => Promise.reject(new Error("no port")) } });
  await assert.rejects(startAll(plans, listener), { message: "no port" });
  assert.deepEqual(story.slice(-2), ["stop gateway", "stop keeper"]);
});

test("parts - one that does not stop in time holds nobody up", async () => {
  const { plans, listener, story, failures } = parts({ router: { stop: () => new Promise(() => {}) } });
  const composition = await startAll(plans, listener);
  await composition.stop(20);
  assert.equal(story.at(-1), "stop keeper");
  assert.match(failures[0] ?? "", /router: Error: not stopped within 20 ms/);
});
