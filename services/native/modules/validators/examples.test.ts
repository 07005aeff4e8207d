// What docs/native-modules.md shows of `dspex/validators`.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Check,
  checkArithmetic,
  checkCitations,
  checkLength,
  checkPii,
  checkQuotes,
  checkSchema,
  checkTable,
  readJson,
  redactPii,
  requireValid,
  validate,
} from "./mod.ts";

describe("the validators of the documentation", () => {
  it("JSON", () => {
    const text = "Sure! ```json\n{'name': 'Ann', 'langs': ['en',],}\n``` Anything else?";
    // #region json
    const found = readJson(text, { want: "object" });
    if (found.ok) {
      found.how; // "repaired"; or "extracted", "whole"
      found.value; // { name: "Ann", langs: ["en"] }
    }
    const schema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
    checkSchema({ age: "30" }, { schema }).problems; // [{ path: "$.age", message: "expected integer, got text" }]
    // #endregion
    assert.deepEqual(found.ok && [found.how, found.value], ["repaired", { name: "Ann", langs: ["en"] }]);
    assert.deepEqual(checkSchema({ age: "30" }, { schema }).problems, [
      { path: "$.age", message: "expected integer, got text" },
    ]);
  });

  it("texts", () => {
    const answer = "Write to ann@example.org: 17 + 25 = 43.";
    // #region texts
    checkLength(answer, { unit: "words", max: 100 }); // { valid: true, problems: [] }
    const { problems } = checkPii(answer, { allow: ["help@example.org"] });
    for (const { span } of problems) if (span) answer.slice(span.start, span.end); // "ann@example.org"
    redactPii(answer); // "Write to [EMAIL]: 17 + 25 = 43."
    checkArithmetic(answer).problems[0]?.message; // "17 + 25 is 42, not 43"
    checkTable("Revenue was $1.2 million.", { values: { revenue: 1_234_567 } }).score; // 1
    // #endregion
    assert.deepEqual(
      problems.map(({ span }) => span && answer.slice(span.start, span.end)),
      ["ann@example.org"],
    );
    assert.equal(redactPii(answer), "Write to [EMAIL]: 17 + 25 = 43.");
    assert.equal(checkArithmetic(answer).problems[0]?.message, "17 + 25 is 42, not 43");
    assert.equal(checkTable("Revenue was $1.2 million.", { values: { revenue: 1_234_567 } }).score, 1);
  });

  it("sources", () => {
    // #region sources
    const sources = ["The cat sat on the mat.", { id: "dogs", text: "Dogs bark at night." }];
    checkQuotes("She said “the cat sat on the roof”.", { sources }).problems[0]?.message;
    // no source says "the cat sat on the roof"
    checkCitations("The cat sat on a mat [1]. Dogs bark at night [dogs]. Birds sing [3].", { sources });
    // { valid: false, score: 0.666…, problems: [{ path: "$", message: "there is no source [3]", span: … }] }
    // #endregion
    assert.equal(
      checkQuotes("She said “the cat sat on the roof”.", { sources }).problems[0]?.message,
      'no source says "the cat sat on the roof"',
    );
    const cited = checkCitations("The cat sat on a mat [1]. Dogs bark at night [dogs]. Birds sing [3].", {
      sources,
    });
    assert.deepEqual([cited.score, cited.problems.length], [2 / 3, 1]);
  });

  it("data", () => {
    const reply = { answer: "17 + 25 = 42", contact: "ann@example.org" };
    // #region data
    const check: Check = {
      check: "all",
      of: [
        { check: "at", path: "answer", of: { check: "arithmetic" } },
        {
          check: "at",
          path: "contact",
          of: {
            check: "any",
            of: [
              { check: "format", format: "url" },
              { check: "format", format: "email" },
            ],
          },
        },
      ],
    };
    validate(reply, check); // { valid: true, score: 1, problems: [] }
    const outputs = requireValid(reply, check); // or throws output_invalid
    // #endregion
    assert.deepEqual(validate(reply, check), { valid: true, score: 1, problems: [] });
    assert.equal(outputs, reply);
    assert.throws(() => requireValid({ ...reply, contact: "Ann" }, check), {
      code: "output_invalid",
      path: "outputs.contact",
      message: '$.contact: expected a URL, got "Ann", and 1 more',
    });
  });
});
