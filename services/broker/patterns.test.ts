import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../tests/kit/fast-check.ts";
import { isPattern, isWithin } from "./patterns.ts";

test("a pattern within another", () => {
  for (const [inner, outer] of [
    ["a.b", "a.b"],
    ["a.b", "a.*"],
    ["a.b", ">"],
    ["a.b.c", "a.>"],
    ["a.*", "a.>"],
    ["a.*.c", "*.*.*"],
    ["a.>", "a.>"],
    ["a.b.>", "a.*.>"],
  ] as const) {
    assert.ok(isWithin(inner, outer), `${inner} in ${outer}`);
  }
});

test("a pattern that reaches outside another", () => {
  for (const [inner, outer] of [
    ["a", "a.>"],
    ["a.b", "a"],
    ["a", "a.b"],
    ["a.*", "a.b"],
    ["a.>", "a.*"],
    [">", "a.>"],
    ["*.b", "a.b"],
    ["a.>", "*.*.>"],
  ] as const) {
    assert.ok(!isWithin(inner, outer), `${inner} in ${outer}`);
  }
});

const token = fc.constantFrom("a", "b", "*");
const pattern = fc
  .tuple(fc.array(token, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, open]) => (open ? [...tokens, ">"] : tokens).join("."));

test("within - what matches the inner pattern matches the outer, whatever they are", () => {
  const subject = fc
    .array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 6 })
    .map((tokens) => tokens.join("."));
  fc.assert(
    fc.property(pattern, pattern, subject, (inner, outer, literal) => {
      if (isWithin(inner, outer) && isWithin(literal, inner)) assert.ok(isWithin(literal, outer));
    }),
  );
});

test("what is a pattern", () => {
  for (const good of ["a", "a.b-c_D9", "*", ">", "a.*.c", "a.>"]) assert.ok(isPattern(good), good);
  for (const bad of ["", ".", "a.", ".a", "a..b", ">.a", "a.>.b", "a*", "a b", "a.\n"]) {
    assert.ok(!isPattern(bad), JSON.stringify(bad));
  }
});
