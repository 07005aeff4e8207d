import assert from "node:assert/strict";
import { test } from "node:test";
import { isDspexError } from "../../../schemas/errors.ts";
import type { PipelineDeclaration } from "../../../schemas/messages/pipeline-definition.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { cpuMs } from "../../../tests/kit/cpu-time.ts";
import { compile } from "./compile.ts";
import { normalise } from "./normalise.ts";
import { validate } from "./validate.ts";

const from = (reference: string) => ({ $from: reference });
const programs: Record<string, string> = {
  search: "query: str, most: int = 3 -> passages: list[{text: str, score: float}]",
  summarize: "text: str -> summary: str",
  judge: "answer: str, sources: list[str] -> score: float, label: Literal['good', 'bad']",
};
const signatures = {
  program: (name: string) =>
    programs[name] === undefined ? `no program "${name}" is registered` : parseSignature(programs[name]),
  pipeline: (name: string) => `no pipeline "${name}" is registered`,
};
const search = { name: "found", kind: "call", program: "search", inputs: { query: from("inputs.question") } };
const sums = {
  name: "sums",
  kind: "map",
  over: from("found.passages"),
  body: {
    stages: [{ name: "sum", kind: "call", program: "summarize", inputs: { text: from("item.text") } }],
    outputs: { summary: from("sum.summary") },
  },
};
const judge = {
  name: "judged",
  kind: "call",
  program: "judge",
  inputs: { answer: from("sums.summary.0"), sources: from("sums.summary") },
};
function declared(stages: object[], outputs: object = { score: from("judged.score") }): PipelineDeclaration {
  return {
    name: "research",
    signature: "question: str -> score: float",
    stages,
    outputs,
  } as PipelineDeclaration;
}
function problemsOf(declaration: unknown): string[] {
  return validate(normalise(declaration), signatures).problems.map(
    ({ stage, message }) => `${stage === undefined ? "" : `${stage}: `}${message}`,
  );
}

test("a definition that fits - has no problems, and the same is the same version", () => {
  assert.deepEqual(problemsOf(declared([search, sums, judge])), []);
  const { version } = normalise(declared([search, sums, judge]));
  assert.match(version, /^[0-9a-f]{16}$/);
  const { definition, version: again } = normalise(declared([search, sums, judge]));
  assert.equal(again, version);
  assert.equal(normalise(definition).version, version);
  assert.notEqual(normalise(declared([search, sums, { ...judge, timeoutMs: 1_000 }])).version, version);
});

test("numbers - go over all bodies in order; what a body reads holds its stage up", () => {
  const { definition, version } = normalise(declared([search, sums, judge]));
  const { compiled } = compile(definition, version);
  assert.deepEqual(
    compiled.stages.map(({ index, stage, within, needs }) => [
      index,
      [...within, stage.name].join("/"),
      needs,
    ]),
    [
      [0, "found", []],
      [1, "sums", [0]],
      [2, "sums/sum", []],
      [3, "judged", [1]],
    ],
  );
  assert.deepEqual(compiled.stages[0]?.feeds, [1]);
});

