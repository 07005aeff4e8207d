import assert from "node:assert/strict";
import { test } from "node:test";
import { isDspexError } from "../../../schemas/errors.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { checkExpression } from "./check.ts";
import { evaluateExpression } from "./evaluate.ts";
import { OPERATIONS, type Type, typeOf, type Value } from "./operations.ts";
import { parseExpression } from "./parse.ts";

const VALUES: Record<string, Value> = {
  n: 3,
  half: 0.5,
  name: "Ada",
  yes: true,
  no: false,
  demos: [{}, {}],
};
const typeOfName = (name: string): Type => typeOf(VALUES[name] as Value);
function compute(text: string): Value {
  const expression = parseExpression(text);
  checkExpression(expression, typeOfName);
  return evaluateExpression(expression, (name) => VALUES[name]);
}

const CASES: readonly (readonly [text: string, value: Value])[] = [
  ["1 + 2 * 3", 7],
  ["(1 + 2) * 3", 9],
  ["7 - 2 - 1", 4],
  ["2 ** 3 ** 2", 512],
  ["-2 ** 2", -4],
  ["2 ** -1", 0.5],
  ["--n", 3],
  ["0.1 + 0.2", 0.3],
  ["0.1 * 3", 0.3],
  ["1.1 - 1", 0.1],
  ["1 / 3 * 3", 1],
  [".5e1", 5],
  ["7 % 3", 1],
  ["-7 % 3", 2],
  ["0.3 % 0.1", 0],
  ["n >= 3 and half < 1", true],
  ["n == 4 or not yes", false],
  ["yes && !no || no", true],
  ["n != 3 ? 1 : n > 2 ? 2 : 3", 2],
  ["no ? 1 / 0 : 5", 5],
  ["no and 1 / 0 == 1", false],
  ["yes or 1 / 0 == 1", true],
  ["if(n > 2, 'many', 'few')", "many"],
  ["name + ', ' + \"hi\"", "Ada, hi"],
  ["'it\\'s' + '\\\\'", "it's\\"],
  ["name == 'Ada'", true],
  ["min(n, 1, half)", 0.5],
  ["max(n)", 3],
  ["clamp(n * 9, 0, 10)", 10],
  ["round(2.5)", 3],
  ["round(-2.5)", -3],
  ["round(1.005, 2)", 1.01],
  ["round(1234, -2)", 1200],
  ["floor(-1.5) + ceil(1.2)", 0],
  ["abs(-n) + sqrt(9)", 6],
  ["log10(1000)", 3],
  ["ln(exp(2))", 2],
  ["len(name) + len(demos)", 5],
  ["upper(name) + lower(name)", "ADAada"],
  ["contains(name, 'd')", true],
  ["'n = ' + text(n)", "n = 3"],
  ["0 * -1", 0],
];
for (const [text, value] of CASES)
  test(`${text} = ${JSON.stringify(value)}`, () => assert.deepEqual(compute(text), value));

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ["", /expected a number, a text, a name or '\(' at 0, got the end/],
  ["1 +", /at 3, got the end/],
  ["1 2", /expected an operator or the end at 2, got "2"/],
  ["(1", /expected '\)'/],
  ["1 < n < 5", /'and' between two comparisons at 6/],
  ["n ? 1", /expected ':'/],
  ["a.b", /expected an expression at 1/],
  ["n; n", /expected an expression at 1/],
  ["'open", /expected an expression at 0/],
  ["exec(1)", /expected one of the functions if, min/],
  ["constructor(1)", /expected one of the functions/],
  ["negate(1)", /expected one of the functions/],
  ["1e999", /a smaller number/],
  ["and", /expected a number/],
  ["1 / 0", /division by zero/],
  ["n % (n - 3)", /division by zero/],
  ["10 ** 400", /too large/],
  ["sqrt(-1)", /no real number/],
  ["(-8) ** half", /no real number/],
  ["round(n, 99)", /places/],
  ["n + name", /cannot add number and text, at 2/],
  ["yes + yes", /\+ takes numbers or texts, not a boolean/],
  ["n and yes", /and takes a boolean, not a number/],
  ["name < name", /< takes a number, not a text/],
  ["-name", /- takes a number, not a text/],
  ["n == name", /a number is never a text/],
  ["demos == demos", /lists are not compared/],
  ["yes ? 1 : 'a'", /it must be one type/],
  ["min()", /expected a number/],
  ["clamp(1, 2)", /clamp takes 3 values, not 2/],
  ["round(1, 2, 3)", /round takes 1 to 2 values, not 3/],
  ["len(n)", /len takes a text or a list/],
  ["text(demos)", /a list has no text/],
  [`${"(".repeat(60)}1${")".repeat(60)}`, /at most 50 levels/],
  [`${"-".repeat(60)}1`, /at most 50 levels/],
  [`${"not ".repeat(60)}yes`, /at most 50 levels/],
  ["1".repeat(501), /at most 500 characters, not 501/],
];
for (const [text, message] of REFUSED)
  test(`${text.slice(0, 40)} - ${message.source}`, () =>
    assert.throws(() => compute(text), { name: "DspexError", code: "invalid_inputs", message }));

