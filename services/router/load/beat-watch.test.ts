import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import type { WorkerLost } from "../../../schemas/messages/worker-event.ts";
import { MemoryLog } from "../../../tests/kit/memory-log.ts";
import type { NatsConnection } from "../../bus/connect.ts";
import type { RouterFold } from "../fold.ts";
import type { Journal } from "../journal.ts";
import { BeatWatch } from "./beat-watch.ts";

function given() {
  const log = new MemoryLog();
  log.worker("started", "0");
  log.worker("started", "1");
  const told: string[] = [];
  const watch = new BeatWatch({
    connection: {} as NatsConnection,
    fold: { state: log.state } as unknown as RouterFold,
    journal: {
      workerLost: async ({ worker }: WorkerLost) => {
        told.push(worker);
        log.worker("lost", worker);
      },
    } as unknown as Journal,
    instance: 1,
    logger: pino({ level: "silent" }),
  });
  const beat = (worker: string, incarnation: string) =>
    Buffer.from(
      JSON.stringify({ pool: "general", worker, incarnation, slots: 2, busy: 0, rssBytes: 1, sequence: 1 }),
    );
  /** A second after the other; worker 0 beats in each. */
  const seconds = (from: number, to: number, incarnation = "a") => {
    for (let second = from; second <= to; second++) {
      watch.heard(beat("0", incarnation), second * 1_000);
      watch.look(second * 1_000);
    }
  };
  return { log, told, seconds, watch };
}

test("a worker without a beat - counts as lost after a while, once; one that beats does not", () => {
  const { told, seconds, log } = given();
  seconds(0, 14);
  assert.deepEqual(told, []);
  seconds(15, 40);
  assert.deepEqual(told, ["1"]);
  assert.deepEqual([...(log.state.load.workers.get("general")?.keys() ?? [])], ["0"]);
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
