import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import type { WorkerFound, WorkerLost } from "../../../schemas/messages/worker-event.ts";
import { MemoryLog } from "../../../tests/kit/memory-log.ts";
import type { NatsConnection } from "../../bus/connect.ts";
import type { RouterFold } from "../fold.ts";
import type { Journal } from "../journal.ts";
import { BeatWatch } from "./beat-watch.ts";

function given(instance = 1) {
  const log = new MemoryLog();
  log.worker("started", "0");
  log.worker("started", "1");
  const told: string[] = [];
  const found: string[] = [];
  const watch = new BeatWatch({
    connection: {} as NatsConnection,
    fold: { state: log.state } as unknown as RouterFold,
    journal: {
      workerLost: async ({ worker }: WorkerLost) => {
        told.push(worker);
        log.worker("lost", worker);
      },
      workerFound: async ({ worker }: WorkerFound) => {
        found.push(worker);
        log.worker("found", worker);
      },
    } as unknown as Journal,
    instance,
    logger: pino({ level: "silent" }),
  });
  const beat = (worker: string, incarnation: string, slots = 2) =>
    Buffer.from(
      JSON.stringify({ pool: "general", worker, incarnation, slots, busy: 0, rssBytes: 1, sequence: 1 }),
    );
  /** A second after the other; worker 0 beats in each. */
  const seconds = (from: number, to: number, incarnation = "a") => {
    for (let second = from; second <= to; second++) {
      watch.heard(beat("0", incarnation), second * 1_000);
      watch.look(second * 1_000);
    }
  };
  const living = () => [...(log.state.load.workers.get("general") ?? [])];
  return { log, told, found, seconds, watch, beat, living };
}

test("a worker without a beat - counts as lost after a while, once; one that beats does not", () => {
  const { told, seconds, log } = given();
  seconds(0, 14);
  assert.deepEqual(told, []);
  seconds(15, 40);
  assert.deepEqual(told, ["1"]);
  assert.deepEqual([...(log.state.load.workers.get("general")?.keys() ?? [])], ["0"]);
});

test("a worker that counts as lost - is back with its next beat, told once, with the slots that it had", () => {
  const { told, found, seconds, watch, beat, living } = given();
  seconds(0, 20);
  assert.deepEqual(told, ["1"]);
  watch.heard(beat("1", "before"), 20_100);
  watch.heard(beat("1", "a", 0), 20_200);
  assert.deepEqual(found, [], "another life, and one that drains");
  watch.heard(beat("1", "a"), 20_300);
  watch.heard(beat("1", "a"), 20_400);
  assert.deepEqual(found, ["1"]);
  assert.deepEqual(living(), [
    ["0", { incarnation: "a", slots: 2 }],
    ["1", { incarnation: "a", slots: 2 }],
  ]);
  seconds(21, 60);
  assert.deepEqual(told, ["1", "1"], "and is lost again when it falls silent again");
});

test("a worker whose end was seen - is not brought back by a beat that was on its way", () => {
  const { log, found, seconds, watch, beat } = given();
  seconds(0, 20);
  log.worker("ended", "1");
  watch.heard(beat("1", "a"), 20_100);
  assert.deepEqual(found, []);
});

test("a further router - leaves it to the first to tell, and tells where that does not", () => {
  const { log, found, watch, beat } = given(2);
  log.worker("lost", "1");
  watch.heard(beat("1", "a"), 0);
  watch.heard(beat("1", "a"), 2_900);
  assert.deepEqual(found, []);
  watch.heard(beat("1", "a"), 3_000);
  assert.deepEqual(found, ["1"]);
});

test("beats of an earlier life - count for nothing", () => {
  const { told, seconds } = given();
  seconds(0, 40, "before");
  assert.deepEqual(told.toSorted(), ["0", "1"]);
});

test("a watch that stood still - starts counting anew", () => {
  const { told, seconds } = given();
  seconds(0, 14);
  seconds(60, 74);
  assert.deepEqual(told, []);
  seconds(75, 75);
  assert.deepEqual(told, ["1"]);
});

test("what is no beat - is left alone", () => {
  const { watch, told } = given();
  for (const text of ["", "{", "{}", "null"]) watch.heard(Buffer.from(text), 0);
  assert.deepEqual(told, []);
});
