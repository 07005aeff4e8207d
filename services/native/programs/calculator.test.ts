import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDspexError } from "../../../schemas/errors.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { toDouble, toText } from "./exact-number.ts";
import { computeExpression } from "./expression.ts";

describe("calculator", () => {
  const results: [string, string, number?][] = [
    ["17*23", "391"],
    ["2**64", "18446744073709551616", 18446744073709552000],
    ["99999999999999999999 + 1", "100000000000000000000", 1e20],
    ["0.1 + 0.2", "0.3"],
    ["1/3", "1/3", 1 / 3],
    ["1/3 + 1/6", "0.5"],
    ["-7 // 2", "-4"],
    ["-7 % 3", "2"],
    ["7.5 % 2", "1.5"],
    ["-2**2", "-4"],
    ["2**3**2", "512"],
    ["2^-2", "0.25"],
    ["(-2)**3", "-8"],
    ["(2+3)/4", "1.25"],
    ["--5", "5"],
    ["1.5e3", "1500"],
    [".5", "0.5"],
    ["round(2.5)", "3"],
    ["round(-2.5)", "-3"],
    ["round(3.14159, 2)", "3.14"],
    ["floor(-0.5)", "-1"],
    ["ceil(1/3)", "1"],
    ["abs(-3)", "3"],
    ["min(3, 1/2, 2)", "0.5"],
    ["max(3, 1/2, 2)", "3"],
    ["sqrt(16/25)", "0.8"],
    ["sqrt(2)", "1.4142135623730951"],
    ["2**0.5", "1.4142135623730951"],
    ["0**0", "1"],
    ["1**99999999999", "1"],
    ["(-1)**99999999999", "-1"],
    ["2 * PI", "6.283185307179586"],
    ["17 × 23 − 1 ÷ 2", "390.5"],
    ["7**1300/7**1299", "7"],
    ["\t1 +\n1 ", "2"],
  ];
  for (const [expression, text, double = Number(text)] of results) {
    it(`calculator - ${JSON.stringify(expression)} is ${text}`, () => {
      const value = computeExpression(expression);
      assert.equal(toText(value), text);
      assert.equal(toDouble(value), double);
    });
  }

  const refusals: [string, RegExp][] = [
    ["", /expected a number, a name or '\(' at 0, got the end/],
    ["2 +", /got the end/],
    ["2 3", /expected an operator or the end at 1, got "3"/],
    ["(1", /expected '\)'/],
    ["1/0", /division by zero/],
    ["1 % 0", /division by zero/],
    ["0**-1", /division by zero/],
    ["sqrt(0.0)/sin(0)", /division by zero/],
    ["sqrt(-1)", /no real number/],
    ["ln(0)", /too large/],
    ["10**9999", /too large/],
    ["9**9**9**9", /too large/],
    ["1e999999999", /too large/],
    ["process.exit(1)", /expected one of sqrt/],
    ["constructor", /expected one of sqrt/],
    ["round(1, 2, 3)", /1 to 2 arguments of round, not 3/],
    ["sqrt()", /expected a number/],
    ["1;2", /expected arithmetic at 1, got ";2"/],
    ["(".repeat(101), /at most 100 levels/],
    ["1".repeat(501), /at most 500 characters, not 501/],
  ];
  for (const [expression, message] of refusals) {
    it(`calculator - ${JSON.stringify(expression.slice(0, 40))} is refused`, () => {
      assert.throws(() => computeExpression(expression), {
        code: "invalid_inputs",
        path: "inputs.expression",
        message,
      });
    });
  }

  it("calculator - sums and products of whole numbers are those of bigints", () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.bigInt(-(10n ** 30n), 10n ** 30n), (a, b) => {
        assert.equal(toText(computeExpression(`(${a}) + (${b})`)), `${a + b}`);
        assert.equal(toText(computeExpression(`(${a}) * (${b})`)), `${a * b}`);
      }),
    );
  });

  it("calculator - whatever the text, there is a number or a typed refusal", () => {
    const pieces = fc.constantFrom(
      "1",
      "2.5",
      "9",
      "+",
      "-",
      "*",
      "/",
      "//",
      "%",
      "**",
      "(",
      ")",
      "sqrt(",
      ",",
      " ",
      "pi",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (texts) => {
        try {
          assert.ok(Number.isFinite(toDouble(computeExpression(texts.join("")))));
        } catch (error) {
          assert.ok(isDspexError(error) && error.code === "invalid_inputs", String(error));
        }
      }),
    );
  });
});
