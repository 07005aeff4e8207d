import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchWords, type TopToken, topLogprobs } from "./top-logprobs.ts";

const top: TopToken[] = [
  { token: "a", logprob: -1 },
  { token: "b", logprob: -2 },
];
const tokens = (all: Record<string, number>): TopToken[] =>
  Object.entries(all).map(([token, logprob]) => ({ token, logprob }));

describe("top log-probabilities", () => {
  const chat = (content: unknown) => ({
    choices: [{ logprobs: content === undefined ? null : { content } }],
  });
  const cases: [name: string, body: unknown, found: TopToken[] | undefined][] = [
    ["of a chat", chat([{ token: "a", logprob: -1, top_logprobs: top }]), top],
    [
      "of the first token that says something",
      chat([
        { token: '"', top_logprobs: tokens({ '"': 0 }) },
        { token: "a", top_logprobs: top },
      ]),
      top,
    ],
    [
      "of a response, behind its reasoning",
      {
        output: [
          { type: "reasoning", summary: [] },
          { type: "message", content: [{ logprobs: [{ token: "a", top_logprobs: top }] }] },
        ],
      },
      top,
    ],
    ["none at all", chat(undefined), undefined],
    ["none of others", chat([{ token: "a", logprob: -1 }]), undefined],
    ["an empty list", chat([{ token: "a", top_logprobs: [] }]), undefined],
    [
      "a probability that is none",
      chat([{ token: "a", top_logprobs: [{ token: "a", logprob: "x" }] }]),
      undefined,
    ],
    ["another answer", { hello: "world" }, undefined],
    ["no answer", undefined, undefined],
  ];
  for (const [name, body, found] of cases)
    it(`top - ${name}`, () => assert.deepEqual(topLogprobs(body), found));
});

describe("words", () => {
  it("words - all spellings of a beginning count together", () => {
    const matched = matchWords(tokens({ " Pos": -1, positive: -1, '"neg': -3, The: -4 }), [
      "positive",
      "negative",
    ]);
    assert.deepEqual(matched, { kind: "scores", scores: [-1 + Math.log(2), -3] });
  });

  it("words - what stands after a short one does not matter", () => {
    assert.deepEqual(matchWords(tokens({ "true}": -1, "false,": -2 }), ["true", "false"]), {
      kind: "scores",
      scores: [-1, -2],
    });
  });

  it("words - a likely beginning of two hides which is meant", () => {
    const matched = matchWords(tokens({ po: -1, neg: -1 }), ["positive", "political", "negative"]);
    assert.deepEqual(matched, { kind: "alike", token: "po", words: ["positive", "political"] });
  });

  it("words - an unlikely one does not, nor one whose labels have beginnings of their own", () => {
    const unlikely = matchWords(tokens({ neg: -0.1, p: -5 }), ["positive", "political", "negative"]);
    assert.deepEqual(unlikely, { kind: "scores", scores: [-5, -5, -0.1] });
    const own = matchWords(tokens({ po: -1, posi: -1, poli: -2 }), ["positive", "political"]);
    assert.deepEqual(own, { kind: "scores", scores: [-1, -2] });
  });

  it("words - a number may go on where digits are tokens", () => {
    assert.equal(matchWords(tokens({ "1": -0.1, "2": -3 }), ["1", "10", "2"]).kind, "alike");
    assert.deepEqual(matchWords(tokens({ "1": -1, "10": -2 }), ["1", "10"]), {
      kind: "scores",
      scores: [-1, -2],
    });
  });

  it("words - where none is begun there are no scores", () => {
    assert.deepEqual(matchWords(tokens({ The: -1, I: -2 }), ["positive", "negative"]), { kind: "none" });
    assert.deepEqual(matchWords([], ["positive"]), { kind: "none" });
  });
});
