import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuMs } from "../../../../tests/kit/cpu-time.ts";
import { splitSpaces, stripSpaces, stripSpacesAtEnd } from "./characters.ts";

test("stripSpaces - takes Python's white space off both ends, and none within", () => {
  assert.equal(stripSpaces("\u2028 \x1c a  b \x85\t"), "a  b");
  assert.equal(stripSpaces(" \n "), "");
  assert.equal(stripSpaces("\ufeffa"), "\ufeffa");
  assert.equal(stripSpacesAtEnd(" a "), " a");
  assert.deepEqual(splitSpaces(" a\u00a0b "), ["a", "b"]);
});

test("stripSpaces - takes time in proportion to the text, whatever is within", () => {
  const text = `a${" ".repeat(1_000_000)}a`;
  const tookMs = cpuMs(() => assert.equal(stripSpaces(text).length, text.length));
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
});
