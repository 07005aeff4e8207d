// Whatever was said before, in the end the chunks say what the result does.

import assert from "node:assert/strict";
import { it } from "node:test";
import type { FieldPiece } from "./adapters/json-fields.ts";
import { WrittenOutputs, wholePieces } from "./written-outputs.ts";

function writtenWith(...pieces: FieldPiece[]) {
  const written = new WrittenOutputs();
  return { written, said: pieces.map((piece) => written.add(piece)?.text) };
}

it("what was not said - is added: the end of a text, and other outputs", () => {
  const { written } = writtenWith({ field: "a", text: "Par" });
  assert.deepEqual(written.missing({ a: "Paris", n: 3, none: "" }), [
    { field: "a", text: "is" },
    { field: "n", text: "3", json: true },
    { field: "none", text: "" },
  ]);
});

it("white space at the end - waits for more, or for the result that has it", () => {
  const { written, said } = writtenWith({ field: "a", text: "one " }, { field: "a", text: "\n two\n" });
  assert.deepEqual(said, ["one", " \n two"]);
  assert.deepEqual(written.missing({ a: "one \n two" }), []);
  assert.deepEqual(written.missing({ a: "one \n two\n" }), [{ field: "a", text: "\n" }]);
});

it("half a character - waits for the other half", () => {
  assert.deepEqual(writtenWith({ field: "a", text: "x\ud83d" }, { field: "a", text: "\ude00" }).said, [
    "x",
    "\u{1f600}",
  ]);
});

it("json - is right when it says the same value, however it is written", () => {
  const { written } = writtenWith({ field: "n", text: '[ {"b": 1.0, "a": "\\u00e9"}', json: true });
  assert.equal(written.missing({ n: [{ a: "é", b: 1 }] }), undefined, "it broke off");
  written.add({ field: "n", text: " ]", json: true });
  assert.deepEqual(written.missing({ n: [{ a: "é", b: 1 }] }), []);
});

it("what was said and is not so - must be said anew", () => {
  assert.equal(writtenWith({ field: "a", text: "Rome" }).written.missing({ a: "Paris" }), undefined);
  assert.equal(writtenWith({ field: "a", text: "Rome" }).written.missing({ b: "Rome" }), undefined);
  assert.equal(writtenWith({ field: "a", text: "Rome" }).written.missing({ a: 5 }), undefined);
  const { written } = writtenWith({ field: "a", text: "Rome" });
  written.clear();
  assert.deepEqual(written.missing({ a: "Paris" }), [{ field: "a", text: "Paris" }]);
});

it("a large value - is cut where JSON may be cut", () => {
  const value = Array.from({ length: 40_000 }, (_, n) => ({ name: `n${n}` }));
  const pieces = wholePieces({ list: value });
  assert.ok(pieces.length > 5 && pieces.every(({ text }) => text.length <= 70_000));
  assert.deepEqual(JSON.parse(pieces.map(({ text }) => text).join("")), value);
});
