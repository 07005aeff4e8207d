import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogPoint } from "./moment.ts";

const NOW = Date.parse("2026-11-23T10:00:00Z");

for (const [text, expected] of [
  ["1042", { kind: "sequence", sequence: 1_042 }],
  ["#7", { kind: "sequence", sequence: 7 }],
  ["10m", { kind: "time", timeMs: NOW - 600_000 }],
  ["1.5h", { kind: "time", timeMs: NOW - 5_400_000 }],
  ["2026-11-23T09:00:00Z", { kind: "time", timeMs: NOW - 3_600_000 }],
] as const) {
  test(`a point in the log - ${text}`, () => {
    assert.deepEqual(parseLogPoint(text, NOW), expected);
  });
}

test("a point in the log - what is none is quoted", () => {
  assert.throws(() => parseLogPoint("soon", NOW), /"soon" is no point in the log/);
});
