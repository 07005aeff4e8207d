// Each partial is the beginning of a value of the signature, and the last one is the value.

import assert from "node:assert/strict";
import { it } from "node:test";
import { canonicalJson, parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { signatures, valuesOf } from "../../schemas/signature/arbitraries.ts";
import {
  decodeOutputs,
  decodePartialOutputs,
  encodeOutputs,
  signature,
  validateOutputs,
} from "../../schemas/signature/mod.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { JsonFields } from "../native/adapters/json-fields.ts";
import { type DeepPartial, PartialOutputs } from "./partial-outputs.ts";
import type { StreamChunk } from "./stream.ts";

const HEAD = { id: "u.c.1", attempt: 1, delivery: 1, index: 0, position: "1.1.0" };

function chunk(more: Partial<StreamChunk>): StreamChunk {
  return { ...HEAD, text: "", ...more };
}

it("texts and objects - grow, a bracket that only closes says nothing new", () => {
  const outputs = new PartialOutputs();
  const said: [string, boolean][] = [
    ['[{"name":"A', true],
    ["da", true],
    ['"', false],
    [', "age": 36', true],
    ["}", false],
    ["]", false],
  ];
  for (const [text, changes] of said)
    assert.equal(outputs.add(chunk({ field: "people", text, json: true })), changes, text);
  assert.equal(outputs.add(chunk({ field: "note", text: "ok" })), true);
  assert.equal(outputs.add(chunk({ final: true })), false);
  assert.deepEqual(outputs.value(), { people: [{ name: "Ada", age: 36 }], note: "ok" });
});

it("a restart - forgets, a gap waits for one, or for the result's outputs", () => {
  const outputs = new PartialOutputs();
  outputs.add(chunk({ field: "a", text: "old" }));
  assert.equal(outputs.add(chunk({ field: "a", text: "hole", gap: true })), false);
  assert.equal(outputs.add(chunk({ field: "a", text: "more" })), false);
  assert.deepEqual(outputs.value(), { a: "old" });
  assert.equal(outputs.add(chunk({ field: "a", text: "new", restarted: true })), true);
  assert.deepEqual(outputs.value(), { a: "new" });
  outputs.add(chunk({ field: "a", text: "hole", gap: true }));
  const all = { field: "a", text: "all", restarted: true, gap: true, position: "result.0" } as const;
  assert.equal(outputs.add(chunk(all)), true);
  assert.deepEqual(outputs.value(), { a: "all" });
});

it("what is no value of ours - leaves the outputs as they were", () => {
  const outputs = new PartialOutputs();
  outputs.add(chunk({ field: "a", text: '{"x":1', json: true }));
  assert.equal(outputs.add(chunk({ field: "a", text: ',"__proto__":1', json: true })), false);
  assert.deepEqual(outputs.value(), { a: { x: 1 } });
});

it("a long list in many pieces - is looked at in proportion to its length", () => {
  const outputs = new PartialOutputs();
  let looks = 0;
  for (let n = 0; n < 20_000; n++)
    if (outputs.add(chunk({ field: "n", text: n === 0 ? "[0" : `,${n}`, json: true }))) looks++;
  assert.ok(looks > 64 && looks < 1_000, `${looks} looks`);
  outputs.add(chunk({ final: true }));
  assert.equal((outputs.value().n as number[]).length, 20_000);
});

it("types - every member may be missing", () => {
  const typed = signature(
    "q: str -> people: list[{name: str, born: date | None}], when: datetime, data: bytes",
  );
  type Out = NonNullable<typeof typed.types>["outputs"];
  const partial: DeepPartial<Out> = { people: [{}, { name: "A" }], when: new Date(0) };
  assert.ok(partial.data === undefined);
});

it("any outputs, cut anywhere - each partial is a beginning, the last is all, with the program's types", () => {
  const cases = signatures.chain((ast) =>
    fc.record({ ast: fc.constant(ast), values: valuesOf(ast.outputs), size: fc.integer({ min: 1, max: 9 }) }),
  );
  fc.assert(
    fc.property(cases, ({ ast, values, size }) => {
      // As results are: with their defaults.
      const validated = validateOutputs(ast, encodeOutputs(ast, values));
      const wire = validated.ok ? validated.value : {};
      const text = stringifyJson(wire);
      const fields = new JsonFields(ast.outputs);
      const outputs = new PartialOutputs();
      for (let at = 0; at < text.length; at += size) {
        for (const piece of fields.feed(text.slice(at, at + size))) {
          outputs.add(chunk(piece));
          assert.ok(isBeginning(outputs.value(), wire));
          decodePartialOutputs(ast, outputs.value());
        }
      }
      outputs.add(chunk({ final: true }));
      // An empty text has no pieces.
      const shown = Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== ""));
      assert.equal(canonicalJson(outputs.value()), canonicalJson(shown));
      const whole = decodeOutputs(ast, parseJson(text));
      for (const [name, value] of Object.entries(decodePartialOutputs(ast, outputs.value())))
        assert.deepEqual(withoutNulls(value), withoutNulls(whole[name]));
    }),
    { numRuns: 150 },
  );
});

/** What is absent where it may be is null in whole values. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null || value.constructor !== Object) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

function isBeginning(part: unknown, whole: unknown): boolean {
  if (typeof part === "string" && typeof whole === "string") return whole.startsWith(part);
  if (Array.isArray(part) && Array.isArray(whole))
    return part.length <= whole.length && part.every((item, n) => isBeginning(item, whole[n]));
  if (typeof part === "object" && part !== null && typeof whole === "object" && whole !== null)
    return Object.entries(part).every(([name, value]) =>
      isBeginning(value, (whole as Record<string, unknown>)[name]),
    );
  return canonicalJson(part) === canonicalJson(whole);
}
