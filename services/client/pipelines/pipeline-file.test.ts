import assert from "node:assert/strict";
import test from "node:test";
import { cpuMs } from "../../../tests/kit/cpu-time.ts";
import { loadPipeline } from "./pipeline-file.ts";

const GOOD = `# what it is for
name: brief
signature: "text: str -> summary: str"
stages:
  - name: sum
    kind: call
    program: summarize
    inputs: { text: { $from: inputs.text } }
  - name: each
    kind: map
    over: { $from: inputs.list }
    body:
      stages:
        - name: inner
          kind: call
          program: summarize
          inputs: { text: { $from: item } }
      outputs: { summary: { $from: inner.summary } }
outputs:
  summary: { $from: sum.summary }
`;

function message(text: string): string {
  try {
    loadPipeline(text, "a.yaml");
  } catch (error) {
    assert.equal((error as { code: string }).code, "invalid_inputs");
    return (error as Error).message;
  }
  assert.fail("it was taken");
}

test("a file - is the definition, and each part has its line", () => {
  const { declaration, lineOf, tell } = loadPipeline(GOOD, "a.yaml");
  assert.equal(declaration.name, "brief");
  assert.deepEqual(declaration.stages[0], {
    name: "sum",
    kind: "call",
    program: "summarize",
    inputs: { text: { $from: "inputs.text" } },
  });
  const lines = [
    "name",
    "stages[0]",
    "stages[0].inputs.text",
    "stages[1].body.stages[0].program",
    "outputs.summary",
    "stages[1].nowhere.at",
  ];
  assert.deepEqual(lines.map(lineOf), [2, 5, 8, 16, 20, 9]);
  assert.equal(
    tell({ stage: "each/inner", path: "stages[1].body.stages[0].inputs.text", message: "expected str" }),
    'a.yaml:17: stage "each/inner": expected str',
  );
  assert.equal(tell({ path: "signature", message: "no" }), "a.yaml:3: no");
});

test("JSON - is read as well", () => {
  const { declaration, lineOf } = loadPipeline(JSON.stringify(loadPipeline(GOOD).declaration, null, 2));
  assert.equal(declaration.stages.length, 2);
  assert.equal(lineOf("stages[0].program"), 7);
});

test("what the schema refuses - is told with the line and the stage, all of it", () => {
  const wrong = GOOD.replace("program: summarize\n          inputs", "programm: summarize\n          inputs")
    .replace("kind: map", "kind: mapp")
    .replace("name: sum", "name: a-b");
  const told = message(wrong).split("\n");
  assert.match(told.join("\n"), /^a\.yaml:5: stage "a-b": name: expected a name of a stage/m);
  assert.match(told.join("\n"), /^a\.yaml:10: stage "each": kind: /m);
  assert.match(
    message(GOOD.replace("program: summarize\n          inputs", "programm: summarize\n          inputs")),
    /^a\.yaml:14: stage "each\/inner": .*"programm"/m,
  );
  assert.match(message("name: a\nstages: []\noutputs: {}\n"), /^a\.yaml:1: signature: /m);
});

test("what is no YAML - is told with the line", () => {
  assert.match(message("name: a\n  b: [1"), /^a\.yaml:1: Nested mappings/);
  assert.match(message("name: a\nname: b\n"), /^a\.yaml:2: Map keys must be unique/);
  assert.match(message(""), /^a\.yaml:1: /);
  assert.match(message("just text"), /^a\.yaml:1: /);
});

test("bombs - of aliases, of depth and of length are refused in a moment", () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ...Array.from({ length: 8 }, (_, n) => {
      const [before, name] = [String.fromCharCode(97 + n), String.fromCharCode(98 + n)];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
    }),
  ].join("\n");
  assert.match(message(bomb), /^a\.yaml: Excessive alias count/);
  assert.match(message(`name: a\nstages: ${"[".repeat(50_000)}`), /^a\.yaml/);
  const body = (depth: number): object => ({
    name: "a",
    kind: "map",
    over: [],
    body: { stages: depth === 0 ? [] : [body(depth - 1)], outputs: {} },
  });
  const deep = { name: "a", signature: "a -> b", stages: [body(400)], outputs: {} };
  const tookMs = cpuMs(() => {
    try {
      loadPipeline(JSON.stringify(deep), "a.json");
    } catch (error) {
      assert.equal((error as { code: string }).code, "invalid_inputs");
    }
  });
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  assert.throws(() => loadPipeline(`name: ${"x".repeat(1_100_000)}`), { code: "payload_too_large" });
});
