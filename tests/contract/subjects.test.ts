// Subjects and ids against the table that Python's mirror is held to as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as ids from "../../schemas/envelope/ids.ts";
import { isDspexError } from "../../schemas/errors.ts";
import * as subjects from "../../schemas/subjects.ts";

interface Call {
  function: string;
  arguments: unknown[];
  /** null = nothing. */
  returns?: unknown;
  refuses?: true;
}

const path = join(import.meta.dirname, "..", "..", "schemas", "fixtures", "subjects.json");
const table: { constants: Record<string, unknown>; calls: Call[] } = JSON.parse(readFileSync(path, "utf8"));
const exported: Record<string, unknown> = { ...subjects, ...ids };

test("subjects - constants", () => {
  for (const [name, value] of Object.entries(table.constants)) assert.deepEqual(exported[name], value, name);
});

for (const call of table.calls) {
  const outcome = call.refuses ? "refused" : JSON.stringify(call.returns);
  test(`${call.function}(${call.arguments.map((a) => JSON.stringify(a)).join(", ")}) - ${outcome}`, () => {
    const run = () => (exported[call.function] as (...args: unknown[]) => unknown)(...call.arguments);
    if (call.refuses)
      assert.throws(run, (thrown) => isDspexError(thrown) && thrown.code === "invalid_inputs");
    else assert.deepEqual(run() ?? null, call.returns);
  });
}
