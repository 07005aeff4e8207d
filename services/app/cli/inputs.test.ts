import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInputs } from "./inputs.ts";

const reader = { standardInput: () => '{"from": "stdin"}', file: (path: string) => `text of ${path}` };
const parse = (...words: string[]) => parseInputs(words, reader);

test("inputs - fields are texts, := is JSON, @ is a file", () => {
  assert.deepEqual(parse("question=What is 1=1?", "n:=3", 'tags:=["a", "b"]', "text=@notes.txt", "empty="), {
    question: "What is 1=1?",
    n: 3,
    tags: ["a", "b"],
    text: "text of notes.txt",
    empty: "",
  });
});

test("inputs - one JSON object, or the object from standard input", () => {
  assert.deepEqual(parse('{"question": "why"}'), { question: "why" });
  assert.deepEqual(parse("-"), { from: "stdin" });
  assert.deepEqual(parse(), {});
});

test("inputs - integers beyond 2^53 keep every digit", () => {
  assert.deepEqual(parse("n:=9007199254740993"), { n: 9007199254740993n });
});

for (const [words, message] of [
  [["question"], /"question" is no input/],
  [["a=1", "a=2"], /"a" is given twice/],
  [["{broken"], /is no JSON/],
  [["a:=nope"], /input "a" is no JSON/],
  [["[1]"], /is no input/],
] as const) {
  test(`inputs - ${JSON.stringify(words)} is refused`, () => {
    assert.throws(() => parse(...words), message);
  });
}
