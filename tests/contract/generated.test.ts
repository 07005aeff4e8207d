// What is generated from `schemas/` is what lies on disk.

import assert from "node:assert/strict";
import { test } from "node:test";
import { generate, stale } from "../../scripts/generate-schemas.ts";

test("generated files - fresh", async () => {
  assert.deepEqual(stale(await generate()), [], "run `node scripts/generate-schemas.ts`");
});

test("generated files - a changed, a missing and a left-over one are noticed", async () => {
  const files = await generate();
  const [first, second] = [...files.keys()] as [string, string];
  files.set(first, `${files.get(first)} `);
  files.delete(second);
  files.set("schemas/generated/json-schema/unheard-of.json", "{}");
  assert.deepEqual(
    stale(files).sort(),
    [first, second, "schemas/generated/json-schema/unheard-of.json"].sort(),
  );
});
