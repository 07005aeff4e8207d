import assert from "node:assert/strict";
import test from "node:test";
import type { PipelineStage } from "../../../../schemas/messages/pipeline-definition.ts";
import { cpuMs } from "../../../../tests/kit/cpu-time.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import { type GraphView, graphView } from "./graph-view.ts";
import { layersOf, portOf } from "./layers.ts";
import type { Marks } from "./marks.ts";
import { mermaid } from "./mermaid.ts";
import { namesInExpression, namesInValue } from "./names.ts";
import { svg } from "./svg.ts";
import { terminalDrawing } from "./terminal.ts";

const call = (name: string, inputs: Record<string, unknown>, more: object = {}): PipelineStage => ({
  name,
  kind: "call",
  program: name.toUpperCase(),
  inputs,
  ...more,
});
const from = (reference: string) => ({ $from: reference });

const diamond = graphView({
  stages: [
    call("a", { x: from("inputs.x") }),
    call("b", { x: from("a.y") }),
    call("c", { x: from("a.y") }, { when: "b.ok and inputs.x != 'a.z'" }),
    call("d", { x: { $first: [from("b.y"), from("c.y")] } }),
  ],
  outputs: { y: from("d.y") },
});

const nested = graphView({
  stages: [
    call("find", { x: from("inputs.x") }),
    {
      name: "each",
      kind: "map",
      over: from("find.list"),
      body: {
        stages: [call("one", { x: from("item.text"), y: from("find.z") })],
        outputs: { y: from("one.y") },
      },
    },
    {
      name: "pick",
      kind: "switch",
      on: from("each.y"),
      cases: [{ equals: true, body: { stages: [], outputs: { y: from("find.y") } } }],
      otherwise: {
        stages: [call("two", { x: 1 }), call("three", { x: from("two.y") })],
        outputs: { y: from("three.y") },
      },
      onFailure: {
        stage: { stages: [call("rescue", { x: from("each.y") })], outputs: { y: from("rescue.y") } },
      },
    },
  ],
  outputs: { y: from("pick.y") },
});

test("graph - edges are references, in expressions and bodies too; numbers go through all bodies", () => {
  assert.deepEqual(diamond.edges, [
    { from: 0, to: 1 },
    { from: 0, to: 2 },
    { from: 1, to: 2 },
    { from: 1, to: 3 },
    { from: 2, to: 3 },
  ]);
  assert.deepEqual(diamond.givers, [3]);
  assert.deepEqual(nested.edges, [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
    { from: 0, to: 2 },
  ]);
  const numbers: [string, number][] = [];
  const look = (view: GraphView) => {
    for (const { name, stage, bodies } of view.nodes) {
      numbers.push([name, stage]);
      for (const { graph } of bodies) look(graph);
    }
  };
  look(nested);
  assert.deepEqual(numbers, [
    ["find", 0],
    ["each", 1],
    ["one", 2],
    ["pick", 3],
    ["two", 4],
    ["three", 5],
    ["rescue", 6],
  ]);
});

test("names - of values and expressions, not of texts within them", () => {
  assert.deepEqual(
    [
      ...namesInValue({
        a: [{ $from: "x.y.z" }, { $expr: 'len(q.w) > 1 and "b.c" == d.e' }],
        b: { $value: { $from: "no" } },
      }),
    ],
    ["x", "len", "q", "and", "d"],
  );
  assert.deepEqual(namesInExpression("a.b + 'c.d\\'e' * f"), ["a", "f"]);
});

test("terminal - a diamond", () => {
  assert.equal(
    terminalDrawing(diamond).join("\n"),
    `             ╭───╮
             │ a │
             │ A │
             ╰─┬─╯
               │
          ┌────┴────┐
          ▼         │
        ╭───╮       │
        │ b │       │
        │ B │       │
        ╰─┬─╯       │
          │         │
┌─────────┴─────────┤
│                   ▼
│  ╭─────────────────────────────────╮
│  │ c                               │
│  │ C                               │
│  │ when b.ok and inputs.x != 'a.z' │
│  ╰────────────────┬────────────────╯
│                   │
└─────────┐         │
          ├─────────┘
          ▼
        ╭───╮
        │ d │
        │ D │
        ╰───╯`,
  );
});

