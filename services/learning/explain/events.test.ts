import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../../schemas/errors.ts";
import {
  decision,
  explained,
  failure,
  following,
  PLAN,
  ran,
  result,
  START,
  story,
  texts,
  work,
} from "./example-story.ts";

test("retry, fallback and hedge - are told in order, each with its reason", () => {
  const told = story({
    work: [
      work(1, "small", decision("small"), 42),
      work(2, "small", following("retry", "small", { after: "lm_timeout" }), 51),
      work(3, "think", following("fallback", "think", { after: "output_parse_error" }), 60),
      work(4, "words", following("hedge", "words", { afterMs: 812 }), 70),
    ],
    failures: [failure(1, "small", "lm_timeout", 50), failure(2, "small", "output_parse_error", 59)],
    result: result(
      [
        ran(1, "small", { error: new DspexError("lm_timeout", "no luck").toWire() }),
        ran(2, "small", { error: new DspexError("output_parse_error", "no luck").toWire() }),
        ran(4, "words"),
      ],
      { decision: following("hedge", "words", { afterMs: 812 }) },
    ),
  });
  assert.deepEqual(texts(told), [
    "asked of triage",
    "went to small",
    "small failed after 4 ms: lm_timeout: no luck",
    "tried again after lm_timeout: small",
    "small failed after 4 ms: output_parse_error: no luck",
    "fell back after output_parse_error to think",
    "started beside the first, which took longer than it usually does (812 ms): words",
    "words answered, 14 ms after the request",
  ]);
  const { events, summary } = explained(told);
  assert.deepEqual(
    events.map(({ step }) => step),
    [undefined, "first", undefined, "retry", undefined, "fallback", "hedge", undefined],
  );
  assert.deepEqual([events[0]?.afterMs, events[1]?.afterMs, events[7]?.afterMs], [0, 1, 49]);
  assert.match(summary, /2 attempts failed \(lm_timeout, output_parse_error\); words answered/);
});

test("attempts inside the router - are told though they have no message", () => {
  const failed = {
    ...failure(1, "words", "lm_timeout", 50).data,
    decision: decision("words"),
    plan: [...PLAN],
  };
  const told = story({
    failures: [{ sequence: 50, timeMs: START + 50, data: failed }],
    work: [work(2, "small", following("fallback", "small", { after: "lm_timeout" }), 51)],
  });
  const { events, decision: taken } = explained(told);
  assert.deepEqual(
    events.map(({ sequence, kind }) => [kind, sequence]),
    [
      ["request", 41],
      ["attempt", undefined],
      ["failed", 50],
      ["attempt", 51],
    ],
  );
  assert.equal(taken?.chosen, "words");
  assert.deepEqual(taken?.plan, [...PLAN]);
  const answered = story({ result: result([ran(1, "words")], { decision: decision("words") }) });
  assert.deepEqual(
    explained(answered).events.map(({ kind }) => kind),
    ["request", "attempt", "result"],
  );
});

test("feedback - counts as part of what happened", () => {
  const judged = { id: "local.c.1", user: "local", score: 0.5, metric: "tone", comment: "curt" };
  const told = story({
    result: result([ran(1, "words")], { decision: decision("words") }),
    feedback: [{ sequence: 200, timeMs: START + 60_000, data: judged }],
  });
  assert.equal(texts(told).at(-1), "scored 0.50 by local, tone: curt");
});
