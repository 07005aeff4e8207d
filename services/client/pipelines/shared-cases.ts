// Pipelines that TypeScript and Python both build: schemas/fixtures/pipelines.json says what must come out in each. The
// other half is python-pools/tests/contract/test_pipelines.py.

import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import { signature } from "../../../schemas/signature/mod.ts";
import { all, any, atLeast, equals, expr, length, less, not } from "./expression.ts";
import { first } from "./given.ts";
import { pipeline } from "./pipeline.ts";
import { program } from "./program-type.ts";
import { undo } from "./stage-options.ts";

const search = program(
  "search",
  signature("query: str, limit: int = 3 -> passages: list[{text: str, score: float}]"),
);
const summarize = program("summarize", signature("text: str -> summary: str"));
const compose = program("compose", signature("question: str, notes: list[str] -> answer: str"));
const check = program(
  "check",
  signature("answer: str -> supported: bool, score: float, problem: str | None"),
);
const refine = program("refine", signature("draft: str, problem: str | None -> answer: str"));

const research = pipeline(
  "research",
  signature('"Answers from a library." question: str, limit: int = 5 -> answer: str, notes: list[str]'),
  (p) => {
    const found = p.call("retrieve", search, { query: p.inputs.question, limit: p.inputs.limit });
    const notes = p.map(
      "notes",
      found.passages,
      (passage, q) => q.call("note", summarize, { text: passage.text }),
      {
        concurrency: 4,
      },
    );
    const draft = p.call(
      "draft",
      compose,
      { question: p.inputs.question, notes: notes.summary },
      { stream: true },
    );
    const checked = p.call("check", check, { answer: draft.answer });
    const better = p.call(
      "better",
      refine,
      { draft: draft.answer, problem: checked.problem },
      { when: not(checked.supported) },
    );
    return { answer: first(better.answer, draft.answer), notes: notes.summary };
  },
  { description: "Retrieves, summarises, answers, checks.", concurrency: 8, deadlineMs: 60_000 },
);

const child = pipeline("child", signature("text: str -> summary: str"), (p) =>
  p.call("sum", summarize, { text: p.inputs.text }),
);

const everything = pipeline("everything", signature("text: str, mode: str, n: int -> out: str"), (p) => {
  const { text, mode, n } = p.inputs;
  const routed = p.switch(
    "route",
    mode,
    { short: (q) => q.call("short", summarize, { text }), plain: () => ({ summary: text }) },
    (q) => q.call("other", summarize, { text }, { prefer: "quality" }),
  );
  const either = p.when(
    "either",
    all(less(n, 3), not(equals(mode, 'a "b" \\'))),
    () => ({ x: 1 }),
    (q) => q.value("made", { x: expr<number>`${n} * 2` }),
  );
  const polished = p.loop(
    "polish",
    { draft: routed.summary },
    (loop, q) => {
      const again = q.call("again", refine, { draft: loop.draft, problem: null });
      const looked = q.call("look", check, { answer: again.answer });
      return { draft: again.answer, score: looked.score, round: loop.iteration };
    },
    { max: 3, until: (now) => any(atLeast(now.score, 0.8), equals(now.round, 2)) },
  );
  const raced = p.race("fastest", {
    small: (q) => q.call("s", summarize, { text: polished.draft }),
    large: { afterMs: 500, body: (q) => q.call("l", summarize, { text: polished.draft }) },
  });
  const pause = p.delay("pause", expr<number>`${n} * 1000`);
  const review = p.signal("review", "stars: int(ge=1, le=5), note: str | None", {
    timeoutMs: 60_000,
    after: [pause],
  });
  p.approval("sign", { signal: "boss", keep: true });
  const inner = p.pipeline("inner", child, { text: raced.summary }, { version: "0123456789abcdef" });
  const counted = p.map(
    "counted",
    ["a", text],
    (item, q, index) => q.value("each", { item, at: index, known: { list: [item, null, true, 1.5] } }),
    { onItemFailure: "skip" },
  );
  const last = p.call(
    "last",
    summarize,
    { text: inner.summary },
    {
      description: "what comes last",
      timeoutMs: 5_000,
      retry: { times: 2, delayMs: 100, factor: 2, maxDelayMs: 1_000, jitter: 0.5 },
      onFailure: { value: { summary: "none" } },
      compensate: (own) => undo(check, { answer: own.summary }),
      version: "v1",
      priority: 7,
      variables: { temperature: 0.5 },
      deadlineMs: 30_000,
    },
  );
  const spare = p.call(
    "spare",
    summarize,
    { text: p.run.id },
    { onFailure: (q) => q.call("instead", summarize, { text: "x" }) },
  );
  p.value(
    "sums",
    { n: length(counted.item), stars: review.stars, either: either.x, looksLike: { $from: "nothing" } },
    { keep: true },
  );
  return { out: first(last.summary, spare.summary) };
});

export const SHARED_CASES: Readonly<Record<string, PipelineDefinition>> = {
  research: research.definition,
  child: child.definition,
  everything: everything.definition,
};
