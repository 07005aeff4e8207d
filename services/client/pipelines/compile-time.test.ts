// Runs the compiler on a pipeline of thirty stages and on wrong ones: how much it costs, and what it says.

import assert from "node:assert/strict";
import test from "node:test";
import { compileTypes } from "../../../tests/kit/compile-types.ts";

const NAMES = "all, any, equals, expr, first, length, less, not, pipeline, program, signature";
const compile = (source: string) => compileTypes(source, "services/client/mod.ts", NAMES);

const PROGRAMS = `
const work = program("work", signature("text: str, limit: int = 3, tags: list[str] -> texts: list[{title: str, body: str, score: float}], good: bool, note: str | None"));`;

/** Five stages, two of them in bodies, that hang from the five before. */
function five(n: number, before: string): string {
  return `
    const a${n} = p.call("a${n}", work, { text: ${before}, tags: ["x", p.inputs.text] }, { retry: { times: 2, delayMs: 10 } });
    const m${n} = p.map("m${n}", a${n}.texts, (one, q) => q.call("i${n}", work, { text: one.body, tags: [one.title] }));
    const w${n} = p.when("w${n}", all(a${n}.good, less(length(a${n}.texts), 3)), () => ({ text: "short" }), () => ({ text: a${n}.texts[0].body }));
    const v${n} = p.value("v${n}", { text: w${n}.text, all: m${n}.note, n: expr<number>\`len(\${m${n}.note})\` });`;
}

test("compiler - a pipeline of thirty stages costs little", async (t) => {
  const nothing = await compile(
    `${PROGRAMS}\nexport const nothing = [all, any, equals, expr, first, length, less, not, pipeline, work];`,
  );
  const stages = Array.from({ length: 6 }, (_, n) =>
    five(n, n === 0 ? "p.inputs.text" : `v${n - 1}.text`),
  ).join("");
  const thirty = await compile(`${PROGRAMS}
    export const big = pipeline("big", signature("text: str -> out: str"), (p) => {${stages}
      return { out: v5.text };
    });`);
  assert.doesNotMatch(thirty.output, /error TS/);
  const instantiations = thirty.instantiations - nothing.instantiations;
  const checkMs = thirty.checkMs - nothing.checkMs;
  t.diagnostic(`thirty stages: ${instantiations} instantiations, ${Math.round(checkMs)} ms more to check`);
  assert.ok(instantiations < 60_000, `${instantiations} instantiations`);
});

test("compiler - what is wrong is told by its name", async () => {
  const wrong: [stage: string, message: RegExp][] = [
    ['p.call("a", work, { txt: "x", tags: [] });', /'txt' does not exist in type 'GivenFields/],
    [
      'p.call("a", work, { text: 3, tags: [] });',
      /'number' is not assignable to type '(string \| Source<string>|Given<string>)'/,
    ],
    ['p.call("a", work, { text: "x", tags: [] }).god;', /Property 'god' does not exist/],
    [
      'p.switch("s", p.call("k", kind, { text: "x" }).kind, { a: () => ({}), c: () => ({}) });',
      /"no such case": "c"/,
    ],
  ];
  const lines = wrong.map(
    ([stage], n) =>
      `export const w${n} = pipeline("w", signature("text: str -> out: str"), (p) => { ${stage} return { out: "" }; });`,
  );
  const { output } = await compile(
    `${PROGRAMS} const kind = program("kind", signature("text: str -> kind: Literal['a', 'b']"));\n${lines.join("\n")}`,
  );
  for (const [n, [stage, message]] of wrong.entries()) {
    const told = output.split(/(?=fixture\.ts)/).find((one) => one.startsWith(`fixture.ts(${n + 4},`));
    assert.match(told?.replaceAll("\n", " ") ?? "nothing", message, stage);
  }
});
