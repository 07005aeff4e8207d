// The request hash and both forms of a request against the table that Python reads too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { canonicalJson, parseJson } from "../../schemas/envelope/json.ts";
import { readRequest } from "../../schemas/envelope/request-codec.ts";
import { type Hashed, requestHash } from "../../schemas/envelope/request-hash.ts";

interface Case extends Hashed {
  name: string;
  forms: { headers: Record<string, string>; body: string }[];
  canonical: string;
  hash: string;
}

const path = join(import.meta.dirname, "..", "..", "schemas", "fixtures", "request-hash.json");
const cases = parseJson(readFileSync(path)) as Case[];

for (const { name, program, inputs, options, forms, canonical, hash } of cases) {
  test(`request hash - ${name}`, () => {
    assert.equal(canonicalJson({ program, inputs, options }), canonical);
    assert.equal(requestHash({ program, inputs, options }), hash);
  });

  test(`request hash - ${name}, read from each form`, () => {
    assert.ok(forms.length >= 2);
    for (const { headers, body } of forms) {
      const request = readRequest((header) => headers[header], new TextEncoder().encode(body));
      assert.equal(requestHash({ program, inputs: request.inputs, options: request.options }), hash);
    }
  });
}

test("request hash - different requests, different hashes", () => {
  assert.equal(new Set(cases.map(({ hash }) => hash)).size, cases.length);
});