const cases: [name: string, declaration: PipelineDeclaration, expected: RegExp][] = [
  [
    "an unknown stage",
    declared([search, sums, { ...judge, inputs: { ...judge.inputs, answer: from("sum.summary") } }]),
    /judged: "sum.summary": no stage "sum": did you mean "sums"/,
  ],
  [
    "an unknown output",
    declared([search, { ...sums, over: from("found.passage") }, judge]),
    /sums: stage "found" has no output "passage": there are passages/,
  ],
  [
    "an unknown input",
    declared([{ ...search, inputs: { query: from("inputs.q") } }, sums, judge]),
    /found: the pipeline has no input "q": there are question/,
  ],
  [
    "an unknown program",
    declared([{ ...search, program: "serach" }, sums, judge]),
    /found: no program "serach" is registered/,
  ],
  [
    "a missing input",
    declared([search, sums, { ...judge, inputs: { answer: "x" } }]),
    /judged: input "sources" is missing \(list of str\)/,
  ],
  [
    "a superfluous input",
    declared([{ ...search, inputs: { ...search.inputs, top: 3 } }, sums, judge]),
    /found: no input "top": there are query, most/,
  ],
  [
    "a type that cannot fit",
    declared([search, sums, { ...judge, inputs: { ...judge.inputs, answer: from("sums.summary") } }]),
    /judged: expected str, got list of str \(sums.summary\)/,
  ],
  [
    "a constant that does not fit",
    declared([{ ...search, inputs: { ...search.inputs, most: "many" } }, sums, judge]),
    /found: expected int, got "many"/,
  ],
  [
    "a member that is not there",
    declared([
      search,
      {
        ...sums,
        body: { ...sums.body, stages: [{ ...sums.body.stages[0], inputs: { text: from("item.words") } }] },
      },
      judge,
    ]),
    /sums\/sum: no member "words": there are text, score/,
  ],
  [
    "a map over no list",
    declared([search, { ...sums, over: from("inputs.question") }, judge]),
    /sums: expected list/,
  ],
  ["an output that is missing", declared([search, sums, judge], {}), /output "score" is missing/],
  [
    "an output of another type",
    declared([search, sums, judge], { score: from("judged.label") }),
    /expected float, got/,
  ],
  [
    "a stage that nothing needs",
    declared([search, sums, judge, { ...search, name: "more" }]),
    /more: nothing refers to stage "more"/,
  ],
  [
    "a cycle over a body",
    declared([{ ...search, after: ["judged"] }, sums, judge]),
    /a cycle: found needs judged needs sums needs found/,
  ],
  [
    "its own outputs",
    declared([search, sums, { ...judge, when: "judged.score > 1" }]),
    /judged: "judged.score": stage "judged" refers to its own outputs/,
  ],
  [
    "a name twice",
    declared([search, sums, judge, { ...judge, keep: true }]),
    /judged: another stage is called "judged", too/,
  ],
  [
    "a reserved name",
    declared([{ ...search, name: "item" }, sums, judge]),
    /item: "item" is a reserved name/,
  ],
  [
    "an item outside of a map",
    declared([search, sums, { ...judge, when: "len(item) > 1" }]),
    /judged: "item" is there in the body of a map alone/,
  ],
  [
    "a broken expression",
    declared([search, sums, { ...judge, when: "1 +" }]),
    /judged: expected a number, a text, a name/,
  ],
  [
    "an expression of wrong types",
    declared([search, sums, { ...judge, when: "inputs.question > 3" }]),
    /judged: > takes a number, not a text/,
  ],
  [
    "a condition that is none",
    declared([search, sums, { ...judge, when: "inputs.question + 'x'" }]),
    /judged: a condition is true or false, this is str/,
  ],
  [
    "after what is not there",
    declared([search, sums, { ...judge, after: ["finds"] }]),
    /judged: no stage "finds" in the same graph/,
  ],
  [
    "a fallback that gives less",
    declared([search, sums, { ...judge, onFailure: { value: { score: 0 } } }]),
    /judged: what stands in for "judged" gives no "label"/,
  ],
  [
    "a pipeline that is not there",
    declared([
      search,
      sums,
      judge,
      { name: "sub", kind: "pipeline", pipeline: "gone", inputs: {}, keep: true },
    ]),
    /sub: no pipeline "gone" is registered/,
  ],
  [
    "a mark beside others",
    declared([{ ...search, inputs: { query: { $from: "inputs.question", $value: 1 } } }, sums, judge]),
    /found: \$from stands alone/,
  ],
];

for (const [name, declaration, expected] of cases) {
  test(`refused - ${name}`, () => {
    const problems = problemsOf(declaration);
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      JSON.stringify(problems, null, 1),
    );
  });
}

test("problems - come all at once", () => {
  const problems = problemsOf(
    declared([
      { ...search, program: "nothing" },
      { ...sums, over: 7 },
      { ...judge, inputs: { answer: 1 } },
    ]),
  );
  assert.ok(problems.length >= 4, JSON.stringify(problems));
});

