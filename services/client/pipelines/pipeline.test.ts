import assert from "node:assert/strict";
import test from "node:test";
import {
  type PipelineStage,
  pipelineDefinitionSchema,
} from "../../../schemas/messages/pipeline-definition.ts";
import { signature } from "../../../schemas/signature/mod.ts";
import { all, any, atLeast, type Condition, equals, expr, length, less, not } from "./expression.ts";
import { first } from "./given.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { type Pipeline, pipeline } from "./pipeline.ts";
import type { PipelineBuilder } from "./pipeline-builder.ts";
import { program } from "./program-type.ts";
import { undo } from "./stage-options.ts";

const search = program(
  "search",
  signature("query: str, limit: int = 3 -> passages: list[{text: str, score: float}]"),
);
const summarize = program("summarize", signature("text: str -> summary: str"));
const check = program(
  "check",
  signature("answer: str -> supported: bool, score: float, problem: str | None"),
);

const asked = signature("question: str, limit: int = 3 -> answer: str");
type Asked = { question: string; limit: number };

/** The stages of a pipeline whose answer does not matter. */
function stagesOf(build: (p: PipelineBuilder<Asked>) => unknown): PipelineStage[] {
  return define((p) => {
    build(p);
    return { answer: "" };
  }).definition.stages;
}

function define(build: (p: PipelineBuilder<Asked>) => { answer: string }): Pipeline<unknown, unknown> {
  const made = pipeline("p1", asked, build);
  const parsed = pipelineDefinitionSchema.safeParse(made.definition);
  assert.ok(parsed.success, parsed.error?.message);
  assert.deepEqual(parsed.data, made.definition);
  return made;
}

test("call - refers to inputs, to outputs and into them", () => {
  const [found, summary] = stagesOf((p) => {
    const found = p.call("retrieve", search, { query: p.inputs.question, limit: 5 });
    p.call("sum", summarize, { text: found.passages[0].text }, { keep: true });
  });
  assert.deepEqual(found, {
    name: "retrieve",
    kind: "call",
    program: "search",
    inputs: { query: { $from: "inputs.question" }, limit: 5 },
  });
  assert.deepEqual(summary, {
    name: "sum",
    kind: "call",
    program: "summarize",
    inputs: { text: { $from: "retrieve.passages.0.text" } },
    keep: true,
  });
});

test("call - options of the stage and of its requests", () => {
  const [before, one] = stagesOf((p) => {
    const before = p.delay("pause", 250);
    p.call(
      "sum",
      summarize,
      { text: p.inputs.question },
      {
        description: "says it",
        after: [before],
        when: less(p.inputs.limit, 10),
        timeoutMs: 5_000,
        retry: { times: 2, delayMs: 100, factor: 2, maxDelayMs: 1_000, jitter: 0.5 },
        onFailure: { value: { summary: p.inputs.question } },
        compensate: (own) => undo(check, { answer: own.summary }),
        version: "abc",
        stream: true,
        prefer: "quality",
        priority: 7,
      },
    );
  });
  assert.deepEqual(before, { name: "pause", kind: "delay", ms: 250 });
  assert.deepEqual(one, {
    name: "sum",
    kind: "call",
    description: "says it",
    program: "summarize",
    version: "abc",
    inputs: { text: { $from: "inputs.question" } },
    options: { prefer: "quality", priority: 7, stream: true },
    when: "inputs.limit < 10",
    after: ["pause"],
    timeoutMs: 5_000,
    retry: { times: 2, delayMs: 100, factor: 2, maxDelayMs: 1_000, jitter: 0.5 },
    onFailure: { value: { summary: { $from: "inputs.question" } } },
    compensate: { program: "check", inputs: { answer: { $from: "sum.summary" } } },
  });
});

test("map - a body for each item, whose stage's outputs are the map's", () => {
  const [, sums, last] = stagesOf((p) => {
    const found = p.call("retrieve", search, { query: p.inputs.question });
    const sums = p.map(
      "sums",
      found.passages,
      (passage, q) => q.call("sum", summarize, { text: passage.text }),
      {
        concurrency: 4,
        onItemFailure: "skip",
      },
    );
    p.value("joined", { all: sums.summary, n: length(sums.summary) });
  });
  assert.deepEqual(sums, {
    name: "sums",
    kind: "map",
    over: { $from: "retrieve.passages" },
    body: {
      stages: [{ name: "sum", kind: "call", program: "summarize", inputs: { text: { $from: "item.text" } } }],
      outputs: { summary: { $from: "sum.summary" } },
    },
    concurrency: 4,
    onItemFailure: "skip",
  });
  assert.deepEqual(last, {
    name: "joined",
    kind: "value",
    outputs: { all: { $from: "sums.summary" }, n: { $expr: "len(sums.summary)" } },
  });
});

