import assert from "node:assert/strict";
import { test } from "node:test";
import { writtenIn } from "../messages/result.ts";
import { cloudEvent } from "./cloud-event.ts";
import { stringifyJson } from "./json.ts";
import { withLastMembers } from "./last-members.ts";

test("last members - are the end of an event's data, whatever comes before them", () => {
  for (const data of [
    { id: "a", outputs: { text: '"}}' }, log: {} },
    { n: 2n ** 64n, list: [[]] },
  ]) {
    const text = stringifyJson(cloudEvent("dspex.a.b.v1", "s", "1", "2026-01-01T00:00:00Z", data));
    const told = { timings: { encodeMs: 0.5 } };
    assert.equal(
      withLastMembers(text, told),
      stringifyJson(cloudEvent("dspex.a.b.v1", "s", "1", "2026-01-01T00:00:00Z", { ...data, ...told })),
    );
  }
});

test("the time to write a result - is told after that of the work, where parts were measured", () => {
  const whole = { queueMs: 1, routeMs: 1, runMs: 1, totalMs: 3 };
  assert.deepEqual(writtenIn(whole, 2), whole);
  assert.equal(writtenIn({ ...whole, decodeMs: 0 }, 0.0004).encodeMs, 0);
  assert.equal(writtenIn({ ...whole, decodeMs: 0, encodeMs: 0.1 }, 0.2).encodeMs, 0.3);
});
