import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf } from "../../../programs/definition.ts";
import { readRows } from "./data.ts";
import { progressLine, share } from "./view.ts";

const definition = definitionOf({
  name: "mood",
  signature: 'text: str -> label: Literal["good", "bad"]',
  implementations: [{ name: "x", kind: "structured" }],
});
const LINE = '{"inputs": {"text": "a"}, "outputs": {"label": "good"}, "split": "train"}';
const FLAT = '{"text": "b", "label": "bad", "note": "left out"}';

test("rows - have inputs and outputs, or the fields of the signature side by side", () => {
  assert.deepEqual(readRows("f", `${LINE}\n\n${FLAT}\r\n`, definition), [
    { inputs: { text: "a" }, outputs: { label: "good" }, split: "train" },
    { inputs: { text: "b" }, outputs: { label: "bad" } },
  ]);
});

const wrong: [name: string, text: string, message: RegExp][] = [
  ["a broken line", `${LINE}\n{"text": `, /^data\.jsonl, line 2: /],
  ["a broken line behind empty ones", `\n\n${FLAT}\nno`, /^data\.jsonl, line 4: /],
  ["a list", "[1]", /line 1: expected an object/],
  ["a field that is missing", '{"text": "a"}', /line 1: has neither inputs and outputs nor a field "label"/],
  ["a split that is none", '{"text": "a", "label": "b", "split": 1}', /line 1: split is 1/],
  ["no line at all", "\n \n", /not one example/],
];
for (const [name, text, message] of wrong)
  test(`rows - ${name} is refused with its line`, () => {
    assert.throws(() => readRows("data.jsonl", text, definition), { code: "invalid_inputs", message });
  });

test("a run - is told with its best so far", () => {
  const run = { run: "r", status: "running", tried: 3, trials: 12, calls: 1_204 } as const;
  assert.match(progressLine(run), /measuring what there is$/);
  const found = { ...run, base: 0.5, best: { trial: 2, score: 0.913 } };
  assert.match(
    progressLine(found),
    /^█{6}░{18} 3 of 12 trials, best so far 91\.3 % \(trial 2\), 1,204 calls$/,
  );
  assert.equal(share({ mean: 0.82, low: 0.733, high: 0.883, count: 100 }), "82.0 % [73.3–88.3]");
});
