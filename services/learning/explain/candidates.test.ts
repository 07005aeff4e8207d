import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../../schemas/errors.ts";
import { definitionOf } from "../../programs/definition.ts";
import { decision, explained, keyOf, PLAN, ran, result, story, whys, work } from "./example-story.ts";

test("what an implementation lacks - is said, as far as it is known", () => {
  const able = definitionOf({
    name: "triage",
    signature: "photo: Image -> team: str",
    implementations: [
      { name: "words", kind: "native" },
      { name: "blind", kind: "structured", capabilities: { vision: false } },
      { name: "sees", kind: "structured" },
    ],
  });
  const only = decision("sees", {
    candidates: ["words", "blind", "sees"].map((implementation) => ({
      implementation,
      score: 0.7,
      probability: implementation === "sees" ? 1 : 0,
      eligible: implementation === "sees",
    })),
  });
  const told = story({
    definition: able,
    asked: { inputs: { photo: { $image: { url: "https://a/b" } } }, options: {} },
    work: [work(1, "sees", only, 42)],
  });
  assert.deepEqual(whys(told), {
    words: "left out: its function was not in the process of the router",
    blind: "left out: takes no images",
    sees: "chosen: nothing else could take the request",
  });
  assert.deepEqual(explained(told).candidates[1]?.capabilities, { vision: false });
});

test("what a breaker kept shut - is said with the reason", () => {
  const [, ...others] = decision("small").candidates;
  const shut = decision("small", {
    candidates: [
      { implementation: "words", score: 0, probability: 0, eligible: false },
      ...others.map((one) => ({ ...one, eligible: one.implementation === "small" })),
    ],
  });
  const broken = new Map([
    [`arm/triage/${keyOf("words")}`, "internal: 5 failures in a row"],
    ["pool/general", "worker_lost: 5 failures in a row"],
  ]);
  const found = whys(story({ work: [work(1, "small", shut, 42)], broken }));
  assert.equal(found.words, "left out: it had failed too often (internal: 5 failures in a row)");
  assert.equal(found.think, "left out: pool general had failed too often (worker_lost: 5 failures in a row)");
  const stalled = whys(story({ work: [work(1, "small", shut, 42)] }));
  assert.match(stalled.think ?? "", /^left out: its attempts were not coming back/);
});

test("an implementation that the request names - leaves the others out", () => {
  const named = decision("small", {
    features: { program: "triage", rule: "thompson/1", pinned: true },
    candidates: decision("small").candidates.map((one) => ({
      ...one,
      eligible: one.implementation === "small",
      probability: one.implementation === "small" ? 1 : 0,
    })),
  });
  const told = story({ work: [work(1, "small", named, 42)] }, { implementation: "small" });
  assert.equal(whys(told).small, "chosen: the request names it");
  assert.equal(whys(told).words, 'left out: the request names "small"');
  const { decision: taken, summary } = explained(told);
  assert.deepEqual([taken?.how, taken?.draw], ["named", undefined]);
  assert.equal(summary, "The request names small. It has not answered yet.");
});

test("an implementation that a variable names - leaves the others out, and says which variable", () => {
  const named = decision("small", {
    features: { program: "triage", rule: "thompson/1", pinned: true, pinnedBy: "who" },
    candidates: decision("small").candidates.map((one) => ({
      ...one,
      eligible: one.implementation === "small",
      probability: one.implementation === "small" ? 1 : 0,
    })),
  });
  const told = story({ work: [work(1, "small", named, 42)] });
  assert.equal(whys(told).small, 'chosen: variable "who" names it');
  assert.equal(whys(told).words, 'left out: variable "who" names "small"');
  assert.equal(explained(told).summary, "Variable who names small. It has not answered yet.");
});

test("nothing capable - has what the router said of each", () => {
  const missing = { words: "its function is not in this process", small: "takes no images" };
  const error = new DspexError("no_capable_implementation", "none", { details: { missing } }).toWire();
  const found = whys(story({ result: result([], { status: "failed", error }) }));
  assert.equal(found.small, "left out: takes no images");
  assert.equal(found.think, "no decision was taken");
});

test("the best one - says so, and what the others would have been", () => {
  const told = story({ result: result([ran(1, "words")], { decision: decision("words") }) });
  assert.deepEqual(whys(told), {
    words: "chosen: expected to do best (0.83), which gave it a chance of 90 %",
    small: "expected to do worse (0.74) than words (0.83); it had a chance of 7 %",
    think: "expected to do worse (0.70) than words (0.83); it had a chance of 3 %",
    rough: "kept for when all others have failed: it is declared as the last resort",
  });
  const { summary, status, decision: taken, analysis } = explained(told);
  assert.equal(
    summary,
    "words was chosen of 4 with a probability of 90 %: it was expected to do best. It answered, 14 ms after the request.",
  );
  assert.equal(status, "succeeded");
  assert.deepEqual([taken?.how, taken?.draw?.from, taken?.draw?.to], ["learned", 0, 0.9]);
  assert.deepEqual(taken?.place, { arm: keyOf("words"), task: "label/low/english", length: 0, load: 1 });
  assert.deepEqual(taken?.inFlight, { native: 1, general: 4 });
  assert.deepEqual(
    taken?.plan.map(({ implementation }) => implementation),
    ["small", "think", "rough"],
  );
  assert.deepEqual([analysis?.kind, analysis?.needs.structuredOutput], ["label/low/english", true]);
});

test("one that is not the best - was drawn to go on learning", () => {
  const told = story({ work: [work(1, "think", decision("think"), 42)] });
  const { summary, candidates, decision: taken } = explained(told);
  assert.match(candidates[2]?.why ?? "", /^chosen by chance \(3 %\), to go on learning: words is expected/);
  assert.match(candidates[0]?.why ?? "", /^expected to do best \(0\.83\), but the draw fell on think/);
  assert.match(summary, /probability of 3 %, to go on learning: words .* It has not answered yet\.$/);
  assert.deepEqual([taken?.draw?.from.toFixed(2), taken?.draw?.to], ["0.97", 1]);
  assert.deepEqual(taken?.plan, [...PLAN]);
});