test("bounds - ten thousand stages, bodies without end and large definitions are refused at once", () => {
  const begun = process.cpuUsage();
  const value = (n: number) => ({ name: `v${n}`, kind: "value", outputs: { x: n }, keep: true });
  const many = (count: number) => Array.from({ length: count }, (_, n) => value(n));
  assert.throws(
    () => normalise(declared(many(10_000))),
    (error) => isDspexError(error) && error.code === "invalid_inputs",
  );
  const spread = {
    name: "spread",
    kind: "map",
    over: [1],
    keep: true,
    body: { stages: many(999), outputs: {} },
  };
  const twice = [spread, { ...spread, name: "again" }];
  assert.deepEqual(problemsOf(declared(twice, { score: 1 })), ["2000 stages, at most 1000 in all"]);
  const nested = (depth: number): object => ({
    name: "n",
    kind: "map",
    over: [1],
    keep: true,
    body: { stages: depth === 0 ? [] : [nested(depth - 1)], outputs: {} },
  });
  assert.deepEqual(problemsOf(declared([nested(7)], { score: 1 })), []);
  assert.deepEqual(problemsOf(declared([nested(8)], { score: 1 })), [
    "n/n/n/n/n/n/n/n/n: bodies within one another at most 8 deep",
  ]);
  const deep = Array.from({ length: 100 }).reduce((inner) => [inner], "x" as unknown);
  const bomb = declared([{ name: "v", kind: "value", outputs: { x: deep }, keep: true }], { score: 1 });
  assert.match(problemsOf(bomb).join(), /values nested more than 32 deep/);
  assert.throws(
    () => normalise(declared([{ ...value(1), outputs: { x: "y".repeat(300_000) } }])),
    (error) => isDspexError(error) && error.code === "payload_too_large",
  );
  const tookMs = process.cpuUsage(begun).user / 1_000;
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
});

test("types - are found once, however many references lead to them", () => {
  const loop = (depth: number): object => {
    const outer = { $first: Array.from({ length: 20 }, () => from("loop.x")) };
    const inner =
      depth === 7 ? { name: "v", kind: "value", outputs: { x: from("loop.x") } } : loop(depth + 1);
    const body = { stages: [inner], outputs: { x: from(depth === 7 ? "v.x" : `l${depth + 1}.x`) } };
    return {
      name: `l${depth}`,
      kind: "loop",
      initial: { x: depth === 0 ? 1 : outer },
      until: "true",
      max: 2,
      body,
    };
  };
  const tookMs = cpuMs(() => assert.deepEqual(problemsOf(declared([loop(0)], { score: from("l0.x") })), []));
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
});

test("problems - are told though they were made to be many and long", () => {
  const big = 2n ** 60n;
  const wrong = { ...search, inputs: { query: big, most: { $from: big } } };
  assert.deepEqual(problemsOf(declared([wrong, sums, judge])), [
    "found: 1152921504606847000 is no reference such as stage.field",
    "found: expected str, got 1152921504606847000",
  ]);
  const fields = Array.from({ length: 500 }, (_, n) => `field_${n}: str`).join(", ");
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`x${n}`, from(`inputs.x${n}`)]));
  const value = { name: "v", kind: "value", outputs: many, keep: true };
  const told = problemsOf({ ...declared([value], {}), signature: `${fields} -> out: str | None` });
  assert.equal(told.length, 200);
  assert.ok(told.every((text) => text.length < 300));
});

test("signals - of one name bring the same wherever they are waited for", () => {
  const wait = (name: string, fields: string) => ({ name, kind: "signal", signal: "go", fields, keep: true });
  const all = [search, sums, judge, wait("one", "word: str"), wait("two", "word: str")];
  assert.deepEqual(problemsOf(declared(all)), []);
  assert.deepEqual(problemsOf(declared([...all, wait("three", "word: int")])), [
    'three: signal "go" brings something else for stage "one": give it another name',
  ]);
});
