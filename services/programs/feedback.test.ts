import assert from "node:assert/strict";
import { test } from "node:test";
import type { Feedback } from "../../schemas/messages/feedback.ts";
import type { Decision, Place } from "../../schemas/messages/parts.ts";
import { programFeedbackSchema } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { feedbackOf, feedbackSubject, parseLogSubject } from "../../schemas/subjects.ts";
import { qualityOfFeedback } from "../learning/outcomes/from-messages.ts";
import { judgementOf, programFeedback } from "./feedback.ts";

const place: Place = { arm: "small@0a1b2c3d4e5f", task: "label/low/english", length: 1, load: 0 };
const given: Feedback = { id: "local.c.1", score: 0.75, metric: "exact", comment: "nearly", key: "anna" };

function result(features: Record<string, unknown>, more: Partial<Result> = {}): Result {
  const decision = { features: { program: "mood", place, ...features } } as unknown as Decision;
  return {
    id: "local.c.1",
    status: "succeeded",
    program: "mood",
    version: "3f2a9c0d1e4b5a67",
    implementation: "small",
    decision,
    ...more,
  } as Result;
}

test("feedback - is joined to what ran, and to the decision that chance has taken", () => {
  const recorded = programFeedback(given, result({}), "local", 7);
  assert.deepEqual(recorded, {
    ...given,
    user: "local",
    program: "mood",
    version: "3f2a9c0d1e4b5a67",
    implementation: "small",
    place,
  });
  assert.deepEqual(programFeedbackSchema.parse(recorded), recorded);
  assert.deepEqual(qualityOfFeedback(recorded, 9), {
    kind: "quality",
    sequence: 9,
    place: { program: "mood", ...place },
    score: 0.75,
  });
});

test("feedback - of an answer that validators have scored says which of their scores it replaces", () => {
  const judged = result({}, { validation: { quality: 0.5, verdicts: [] } });
  const recorded = programFeedback(given, judged, "local", 7);
  assert.equal(recorded.replaces, 7);
  const learned = qualityOfFeedback(programFeedbackSchema.parse(recorded), 9);
  assert.equal(learned?.kind === "quality" && learned.replaces, 7);
  const pinned = programFeedback(
    given,
    { ...judged, decision: result({ pinned: true }).decision } as Result,
    "local",
    7,
  );
  assert.equal(pinned.replaces, undefined);
});

const notLearned: [name: string, result: Result][] = [
  ["an answer of the second choice", result({ step: "fallback", after: "internal" })],
  ["an answer of a hedge", result({ step: "hedge", afterMs: 900 })],
  ["an implementation that the request named", result({ pinned: true })],
  ["a failure", result({}, { status: "failed" })],
  ["a decision of another version", result({ place: undefined })],
];
for (const [name, judged] of notLearned) {
  test(`feedback - on ${name} is recorded, and not learned from`, () => {
    const recorded = programFeedback(given, judged, "local", 7);
    assert.ok(!("place" in recorded));
    assert.equal(recorded.implementation, "small");
    assert.equal(qualityOfFeedback(recorded, 9), undefined);
  });
}

test("feedback - on a request that ran nothing", () => {
  const refused = { id: "local.c.1", status: "failed", program: "none" } as Result;
  const recorded = programFeedback({ id: "local.c.1", score: 0 }, refused, "local", 7);
  assert.deepEqual(recorded, { id: "local.c.1", score: 0, user: "local", program: "none" });
  assert.deepEqual(programFeedbackSchema.parse(recorded), recorded);
});

test("a judgement - is the same by the same metric under the same key, whatever it says", () => {
  const first = judgementOf(given, 7);
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.equal(judgementOf({ ...given, score: 0, comment: "not at all" }, 7), first);
  const { metric, key, id, score } = given;
  const others: [Feedback, number][] = [
    [given, 8],
    [{ id, score }, 7],
    [{ id, score, metric: metric as string }, 7],
    [{ id, score, key: key as string }, 7],
    [{ id, score, metric: key as string, key: metric as string }, 7],
    [{ ...given, metric: "exac" }, 7],
    [{ ...given, key: "anna " }, 7],
  ];
  const all = new Set([first, ...others.map(([feedback, sequence]) => judgementOf(feedback, sequence))]);
  assert.equal(all.size, others.length + 1);
});

test("a judgement - has a subject of its own, beside the others of its result", () => {
  const subject = feedbackSubject("mood", given.id, judgementOf(given, 7));
  assert.equal(feedbackOf("mood", given.id), subject.replace(/[^.]+$/, "*"));
  assert.deepEqual(parseLogSubject(subject), {
    kind: "event",
    entity: "program",
    name: "mood",
    verb: "feedback",
  });
});