test("terminal - marks, bodies side by side, bodies without stages", () => {
  const marks: Marks = new Map([
    [0, { status: "finished" }],
    [1, { status: "running", note: "3 items" }],
    [2, { status: "running", note: "1/3" }],
  ]);
  assert.equal(
    terminalDrawing(nested, { marks }).join("\n"),
    `               ╭────────╮
               │ ✓ find │
               │ FIND   │
               ╰────┬───╯
                    │
            ┌───────┴──────┐
            ▼              │
╭───────────────────────╮  │
│ ▸ each 3 items        │  │
│ for each of find.list │  │
│ each                  │  │
│ ╭───────────╮         │  │
│ │ ▸ one 1/3 │         │  │
│ │ ONE       │         │  │
│ ╰───────────╯         │  │
╰───────────┬───────────╯  │
            │              │
            └───────┐      │
                    ├──────┘
                    ▼
 ╭─────────────────────────────────────╮
 │ pick                                │
 │ by each.y                           │
 │ true: find.y  else       on failure │
 │                ╭─────╮   ╭────────╮ │
 │                │ two │   │ rescue │ │
 │                │ TWO │   │ RESCUE │ │
 │                ╰──┬──╯   ╰────────╯ │
 │                   │                 │
 │                   ▼                 │
 │               ╭───────╮             │
 │               │ three │             │
 │               │ THREE │             │
 │               ╰───────╯             │
 ╰─────────────────────────────────────╯`,
  );
});

test("terminal - a list where the drawing would be wider than the terminal", () => {
  assert.deepEqual(terminalDrawing(nested, { columns: 20 }), [
    "find  FIND",
    "each  for each of find.list  ← find",
    "  each:",
    "    one  ONE",
    "pick  by each.y  ← each, find",
    "  true: find.y",
    "  else:",
    "    two  TWO",
    "    three  THREE  ← two",
    "  on failure:",
    "    rescue  RESCUE",
  ]);
});

test("mermaid - nodes, subgraphs, edges; texts cannot break out", () => {
  const text = mermaid(nested, new Map([[0, { status: "finished" as const }]]));
  assert.match(text, /^flowchart TD\n {2}s0\["<b>✓ find<\/b><br\/>FIND"\]/);
  assert.match(text, /subgraph s3_1\["else"\]\n {6}s4\["<b>two<\/b><br\/>TWO"\]/);
  assert.match(text, /s4 --> s5/);
  assert.match(text, /class s0 finished/);
  const hostile = graphView({ stages: [call("x", {}, { when: 'a == "]<script>&' })], outputs: {} });
  assert.match(mermaid(hostile), /when a == #quot;\]#lt;script#gt;#amp;/);
  assert.match(svg(hostile), /when a == &quot;\]&lt;script>&amp;/);
});

test("svg - stands alone, with a box for each stage", () => {
  const picture = svg(nested, { title: "a <name>" });
  assert.match(picture, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
  assert.match(picture, /<title>a &lt;name><\/title>/);
  assert.equal(picture.match(/<rect class=/g)?.length, 7);
  assert.equal(picture.match(/class="head"/g)?.length, nested.edges.length + 1);
  assert.doesNotMatch(picture, /NaN|undefined|<script|href/);
});

const graphs = fc.integer({ min: 1, max: 40 }).chain((count) =>
  fc.record({
    widths: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: count, maxLength: count }),
    edges: fc.array(
      fc
        .tuple(fc.nat(count - 1), fc.nat(count - 1))
        .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
      { maxLength: 80 },
    ),
  }),
);

test("layers - each below what it waits for, none over another, for random graphs", () => {
  fc.assert(
    fc.property(graphs, ({ widths, edges }) => {
      const real = edges.filter(({ from: a, to }) => a !== to);
      const { layers, chains } = layersOf(widths, real, 2);
      for (const layer of layers) {
        for (const [n, slot] of layer.entries()) {
          const before = layer[n - 1];
          assert.ok(slot.x >= 0 && Number.isInteger(slot.x));
          if (before !== undefined) assert.ok(slot.x >= before.x + before.width + 2);
        }
      }
      for (const chain of chains)
        for (const [n, slot] of chain.entries()) {
          const next = chain[n + 1];
          if (next !== undefined) assert.equal(next.layer, slot.layer + 1);
          assert.ok(Number.isInteger(portOf(slot)));
        }
      assert.equal(layers.flat().filter(({ node }) => node !== undefined).length, widths.length);
    }),
    { numRuns: 100, seed: 7 },
  );
});

test("a definition of a thousand stages - is drawn in a moment", () => {
  const stages = Array.from({ length: 1_000 }, (_, n) =>
    call(`s${n}`, { x: from(n === 0 ? "inputs.x" : `s${Math.floor(n / 2)}.y`) }),
  );
  const tookMs = cpuMs(() => {
    const view = graphView({ stages, outputs: {} });
    assert.match(svg(view), /s999/);
    assert.equal(terminalDrawing(view, { columns: 100 }).length, 1_000);
  });
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
});

test("a drawing - of a thousand stages that all need one another is a list, at once", () => {
  const stages = Array.from({ length: 1_000 }, (_, n) => {
    const needs = Array.from({ length: Math.min(n, 8) }, (_, k) => ({
      $from: `s${(n * 7 + k * 131) % n}.x`,
    }));
    return { name: `s${n}`, kind: "value" as const, outputs: { x: needs } };
  });
  const view = graphView({ stages, outputs: {} });
  assert.equal(terminalDrawing(view).length, 1_000);
  assert.throws(() => svg(view), /ask for mermaid/);
  assert.match(mermaid(view), /s999/);
});
