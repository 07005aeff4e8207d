import assert from "node:assert/strict";
import { test } from "node:test";
import { evolve } from "../statistics/evolve.ts";
import { initialState } from "../statistics/state.ts";
import { newHours, observeHour } from "./hours.ts";
import { patternsOf } from "./report.ts";

const NONE = { changes: [], failing: undefined, hours: undefined, statistics: undefined };
const HOUR_MS = 3_600_000;

/** An attempt each two minutes, for so many days; slow or failing at noon. */
function days(count: number, atNoon: (day: number) => { latencyMs: number | undefined }) {
  const state = newHours();
  for (let minute = 0; minute < count * 24 * 60; minute += 2) {
    const isNoon = Math.floor(minute / 60) % 24 === 12;
    const { latencyMs } = isNoon ? atNoon(Math.floor(minute / 1_440)) : { latencyMs: 100 + (minute % 20) };
    observeHour(state, "p", "a", minute * 60_000, latencyMs);
  }
  return state.programs.get("p");
}

test("an hour of the day - is told where it is slower on several days", () => {
  const [found, ...more] = patternsOf({ ...NONE, hours: days(4, () => ({ latencyMs: 400 })) });
  assert.deepEqual(more, []);
  assert.ok(found?.pattern === "hour-of-day" && found.what === "latency" && found.hour === 12);
  assert.ok(found.here > 3 && found.here < 4.5 && found.z > 4);
});

test("an hour of the day - is told where more fails, and not for what happened once", () => {
  const fails = { latencyMs: undefined };
  const [found, ...more] = patternsOf({ ...NONE, hours: days(4, () => fails) });
  assert.deepEqual(more, []);
  assert.ok(found?.pattern === "hour-of-day" && found.what === "success" && found.here === 0);
  assert.equal(found.elsewhere, 1);
  const once = new Map([...(days(1, () => fails) ?? [])]);
  assert.deepEqual(patternsOf({ ...NONE, hours: once }), []);
  assert.deepEqual(patternsOf({ ...NONE, hours: days(4, () => ({ latencyMs: 110 })) }), []);
});

test("an hour of the day - is UTC by the log's clock", () => {
  const state = newHours();
  for (const day of [10, 11]) {
    for (let n = 0; n < 60; n++) {
      observeHour(state, "p", "a", (day * 24 + 23) * HOUR_MS, undefined);
      observeHour(state, "p", "a", (day * 24 + 8) * HOUR_MS, 5);
    }
  }
  const hours = patternsOf({ ...NONE, hours: state.programs.get("p") });
  assert.deepEqual(hours.map((one) => one.pattern === "hour-of-day" && one.hour).sort(), [23, 8]);
});

test("an arm that does worse with long inputs - is told with both rates", () => {
  const state = initialState();
  const arms = [{ key: "a@1", name: "a", family: "" }];
  evolve(state, { kind: "arms-declared", sequence: 1, program: "p", arms });
  for (let n = 0; n < 400; n++) {
    const length = n % 4;
    const success = length < 3 || n % 3 === 0;
    const place = { program: "p", arm: "a@1", task: "t", length, load: 0 };
    const outcome = { success, inTime: success ? 0.9 : 0, thrift: success ? 0.5 : 0 };
    evolve(state, { kind: "outcome", sequence: n + 2, place, outcome });
  }
  const found = patternsOf({ ...NONE, statistics: state.programs.get("p") });
  const long = found.find((one) => one.pattern === "input-length" && one.length === 3);
  assert.ok(long?.pattern === "input-length" && long.what === "success");
  assert.ok(Math.abs(long.here - 1 / 3) < 0.05 && long.elsewhere > 0.999 && long.z < -4);
});
