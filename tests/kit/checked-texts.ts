// Texts that validators have something to say of: numbers and computations, addresses and numbers of persons, quotations
// and marks of sources; and JSON that is broken as models break it.

import fc from "fast-check";

const WORDS =
  `cats dogs big cats Ünder are were 3 12 1,200 0.5 25% 25 % $4 -4.5 −7 2 million total sum Total: Sum: . ! ? ; \n
  [1] [2] [1-3] [4] [^2] e.g. Dr. “ ” „ « » " ... … ( ) = ≈ + - × x / * 4111 1111 1111 1111 a.b@c.org +49 30 1234567
  212-555-0100 123-45-6789 DE89 3704 0044 0532 0130 00 10.0.0.1 2001:db8::1 | --- 😀 { } [ ]`
    .split(/[ ]+/)
    .map((word) => (word.startsWith("\n") ? "\n" : word));

/** Words of the kind that checks look at, in any order. */
export const words = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(" ", " ", " ", "", "\n")), { maxLength: 24 })
  .map((parts) => parts.map((part) => part.join("")).join(""));

const number = fc.oneof(
  fc.integer({ min: 0, max: 60 }).map(String),
  fc.constantFrom("1,200", "0.5", "2.25", "10%", "$3", "12,", "1,2,3", "007", "(2 + 3)", "-4"),
);
const operator = fc.constantFrom(
  "+",
  "-",
  "*",
  "/",
  "×",
  "÷",
  "−",
  "^",
  "x",
  " + ",
  " - ",
  " x ",
  " of ",
  "  * ",
);

/** `a op b op c = d`, right or wrong, with something before and behind it. */
export const statement = fc
  .tuple(
    fc.constantFrom("", "The sum is ", "- ", "In 2024, ", "f", "a + ", "\n* ", "so = "),
    number,
    fc.array(fc.tuple(operator, number), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(" = ", "=", " ≈ ", "≈", " == "),
    number,
    fc.constantFrom("", ".", " apples", "%", " million", " + 2 = 9", ".5", ",000"),
  )
  .map(
    ([front, first, rest, equals, last, end]) =>
      `${front}${first}${rest.flat().join("")}${equals}${last}${end}`,
  );

const plainKey = fc.stringMatching(/^[a-z]{1,6}$/);
const plainValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.stringMatching(/^[a-z]{1,5}( [a-z]{1,3})?$/),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { minLength: 1, maxLength: 3 }),
    fc.dictionary(plainKey, tie("value"), { minKeys: 1, maxKeys: 3 }),
  ),
})).value;

type Break = (text: string) => string;
const BREAKS: Record<string, Break> = {
  "a comma too many": (text) => text.replace(/([}\]])$/, ",$1").replace(/([{[]),/, "$1"),
  "single quotes": (text) => text.replaceAll('"', "'"),
  // A number before a name without quotes becomes a text in json_repair.
  "no quotes around names": (text) => (/[0-9]/.test(text) ? text : text.replace(/"([a-z_]+)":/g, "$1:")),
  "Python's constants": (text) => text.replace(/\bnull\b/g, "None").replace(/\btrue\b/g, "True"),
  "no end": (text) => text.replace(/[}\]]+$/, ""),
  "line breaks": (text) => text.replace(/([{[,])/g, "$1\n  "),
};

/** An object with one kind of mistake. */
export const breakJson = fc
  .tuple(
    fc.dictionary(plainKey, plainValue, { minKeys: 1, maxKeys: 4 }),
    fc.constantFrom(...Object.values(BREAKS)),
  )
  .map(([value, spoil]) => spoil(JSON.stringify(value)));
