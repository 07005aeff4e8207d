// Texts for tests that compare with Python: characters of many scripts that Unicode had in its version 14, which is that of
// Python 3.11, and phrases of few words, which have something in common by chance.

import fc from "fast-check";

const RANGES: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x7f], // ASCII with its controls
  [0x80, 0x24f], // Latin
  [0x300, 0x3ff], // marks, Greek
  [0x400, 0x52f],
  [0x531, 0x5ea], // Armenian, Hebrew
  [0x620, 0x6ff],
  [0x904, 0x94d],
  [0xe01, 0xe3a],
  [0x1100, 0x11ff],
  [0x13a0, 0x13fd], // Cherokee folds to capitals
  [0x1e00, 0x206f], // more Latin and Greek, spaces and marks of direction
  [0x2100, 0x218b],
  [0x2460, 0x24ff], // numbers in circles
  [0x3000, 0x30ff],
  [0x4e00, 0x4e80],
  [0xab70, 0xabbf],
  [0xac00, 0xac80],
  [0xf900, 0xfa6d], // compatibility forms
  [0xfb00, 0xfb4f],
  [0xfeff, 0xfeff], // white space in JavaScript, none in Python
  [0xff01, 0xffee],
  [0x10400, 0x1044f],
  [0x1d400, 0x1d7ff],
  [0x1f300, 0x1f64f],
];
const UNASSIGNED = /\p{Cn}/u;

const point = fc
  .oneof(...RANGES.map(([min, max]) => fc.integer({ min, max })))
  .map((code) => String.fromCodePoint(code))
  .filter((one) => !UNASSIGNED.test(one));
const ascii = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code));
const word = fc.constantFrom(
  ..."the The a an cat cats dog running relational 3.14 1,000 e-mail don't state-of-the-art (hi) [x] & &amp; &lt; yes no".split(
    " ",
  ),
  ..."noanswer Straße STRASSE İstanbul Zürich Σίσυφος ΣΊΣΥΦΟΣ naïve 日本語 東京 \u{1f600} ﬁn Ⅷ . , ? ! - \n \t".split(
    " ",
  ),
);

/** A few words of a small vocabulary. */
export const phrase = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));

/** Anything, or something like a phrase with anything in it. */
export const anyText = fc.oneof(
  fc.array(point, { maxLength: 20 }).map((points) => points.join("")),
  fc.array(fc.oneof(ascii, point), { maxLength: 40 }).map((points) => points.join("")),
  phrase,
  fc.tuple(phrase, point, phrase).map((parts) => parts.join("")),
);
