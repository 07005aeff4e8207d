// docs/errors.md lists every code once, with the number, the default and the router's way with it as the code has them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ERROR_CODES, type ErrorCode } from "../../schemas/error-codes.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { makePlan, nextStep } from "../../services/router/plan.ts";
import { readPage, tableRows } from "../kit/doc-blocks.ts";

const rows = tableRows(readPage("docs/errors.md")).flatMap(([code = "", number, retryable, way]) => {
  const name = /^`(\w+)`$/.exec(code)?.[1];
  return name !== undefined && /^\d+$/.test(number ?? "")
    ? [{ name: name as ErrorCode, number, retryable, way }]
    : [];
});

test("docs/errors.md - has every code, in the order of the numbers, and no other", () => {
  const codes = Object.entries(ERROR_CODES).sort(([, a], [, b]) => a.status - b.status);
  assert.deepEqual(
    rows.map(({ name }) => name),
    codes.map(([code]) => code),
  );
});

const first: Implementation = { name: "first", kind: "dspy", pool: "general", module: "Predict" };
const second: Implementation = { name: "second", kind: "plain", prompt: "{{text}}", model: "another" };
const definition: ProgramDefinition = {
  name: "p",
  version: "1",
  signature: {},
  implementations: [first, second],
};

/** What the router does with an error where the plan has both a retry and an implementation elsewhere. */
function routerWay(code: ErrorCode, retryable: boolean): string {
  const next = nextStep(
    makePlan(first, [second]),
    { code, message: "", retryable },
    { definition, failed: "first", attempts: [], blockedForMs: () => 0 },
  );
  switch (next?.step.step) {
    case "retry":
      return "same, then next";
    case "fallback":
      return "next";
    default:
      return "ends";
  }
}

for (const { name: code, number, retryable, way } of rows) {
  test(`docs/errors.md - ${code} is as in the code`, () => {
    const facts = ERROR_CODES[code];
    assert.equal(number, String(facts.status));
    assert.equal(retryable, facts.retryable ? "yes" : "no");
    assert.equal(way, routerWay(code, facts.retryable));
  });
}
