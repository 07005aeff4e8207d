// Every message's examples against its zod schema; python-pools/tests/contract reads the same files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { check, firstProblem } from "../../schemas/envelope/check.ts";
import { isDspexError } from "../../schemas/errors.ts";
import { collect } from "../../scripts/generate-schemas/collect.ts";

interface Example {
  name: string;
  message: unknown;
  valid: boolean;
  errorPath?: string;
}

const SCHEMAS = join(import.meta.dirname, "..", "..", "schemas");
const FIXTURES = join(SCHEMAS, "fixtures", "messages");

const { schemas } = await collect(SCHEMAS);
const examplesOf = (name: string): Example[] => JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
const messages = schemas.filter(({ file }) => file !== "parts");

test("fixtures - each message has a file, and each file a message", () => {
  assert.deepEqual(readdirSync(FIXTURES).sort(), messages.map(({ fileName }) => `${fileName}.json`).sort());
});

for (const { name, fileName, schema } of messages) {
  const examples = examplesOf(`${fileName}.json`);

  test(`${name} - at least three valid and five invalid examples, each with a name of its own`, () => {
    assert.ok(examples.filter(({ valid }) => valid).length >= 3);
    assert.ok(examples.filter(({ valid }) => !valid).length >= 5);
    assert.equal(new Set(examples.map((example) => example.name)).size, examples.length);
  });

  for (const { name: example, message, valid, errorPath } of examples) {
    test(`${name} - ${example}: ${valid ? "accepted" : `refused at ${errorPath || "the whole"}`}`, () => {
      const parsed = schema.safeParse(message);
      assert.equal(parsed.success, valid, parsed.success ? "accepted" : z.prettifyError(parsed.error));
      if (!parsed.success) assert.equal(firstProblem(parsed.error).path, errorPath);
    });
  }
}

test("check - the error says where in the caller's message the problem is", () => {
  const inner = z.object({ list: z.array(z.int()) });
  assert.throws(
    () => check(inner, { list: [1, "2"] }, "data"),
    (thrown) => isDspexError(thrown) && thrown.code === "invalid_inputs" && thrown.path === "data.list[1]",
  );
  assert.deepEqual(check(inner, { list: [1], later: true }), { list: [1] });
});
