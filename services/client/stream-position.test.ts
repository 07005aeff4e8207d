import assert from "node:assert/strict";
import { it } from "node:test";
import { formatPosition, parsePosition } from "./stream-position.ts";

it("a position - is the same read back", () => {
  for (const text of ["1.1.0", "2.3.41", "1.1.42.final", "1.1.42.gap", "result.0", "result.12"])
    assert.equal(formatPosition(parsePosition(text)), text);
});

it("a text that is none - is refused", () => {
  for (const text of [
    "",
    "1.1",
    "0.1.1",
    "1.1.-1",
    "1.1.1.end",
    "result",
    "result.x",
    " 1.1.1",
    `1.1.${"9".repeat(10)}`,
  ])
    assert.throws(() => parsePosition(text), { code: "invalid_inputs", path: "after" });
});
