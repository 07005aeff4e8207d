import assert from "node:assert/strict";
import test from "node:test";
import { fc } from "../../tests/kit/fast-check.ts";
import { parseSignatureJson, signatureSchema } from "./ast-schema.ts";
import { isSignatureError } from "./signature-error.ts";

const str = { kind: "str" };
const outputs = [{ name: "a", type: str }];
function withType(type: unknown): unknown {
  return { inputs: [{ name: "q", type }], outputs };
}

const REFUSED: Record<string, unknown> = {
  "no object": [1],
  "no outputs": { inputs: outputs },
  "empty inputs": { inputs: [], outputs },
  "unknown member": { inputs: [{ name: "q", type: str }], outputs, x: 1 },
  "unknown kind": withType({ kind: "string" }),
  "member of another kind": withType({ kind: "str", ge: 1 }),
  "null instead of absent": withType({ kind: "str", pattern: null }),
  "optional of optional": withType({ kind: "optional", of: { kind: "optional", of: str } }),
  "min above max": withType({ kind: "str", minLength: 2, maxLength: 1 }),
  "fraction as a length": withType({ kind: "list", items: str, minLength: 0.5 }),
  "fraction as an int's bound": withType({ kind: "int", ge: 0.5 }),
  "refused pattern": withType({ kind: "str", pattern: "(?=a)" }),
  "empty literal": withType({ kind: "literal", values: [] }),
  "duplicate literal": withType({ kind: "literal", values: ["a", "a"] }),
  "object without fields": withType({ kind: "object", fields: [] }),
  "allowInfNan false": withType({ kind: "float", allowInfNan: false }),
  "name that is none": { inputs: [{ name: "a b", type: str }], outputs },
  "name that injects a field": { inputs: [{ name: "q: str, r", type: str }], outputs },
  "duplicate name": { inputs: outputs, outputs },
  "default that does not fit": { inputs: [{ name: "q", type: { kind: "int" }, default: "x" }], outputs },
  "default with content": { inputs: [{ name: "q", type: { kind: "any" }, default: { a: 1 } }], outputs },
  "lone surrogate": { inputs: [{ name: "q", type: str, description: "\ud800" }], outputs },
  "too deep": withType(nested(33)),
  "hopelessly deep": withType(nested(100_000)),
};

function nested(depth: number): unknown {
  let type: unknown = str;
  for (let i = 1; i < depth; i++) type = { kind: "list", items: type };
  return type;
}

for (const [name, json] of Object.entries(REFUSED)) {
  test(`AST from JSON - refuses ${name}`, () => {
    assert.equal(signatureSchema.safeParse(json).success, false);
    assert.throws(() => parseSignatureJson(json), isSignatureError);
  });
}

test("AST from JSON - is made as the parser makes it", () => {
  const json = {
    inputs: [{ name: "q", type: { kind: "literal", values: [1e20, -0] }, default: 1e20 }],
    outputs: [{ name: "a", type: nested(32) }],
  };
  const ast = parseSignatureJson(json);
  assert.deepEqual(ast.inputs[0], {
    name: "q",
    type: { kind: "literal", values: [10n ** 20n, 0] },
    default: 10n ** 20n,
  });
  assert.deepEqual(ast.outputs, json.outputs);
});

test("AST from JSON - refuses anything with a SignatureError at most", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.anything().map(withType)), (json) => {
      try {
        parseSignatureJson(json);
      } catch (error) {
        assert.ok(isSignatureError(error), String(error));
      }
    }),
    { numRuns: 300 },
  );
});
