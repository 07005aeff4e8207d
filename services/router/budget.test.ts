import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetExceeded } from "./budget.ts";

const attempts = [
  { usage: { inputTokens: 60, outputTokens: 30, costUsd: 0.02 } },
  {},
  { usage: { inputTokens: 10, outputTokens: 0 } },
];

test("budget - what all attempts used together counts", () => {
  assert.equal(budgetExceeded(undefined, attempts), undefined);
  assert.equal(budgetExceeded({ tokens: 101, usd: 0.03 }, attempts), undefined);
  assert.match(
    budgetExceeded({ tokens: 100 }, attempts)?.message ?? "",
    /used 100 tokens, the budget is 100/,
  );
  assert.match(budgetExceeded({ usd: 0.02 }, attempts)?.message ?? "", /used 0.0200 USD, the budget is 0.02/);
  assert.equal(budgetExceeded({ usd: 0.02 }, attempts)?.code, "budget_exceeded");
});
