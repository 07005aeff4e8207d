// The pure helpers: waiting times, keys in texts, templates, configured models.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { checkModels, findModel, readModels } from "./models.ts";
import { redact } from "./redact.ts";
import { retryAfterMs } from "./retry-after.ts";
import { fillTemplate, unknownPlaces } from "./template.ts";

describe("retry after", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: [Record<string, string> | undefined, number | undefined][] = [
    [undefined, undefined],
    [{}, undefined],
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.25" }, 250],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
    [{ "retry-after": "Wed, 31 Dec 2025 23:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "9", "retry-after-ms": "120" }, 120],
    [{ "retry-after": "999999" }, 3_600_000],
    [{ "retry-after": "-5" }, 0],
  ];
  for (const [headers, expected] of cases)
    it(`retry after - ${JSON.stringify(headers)}`, () => assert.equal(retryAfterMs(headers, now), expected));
});

describe("redact", () => {
  const cases: [string, readonly string[], string][] = [
    ["key my-own-secret is bad", ["my-own-secret"], "key [redacted] is bad"],
    ["none of it", ["none"], "none of it"],
    ["Authorization: Bearer abc.def-123", [], "Authorization: Bearer [redacted]"],
    ["Incorrect API key provided: sk-proj-abcdef012345", [], "Incorrect API key provided: [redacted]"],
    ["you gave sk-proj-ab*****45", [], "you gave [redacted]"],
    ["GET https://x.org/v1?key=abc123&a=1", [], "GET https://x.org/v1?key=[redacted]&a=1"],
    ["connect to http://me:secret@10.0.0.1/v1", [], "connect to http://[redacted]@10.0.0.1/v1"],
    ["the risk-averse keyboard", [], "the risk-averse keyboard"],
  ];
  for (const [text, secrets, expected] of cases)
    it(`redact - ${text}`, () => assert.equal(redact(text, secrets), expected));
});

describe("template", () => {
  it("template - texts as they are, other values as JSON, absent ones as nothing", () => {
    const inputs = { a: "x $& {{b}}", b: [1, 2n], c: null };
    assert.equal(fillTemplate("{{a}}|{{ b }}|{{c}}|{{d}}|{e}", inputs), "x $& {{b}}|[1,2]|||{e}");
  });
  it("template - places that are no inputs are found", () => {
    const signature = parseSignature("question: str -> answer: str");
    assert.deepEqual(unknownPlaces("{{question}} {{qestion}} {{answer}} {{qestion}}", signature), [
      "qestion",
      "answer",
    ]);
  });
  it("template - what only the templates module computes is no place", () => {
    const signature = parseSignature("question: str, rows: list[str] -> answer: str");
    const source =
      "{{ question | upcase }} {{rows[0]}} {{ rows.size }} {{- rows -}} {{ rows }} {a} {{ 1 }} {{}} {% if question %}";
    assert.deepEqual(unknownPlaces(source, signature), [
      "question | upcase",
      "rows[0]",
      "rows.size",
      "- rows -",
    ]);
  });
});

describe("models", () => {
  const local = { model: "smollm2", baseUrl: "http://127.0.0.1:1/v1" };
  it("models - absent where the variable is", () => assert.equal(readModels({}), undefined));
  it("models - are read with their defaults", () => {
    const models = readModels({ DSPEX_MODELS: JSON.stringify({ default: "local", models: { local } }) });
    assert.equal(findModel(models).model, "smollm2");
    assert.equal(findModel(models, "local").timeoutMs, 60_000);
    assert.equal(findModel(models), findModel(models), "the same object, which connections hang on");
  });
  const wrong: [string, RegExp][] = [
    ["{", /DSPEX_MODELS is not json/],
    ['{"default": "a", "models": {}}', /the default "a" is none of them/],
    ['{"default": "a", "models": {"a": {"model": "m"}}}', /"a" needs a baseUrl/],
    ['{"default": "a", "models": {"a": {"model": "m", "apiKey": "x"}}}', /apiKey.* at models\.a/],
  ];
  for (const [text, message] of wrong)
    it(`models - ${text} is refused`, () =>
      assert.throws(() => readModels({ DSPEX_MODELS: text }), { code: "invalid_inputs", message }));
  it("models - an unknown name is refused with the known ones", () => {
    const models = checkModels({ default: "local", models: { local } });
    assert.throws(() => findModel(models, "toString"), { code: "lm_rejected", message: /there are: local/ });
    assert.throws(() => findModel(undefined), { code: "lm_rejected" });
  });
});
