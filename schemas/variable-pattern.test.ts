import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../tests/kit/fast-check.ts";
import { checkPattern, matchesPattern } from "./variable-pattern.ts";

const CASES: readonly (readonly [name: string, pattern: string, matches: boolean])[] = [
  ["a", "a", true],
  ["a", "b", false],
  ["ab", "a", false],
  ["qa_temperature", "qa_*", true],
  ["qa_temperature", "*_temperature", true],
  ["qa_temperature", "q*temp*e", true],
  ["qa_temperature", "*", true],
  ["qa_temperature", "*_*_*", false],
  ["aba", "aba*aba", false],
  ["abaaba", "aba*aba", true],
  ["ab", "*b*", true],
  ["ab", "**", true],
  ["ab", "a*b*b", false],
];
for (const [name, pattern, matches] of CASES)
  test(`${pattern} - ${matches ? "means" : "does not mean"} ${name}`, () =>
    assert.equal(matchesPattern(name, pattern), matches));

test("any pattern - means what a regular expression does", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (name, pattern) => {
      const plain = name.replaceAll("*", "c");
      const expected = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(plain);
      assert.equal(matchesPattern(plain, pattern), expected);
    }),
    { numRuns: 1_000 },
  );
});

test("what is no pattern - is refused with its path", () => {
  assert.equal(checkPattern("qa_*", "pattern"), "qa_*");
  for (const pattern of ["", "a.b", "a b", "a?", "*".repeat(129)])
    assert.throws(() => checkPattern(pattern, "pattern"), { code: "invalid_inputs", path: "pattern" });
});
