import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parseJson } from "../../../schemas/envelope/json.ts";
import { pipelineDefinitionSchema } from "../../../schemas/messages/pipeline-definition.ts";
import { SHARED_CASES } from "./shared-cases.ts";

const expected = parseJson(
  readFileSync(new URL("../../../schemas/fixtures/pipelines.json", import.meta.url)),
) as Record<string, unknown>;

test("shared cases - are those of the fixture", () => {
  assert.deepEqual(Object.keys(SHARED_CASES), Object.keys(expected));
});

for (const [name, definition] of Object.entries(SHARED_CASES)) {
  test(`${name} - is what the fixture says`, () => {
    assert.deepEqual(definition, expected[name]);
    assert.deepEqual(pipelineDefinitionSchema.parse(definition), definition);
  });
}
