// Read by the compiler, never run: what is a pipeline, and what is none.

import { signature } from "../../../schemas/signature/mod.ts";
import { all, atLeast, equals, expr, length, less, not } from "./expression.ts";
import { first } from "./given.ts";
import { pipeline } from "./pipeline.ts";
import { program } from "./program-type.ts";
import type { Ref } from "./reference.ts";
import { undo } from "./stage-options.ts";

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function same<Left, Right>(..._equal: Equal<Left, Right> extends true ? [] : [never]): void {}

const search = program(
  "search",
  signature("query: str, limit: int = 3 -> passages: list[{text: str, score: float}]"),
);
const summarize = program("summarize", signature("text: str -> summary: str"));
const check = program(
  "check",
  signature("answer: str, sources: list[str] -> supported: bool, score: float, problem: str | None"),
);
const refine = program("refine", signature("draft: str, problem: str | None -> answer: str"));
const topic = program("topic", signature("text: str -> topic: Literal['sports', 'politics', 'science']"));
const dated = program(
  "dated",
  signature("at: datetime, data: bytes, image: Image -> next: datetime, count: int"),
);
const ask = signature("question: str, depth: int = 2 -> answer: str");

/** Wrong ones would throw. */
export function neverRun(): void {
  // A whole one: every reference has the type of what it names.
  const research = pipeline("research", ask, (p) => {
    same<typeof p.inputs.question, Ref<string>>();
    same<typeof p.inputs.depth, Ref<number>>();
    const found = p.call("retrieve", search, { query: p.inputs.question, limit: p.inputs.depth });
    same<typeof found.passages, Ref<{ text: string; score: number }[]>>();
    const sums = p.map("sums", found.passages, (passage, q, index) => {
      same<typeof passage.text, Ref<string>>();
      same<typeof index, Ref<number>>();
      return q.call("sum", summarize, { text: passage.text });
    });
    same<typeof sums.summary, Ref<string[]>>();
    const checked = p.call("check", check, { answer: "…", sources: sums.summary });
    const better = p.call(
      "better",
      refine,
      { draft: "…", problem: checked.problem },
      { when: not(checked.supported) },
    );
    same<typeof better.answer, Ref<string | null>>();
    return { answer: first(better.answer, sums.summary[0]) };
  });
  same<NonNullable<typeof research.types>["outputs"], { answer: string }>();
  same<
    NonNullable<typeof research.types>["inputs"],
    { question: string; depth?: number | bigint | undefined }
  >();

  pipeline("wrong", ask, (p) => {
    // @ts-expect-error 1 no such input of the pipeline
    p.inputs.questions;
    // @ts-expect-error 2 a required input is missing
    p.call("a", search, {});
    // @ts-expect-error 3 the program has no such input
    p.call("b", search, { query: p.inputs.question, max: 3 });
    // @ts-expect-error 4 a number where a text is wanted
    p.call("c", search, { query: p.inputs.depth });
    // @ts-expect-error 5 a text as it is where a number is wanted
    p.call("d", search, { query: "x", limit: "3" });
    const found = p.call("e", search, { query: p.inputs.question });
    // @ts-expect-error 6 the stage has no such output
    found.passage;
    // @ts-expect-error 7 no such member of an item
    found.passages[0].title;
    // @ts-expect-error 8 a list of objects is no text
    p.call("f", summarize, { text: found.passages });
    // @ts-expect-error 9 a stage is not a value
    p.call("g", summarize, { text: found });
    // @ts-expect-error 10 only a list is gone through
    p.map("h", p.inputs.question, (item, q) => q.call("h1", summarize, { text: item }));
    // @ts-expect-error 11 items are objects, not texts
    p.map("i", found.passages, (item, q) => q.call("i1", summarize, { text: item }));
    const sums = p.map("j", found.passages, (item, q) => q.call("j1", summarize, { text: item.text }));
    // @ts-expect-error 12 a map gives lists
    p.call("k", summarize, { text: sums.summary });
    const checked = p.call("l", check, { answer: "x", sources: sums.summary });
    // @ts-expect-error 13 a text is no condition
    p.call("m", summarize, { text: "x" }, { when: p.inputs.question });
    // @ts-expect-error 14 an output that may be null where a text is wanted
    p.call("n", summarize, { text: checked.problem });
    const maybe = p.call("o", summarize, { text: "x" }, { when: checked.supported });
    // @ts-expect-error 15 a stage that may be skipped gives null then
    p.call("q", summarize, { text: maybe.summary });
    const skips = p.call("r", summarize, { text: "x" }, { onFailure: "skip" });
    // @ts-expect-error 16 and so does one that is skipped when it fails
    p.call("s", summarize, { text: skips.summary });
    // @ts-expect-error 17 what stands in has the outputs of the stage
    p.call("t", summarize, { text: "x" }, { onFailure: { value: { sumary: "" } } });
    // @ts-expect-error 18 and their types
    p.call("u", summarize, { text: "x" }, { onFailure: { value: { summary: 3 } } });
    const other = p.value("v0", { answer: "" });
    // @ts-expect-error 19 also where stages make it
    p.call("v", summarize, { text: "x" }, { onFailure: () => other });
    // @ts-expect-error 20 no such option
    p.call("w", summarize, { text: "x" }, { retires: { times: 2, delayMs: 1 } });
    // @ts-expect-error 21 no such preference
    p.call("x", summarize, { text: "x" }, { prefer: "fast" });
    // @ts-expect-error 22 a number is not less than a text
    less(checked.score, p.inputs.question);
    // @ts-expect-error 23 a number is never a text
    equals(checked.score, "high");
    // @ts-expect-error 24 a text has no opposite
    not(p.inputs.question);
    const label = p.call("y", topic, { text: "x" });
    // @ts-expect-error 25 the program gives no such label
    equals(label.topic, "weather");
    // @ts-expect-error 26 and no way is named after one
    p.switch("z", label.topic, { sports: () => ({ a: 1 }), weather: () => ({ a: 2 }) });
    const routed = p.switch(
      "route",
      label.topic,
      { sports: (q) => q.call("r1", summarize, { text: "x" }), science: () => ({ summary: "s", more: 1 }) },
      () => ({ summary: "t" }),
    );
    same<typeof routed.summary, Ref<string>>();
    // @ts-expect-error 27 only one of the ways gives it
    routed.more;
    const either = p.when(
      "aa",
      checked.supported,
      () => ({ n: 1 }),
      () => ({ n: "one" }),
    );
    same<typeof either.n, Ref<string | number>>();
    // @ts-expect-error 28 it may be a number
    p.call("bb", summarize, { text: either.n });
    const looped = p.loop(
      "cc",
      { answer: "x", tries: 0 },
      (loop, q) => {
        same<typeof loop.answer, Ref<string>>();
        // @ts-expect-error 29 nothing of this name goes round
        loop.score;
        const again = q.call("cc1", refine, { draft: loop.answer, problem: null });
        return { answer: again.answer, tries: expr<number>`${loop.tries} + 1`, good: true };
      },
      { max: 3, until: (now) => all(now.good, atLeast(now.tries, 1)) },
    );
    same<typeof looped.good, Ref<boolean>>();
    // @ts-expect-error 30 a round gives the next one all that it needs
    p.loop("dd", { answer: "x", tries: 0 }, (loop) => ({ answer: loop.answer }), {
      max: 3,
      until: () => expr`true`,
    });
    // @ts-expect-error 31 of the same type
    p.loop("ee", { answer: "x" }, () => ({ answer: 3 }), { max: 3, until: () => expr`true` });
    const raced = p.race("ff", {
      small: (q) => q.call("ff1", summarize, { text: "x" }),
      large: { afterMs: 500, body: (q) => q.call("ff2", summarize, { text: "x" }, { prefer: "quality" }) },
    });
    same<typeof raced.summary, Ref<string>>();
    const review = p.signal("gg", "approved: bool, note: str | None");
    same<typeof review.note, Ref<string | null>>();
    // @ts-expect-error 32 the signal brings no such field
    review.text;
    // @ts-expect-error 33 a pause is a number
    p.delay("hh", "1s");
    p.delay("ii", expr<number>`${length(sums.summary)} * 100`);
    // @ts-expect-error 34 stages, not their outputs
    p.call("jj", summarize, { text: "x" }, { after: [checked.supported] });
    p.call(
      "kk",
      summarize,
      { text: "x" },
      { after: [checked], compensate: (own) => undo(summarize, { text: own.summary }) },
    );
    // @ts-expect-error 35 what is undone gets what its program takes
    p.call("ll", summarize, { text: "x" }, { compensate: (own) => undo(check, { answer: own.summary }) });
    const joined = p.value("mm", { texts: [p.inputs.question, "b"], count: length(sums.summary) });
    same<typeof joined.texts, Ref<string[]>>();
    same<typeof joined.count, Ref<number>>();
    const child = p.pipeline("nn", research, { question: "x" });
    same<typeof child.answer, Ref<string>>();
    // @ts-expect-error 36 a child pipeline has inputs with types, too
    p.pipeline("oo", research, { question: checked.score });
    p.call("pp", dated, { at: new Date(), data: new Uint8Array(), image: { url: p.inputs.question } });
    // @ts-expect-error 37 a number is no date
    p.call("qq", dated, { at: 3, data: new Uint8Array(), image: { url: "" } });
    const anything = p.call("rr", program("anything"), { x: p.inputs.question });
    // What nothing is known of fits everywhere.
    return { answer: anything.whatever.deeper };
  });
  // @ts-expect-error 38 an output is missing
  pipeline("w1", ask, (p) => ({ other: p.inputs.question }));
  // @ts-expect-error 39 an output of another type
  pipeline("w2", ask, (p) => ({ answer: p.inputs.depth }));
  // @ts-expect-error 40 one output too many
  pipeline("w3", ask, (p) => ({ answer: p.inputs.question, more: p.inputs.depth }));
}