test("when, switch - one of several bodies", () => {
  const [, either, route] = stagesOf((p) => {
    const checked = p.call("check", check, { answer: p.inputs.question });
    p.when(
      "final",
      checked.supported,
      () => ({ answer: p.inputs.question }),
      (q) => ({
        answer: q.call("again", summarize, { text: "x" }).summary,
      }),
    );
    p.switch("route", p.inputs.question, { a: () => ({ n: 1, only: 2 }) }, () => ({ n: 2 }), { keep: true });
  });
  assert.deepEqual(either, {
    name: "final",
    kind: "switch",
    on: { $from: "check.supported" },
    cases: [{ equals: true, body: { stages: [], outputs: { answer: { $from: "inputs.question" } } } }],
    otherwise: {
      stages: [{ name: "again", kind: "call", program: "summarize", inputs: { text: "x" } }],
      outputs: { answer: { $from: "again.summary" } },
    },
  });
  assert.deepEqual(route, {
    name: "route",
    kind: "switch",
    on: { $from: "inputs.question" },
    cases: [{ equals: "a", body: { stages: [], outputs: { n: 1, only: 2 } } }],
    otherwise: { stages: [], outputs: { n: 2 } },
    keep: true,
  });
});

test("loop - gives each round what the one before gave", () => {
  const [loop] = stagesOf((p) => {
    p.loop(
      "polish",
      { draft: p.inputs.question },
      (loop, q) => {
        const better = q.call("better", summarize, { text: loop.draft });
        const checked = q.call("look", check, { answer: better.summary });
        return { draft: better.summary, score: checked.score, round: expr<number>`${loop.iteration} + 1` };
      },
      { max: 3, until: (now) => atLeast(now.score, 0.8) },
    );
  });
  assert.deepEqual(loop, {
    name: "polish",
    kind: "loop",
    initial: { draft: { $from: "inputs.question" }, score: null, round: null },
    body: {
      stages: [
        { name: "better", kind: "call", program: "summarize", inputs: { text: { $from: "loop.draft" } } },
        { name: "look", kind: "call", program: "check", inputs: { answer: { $from: "better.summary" } } },
      ],
      outputs: {
        draft: { $from: "better.summary" },
        score: { $from: "look.score" },
        round: { $expr: "loop.iteration + 1" },
      },
    },
    until: "loop.score >= 0.8",
    max: 3,
  });
});

test("race, delay, signal, approval, pipeline - what they wait for", () => {
  const child = pipeline("child", signature("text: str -> summary: str"), (p) => ({
    summary: p.inputs.text,
  }));
  const stages = stagesOf((p) => {
    p.race("fastest", {
      small: (q) => q.call("s", summarize, { text: "x" }),
      large: { afterMs: 500, body: (q) => q.call("l", summarize, { text: "x" }) },
    });
    p.delay("later", expr<number>`${p.inputs.limit} * 1000`);
    p.signal("review", "note: str | None, stars: int(ge=1, le=5)", { timeoutMs: 60_000 });
    p.approval("sign", { signal: "boss" });
    p.pipeline("inner", child, { text: p.inputs.question }, { version: "0123456789abcdef" });
  });
  assert.deepEqual(stages.slice(1, 5), [
    { name: "later", kind: "delay", ms: { $expr: "inputs.limit * 1000" } },
    {
      name: "review",
      kind: "signal",
      signal: "review",
      fields: [
        { name: "note", type: { kind: "optional", of: { kind: "str" } } },
        { name: "stars", type: { kind: "int", ge: 1, le: 5 } },
      ],
      timeoutMs: 60_000,
    },
    { name: "sign", kind: "signal", signal: "boss", approval: true },
    {
      name: "inner",
      kind: "pipeline",
      pipeline: "child",
      version: "0123456789abcdef",
      inputs: { text: { $from: "inputs.question" } },
    },
  ]);
  const [race] = stages;
  assert.ok(race?.kind === "race");
  assert.deepEqual(
    race.bodies.map(({ name, afterMs }) => [name, afterMs]),
    [
      ["small", undefined],
      ["large", 500],
    ],
  );
});

test("onFailure - stages that stand in", () => {
  const [stage] = stagesOf((p) => {
    p.call("sum", summarize, { text: "x" }, { onFailure: (q) => q.call("other", summarize, { text: "y" }) });
  });
  assert.deepEqual(stage?.onFailure, {
    stage: {
      stages: [{ name: "other", kind: "call", program: "summarize", inputs: { text: "y" } }],
      outputs: { summary: { $from: "other.summary" } },
    },
  });
});

test("first - what stands in for a stage that was skipped", () => {
  const { definition } = pipeline("p2", asked, (p) => {
    const checked = p.call("check", check, { answer: p.inputs.question });
    const sum = p.call("sum", summarize, { text: "x" }, { when: not(checked.supported) });
    return { answer: first(sum.summary, p.inputs.question) };
  });
  assert.deepEqual(definition.outputs, {
    answer: { $first: [{ $from: "sum.summary" }, { $from: "inputs.question" }] },
  });
});

test("values - as they travel", () => {
  const [stage] = stagesOf((p) => {
    p.value("v", {
      date: new Date("2026-01-02T03:04:05Z"),
      bytes: new Uint8Array([1, 2]),
      big: 2n ** 70n,
      list: [p.inputs.question, { a: null, b: undefined, c: true }],
      looksLike: { $from: "nothing" },
      run: p.run.id,
    });
  });
  assert.ok(stage?.kind === "value");
  assert.deepEqual(stage.outputs, {
    date: "2026-01-02T03:04:05.000Z",
    bytes: { $bytes: "AQI=" },
    big: 2n ** 70n,
    list: [{ $from: "inputs.question" }, { a: null, c: true }],
    looksLike: { $value: { $from: "nothing" } },
    run: { $from: "run.id" },
  });
});