test("a text - is bounded, however often it is added to itself", () => {
  const long = parseExpression(`${"t + ".repeat(100)}t`);
  assert.throws(() => evaluateExpression(long, () => "x".repeat(60_000)), /at most 65536 characters/);
});

test("names - are those that it reads", () => {
  assert.deepEqual([...parseExpression("a + min(b, a) > 0 ? 'c' : text(d)").names], ["a", "b", "d"]);
});

/** Texts that look like expressions, half of them none. */
const piece = fc.constantFrom(
  ...OPERATIONS.keys(),
  ...Object.keys(VALUES),
  ..."() , ? : ! ' \" 1 0.5 9e99 -1 \\ && || constructor __proto__ ∞ 😀".split(" "),
);
const anyExpression = fc
  .array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string({ maxLength: 4 })), { maxLength: 60 })
  .map((pieces) => pieces.join(" "));

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    assert.ok(isDspexError(error) && error.code === "invalid_inputs", String(error));
    return error;
  }
}

test("any text - gives a finite value or a typed error, also where the types were not checked", () => {
  fc.assert(
    fc.property(anyExpression, (text) => {
      const expression = outcome(() => parseExpression(text));
      if (isDspexError(expression)) return;
      const value = outcome(() =>
        evaluateExpression(expression as ReturnType<typeof parseExpression>, (name) => VALUES[name] ?? 1),
      );
      if (typeof value === "number") assert.ok(Number.isFinite(value) && !Object.is(value, -0));
    }),
    { numRuns: 2_000 },
  );
});

/** Trees that are right by construction: of numbers, of booleans, of texts. */
const { number, boolean } = fc.letrec<{ number: string; boolean: string; text: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom("n", "half", "2", "0", "1.5", "len(name)"),
    fc
      .tuple(tie("number"), fc.constantFrom("+", "-", "*", "/", "%", "**"), tie("number"))
      .map((all) => `(${all.join(" ")})`),
    fc
      .tuple(fc.constantFrom("min", "max"), tie("number"), tie("number"))
      .map(([f, a, b]) => `${f}(${a}, ${b})`),
    fc
      .tuple(fc.constantFrom("abs", "floor", "round", "sqrt", "ln", "-"), tie("number"))
      .map(([f, a]) => `${f}(${a})`),
    fc.tuple(tie("boolean"), tie("number"), tie("number")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
  ),
  boolean: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom("yes", "no", "true"),
    fc
      .tuple(tie("number"), fc.constantFrom("<", "<=", "==", "!="), tie("number"))
      .map((all) => `(${all.join(" ")})`),
    fc.tuple(tie("boolean"), fc.constantFrom("and", "or"), tie("boolean")).map((all) => `(${all.join(" ")})`),
    tie("text").map((text) => `(${text} == name)`),
  ),
  text: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom("name", "'x'"),
    fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(${a} + ${b})`),
    tie("number").map((a) => `text(${a})`),
  ),
}));

test("a well typed expression - has the type that was checked, or says why it has no value", () => {
  fc.assert(
    fc.property(fc.oneof(number, boolean), (text) => {
      const expression = outcome(() => parseExpression(text));
      if (isDspexError(expression)) return assert.match(expression.message, /500 characters|50 levels/);
      const parsed = expression as ReturnType<typeof parseExpression>;
      const type = checkExpression(parsed, typeOfName);
      const value = outcome(() => evaluateExpression(parsed, (name) => VALUES[name]));
      if (isDspexError(value)) assert.match(value.message, /division by zero|too large|no real number/);
      else assert.equal(typeOf(value as Value), type);
    }),
    { numRuns: 1_000 },
  );
});