test("conditions - are texts of the expression language", () => {
  const written = (make: (p: PipelineBuilder<Asked>) => Condition) =>
    stagesOf((p) => p.value("v", { n: 1 }, { when: make(p) }))[0]?.when;
  assert.equal(
    written((p) => not(all(equals(p.inputs.question, 'a "b" \\'), less(p.inputs.limit, 3)))),
    String.raw`not ((inputs.question == "a \"b\" \\") and (inputs.limit < 3))`,
  );
  assert.equal(
    written((p) => any(expr`len(${p.inputs.question}) > ${3}`, true)),
    "(len(inputs.question) > 3) or true",
  );
  assert.equal(
    written((p) => expr`${expr<number>`${p.inputs.limit} + 1`} * 2 > 3`),
    "(inputs.limit + 1) * 2 > 3",
  );
});

const refused: [what: string, build: (p: PipelineBuilder<Asked>) => unknown, message: RegExp][] = [
  [
    "a name twice",
    (p) => [p.value("a", { n: 1 }), p.value("a", { n: 1 })],
    /stage "a": there is one of this name already/,
  ],
  [
    "a name of a graph around",
    (p) => [p.value("a", { n: 1 }), p.map("m", [1], (_n, q) => q.value("a", { n: 1 }))],
    /stage "a": there is one of this name already/,
  ],
  [
    "a name of a body inside",
    (p) => [p.map("m", [1], (_n, q) => q.value("a", { n: 1 })), p.value("a", { n: 1 })],
    /stage "a": there is one of this name already/,
  ],
  ["a reserved name", (p) => p.value("inputs", { n: 1 }), /stage "inputs": this name means something else/],
  ["no name", (p) => p.value("a-b", { n: 1 }), /stage "a-b": a name has letters/],
  [
    "an output that is not there",
    (p) => (p.call("c", summarize, { text: "x" }) as unknown as { no: unknown }).no,
    /stage "c" has no output "no": it has "summary"/,
  ],
  [
    "a stage for a value",
    (p) => p.call("d", summarize, { text: p.value("e", { n: 1 }) as never }),
    /d\.inputs\.text: "e" is a stage: name the output of it/,
  ],
  [
    "a reference as a text",
    (p) => p.call("f", summarize, { text: `${p.inputs.question}` }),
    /"inputs\.question" has no value yet/,
  ],
  [
    "what no JSON holds",
    (p) => p.value("g", { f: () => 1 }),
    /g\.outputs\.f: function is no value that can be stored/,
  ],
  [
    "an item outside of its map",
    (p) => {
      let leaked: unknown;
      p.map("m", ["a"], (item) => {
        leaked = item;
        return { x: item };
      });
      p.value("h", { leaked });
    },
    /"item" is inside of stage "m": return it from its body/,
  ],
  [
    "a stage of a body",
    (p) => {
      let leaked: unknown;
      p.map("m", ["a"], (item, q) => {
        const inner = q.call("in", summarize, { text: item });
        leaked = inner.summary;
        return inner;
      });
      p.value("h", { leaked });
    },
    /"in\.summary" is inside of stage "m"/,
  ],
  [
    "a body's item through the builder around it",
    (p) => p.map("m", ["a"], (item) => p.call("out", summarize, { text: item })),
    /"item" is inside of stage "m"/,
  ],
  [
    "another pipeline's input",
    (p) => {
      let other: unknown;
      pipeline("other", asked, (o) => {
        other = o.inputs.question;
        return { answer: "" };
      });
      p.value("h", { other });
    },
    /"inputs\.question" belongs to another pipeline/,
  ],
];
for (const [what, build, message] of refused) {
  test(`refused - ${what}`, () => {
    assert.throws(() => stagesOf(build), { code: "invalid_inputs", message });
  });
}

test("bodies - side by side may use the same names", () => {
  const [stage] = stagesOf((p) => {
    const body = (q: GraphBuilder) => q.call("same", summarize, { text: "x" });
    p.race("r", { one: body, two: body });
  });
  assert.ok(stage?.kind === "race");
  assert.deepEqual(
    stage.bodies.map(({ body }) => body.stages[0]?.name),
    ["same", "same"],
  );
});

test("bodies - see the stages around them", () => {
  const use = (p: GraphBuilder, text: string) => p.call("deep", summarize, { text });
  const [, outer] = stagesOf((p) => {
    const around = p.call("around", summarize, { text: "x" });
    p.map("outer", [1, 2], (n, q) =>
      q.when(
        "inner",
        less(n, 2),
        (r) => r.call("use", summarize, { text: around.summary }),
        (r) => use(r, "y"),
      ),
    );
  });
  assert.ok(outer?.kind === "map");
  assert.match(JSON.stringify(outer.body), /"around\.summary".*"deep"/);
});
