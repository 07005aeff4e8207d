// Values on their whole way: TypeScript, wire, a real Python pool that decodes and encodes them, wire, TypeScript.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { signatures, valuesOf } from "../../schemas/signature/arbitraries.ts";
import type { Field, Signature, Type } from "../../schemas/signature/ast.ts";
import {
  decodeInputs,
  encodeInputs,
  formatSignature,
  signature,
  signatureFromAst,
} from "../../schemas/signature/mod.ts";
import { apiSubject } from "../../schemas/subjects.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { fc } from "../kit/fast-check.ts";
import { type RunningSystem, startSystem } from "./running-system.ts";

const CONFIG = fileURLToPath(new URL("./values-app/dspex.config.ts", import.meta.url));
const RUNS = 300;
/** A machine that is slower than usual does fewer. */
const RUNS_MS = 20_000;
const PYTHON = [{ name: "echo", kind: "python", pool: "general", entry: "echo" }] as const;

let system: RunningSystem;
let dspex: Dspex;

before(async () => {
  system = await startSystem({ arguments: ["--config", CONFIG] });
  dspex = await system.client();
});
after(async () => {
  await system?.[Symbol.asyncDispose]();
});

/** A program whose outputs are its inputs under other names, and values for it. */
const echoes = signatures
  .map(mirrored)
  .filter(({ inputs, outputs }) => {
    const names = new Set([...inputs, ...outputs].map(({ name }) => name));
    return names.size === inputs.length + outputs.length;
  })
  .chain((ast) =>
    valuesOf(ast.inputs).map((values) => {
      const outputs = ast.outputs.map(({ name }) => name);
      const fitting = ast.inputs
        .filter(({ name }) => values[name] !== undefined)
        .map(({ name, type }) => [name, inOneForm(type, values[name], outputs)]);
      return { ast, values: Object.fromEntries(fitting) as Record<string, unknown> };
    }),
  );

function mirrored({ inputs }: Signature): Signature {
  return { inputs, outputs: inputs.map((field, at) => ({ ...field, name: outputName(field, at) })) };
}

function outputName({ name }: Field, at: number): string {
  return `out${at}_${name}`;
}

/**
 * The same values in the one form that comes back: clocks without zeros at the end; a conversation's turns with outputs
 * that are named as the program's are, for by those names Python tells them from inputs.
 */
function inOneForm(type: Type, value: unknown, outputs: readonly string[]): unknown {
  const inner = (of: Type) => (member: unknown) => inOneForm(of, member, outputs);
  if (value === null) return null;
  switch (type.kind) {
    case "optional":
      return inner(type.of)(value);
    case "list":
      return (value as unknown[]).map(inner(type.items));
    case "dict":
      return mapMembers(value, (_, member) => inner(type.values)(member));
    case "object": {
      const types = new Map(type.fields.map((field) => [field.name, field.type]));
      return mapMembers(value, (name, member) =>
        member === undefined ? undefined : inner(types.get(name) as Type)(member),
      );
    }
    case "time":
      return (value as string).replace(/\.?0*$/, "");
    case "history":
      return (value as { inputs: object; outputs: object }[]).map((turn) => ({
        inputs: Object.fromEntries(Object.entries(turn.inputs).filter(([name]) => !outputs.includes(name))),
        outputs: Object.fromEntries(
          Object.values(turn.outputs)
            .slice(0, outputs.length)
            .map((member, at) => [outputs[at], member]),
        ),
      }));
    default:
      return value;
  }
}

function mapMembers(value: unknown, map: (name: string, member: unknown) => unknown): object {
  const members = Object.entries(value as object);
  return Object.fromEntries(members.map(([name, member]) => [name, map(name, member)]));
}

let programs = 0;

/** Registers an echo with this signature and calls it; returns its outputs under the names of the inputs. */
async function roundTrip(ast: Signature, values: Record<string, unknown>): Promise<Record<string, unknown>> {
  const name = `echo-${++programs}`;
  await dspex.register({ name, signature: formatSignature(ast), implementations: [...PYTHON] });
  const outputs = await dspex.program(name, signatureFromAst(ast))(values);
  return Object.fromEntries(ast.inputs.map((field, at) => [field.name, outputs[outputName(field, at)]]));
}

test("values of random signatures - come back from Python as they were", async (t) => {
  const kinds = new Map<string, number>();
  const begun = performance.now();
  await fc.assert(
    fc.asyncProperty(echoes, async ({ ast, values }) => {
      for (const { type } of ast.inputs) count(type, kinds);
      // What a receiver in TypeScript gets: absent fields filled in, -0 as the 0 that JSON makes of it.
      const sent = decodeInputs(ast, parseJson(stringifyJson(encodeInputs(ast, values))));
      assert.deepEqual(await roundTrip(ast, values), sent);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: RUNS_MS },
  );
  const tookMs = performance.now() - begun;
  t.diagnostic(`${programs} runs in ${Math.round(tookMs)} ms: ${JSON.stringify(Object.fromEntries(kinds))}`);
  // A slow machine may not come to the rarest ones.
  if (programs >= RUNS) assert.equal(kinds.size, 16);
});

function count(type: Type, kinds: Map<string, number>): void {
  kinds.set(type.kind, (kinds.get(type.kind) ?? 0) + 1);
  if (type.kind === "optional") count(type.of, kinds);
  if (type.kind === "list") count(type.items, kinds);
  if (type.kind === "dict") count(type.values, kinds);
  if (type.kind === "object") for (const field of type.fields) count(field.type, kinds);
}

const MIRROR = (text: string) => mirrored(signature(`${text} -> ignored: str` as string).ast);
const exact: [what: string, type: string, value: unknown][] = [
  ["an integer of 200 digits", "int", 10n ** 200n + 7n],
  ["the largest safe integer and the next", "list[int]", [2 ** 53 - 1, 2n ** 53n, -(2n ** 53n) - 1n]],
  ["NaN and the infinities", "list[float(allow_inf_nan=true)]", [Number.NaN, Infinity, -Infinity, 0.5]],
  ["the ends of the doubles", "list[float]", [Number.MAX_VALUE, Number.MIN_VALUE, -1e-300, 0.1 + 0.2]],
  ["text of every plane", "str", "é 漢 😀 \u0000 \u2028 \uffff e\u0301"],
  ["nothing of everything", "{t: str, l: list[int], d: dict[str, int]}", { t: "", l: [], d: {} }],
  ["bytes", "bytes", Uint8Array.from([0, 127, 128, 255])],
  ["no bytes", "bytes", new Uint8Array()],
  ["names that JavaScript knows", "dict[str, int]", { constructor: 1, toString: 2, "": 3 }],
  ["the first day and the last", "list[date]", ["0001-01-01", "9999-12-31"]],
  ["a leap day at its last millisecond", "datetime", new Date("2024-02-29T23:59:59.999Z")],
  ["microseconds of a clock", "time", "23:59:59.000001"],
  ["an image by URL", "Image", { url: "data:image/png;base64,AA==" }],
  ["a text that travels by the object bucket", "str", "é".repeat(200_000)],
  ["literals that look alike", "list[Literal['1', 1, True, None, '']]", ["1", 1, true, null, ""]],
  ["deep nesting", "list[list[dict[str, {a: list[int | None]}]]]", [[{ x: { a: [1, null] } }], []]],
];

for (const [what, type, value] of exact) {
  test(`${what} - comes back from Python as it was`, async () => {
    assert.deepEqual(await roundTrip(MIRROR(`v: ${type}`), { v: value }), { v: value });
  });
}

test("an image in the bucket - comes back with its bytes in the URL", async () => {
  const bytes = Buffer.from("no real image");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const about = { sizeBytes: bytes.length, sha256, contentType: "image/png" };
  const { upload } = (await api("object.put", JSON.stringify(about))) as { upload: string };
  const { $ref: ref } = (await api(`object.put.${upload}.0`, bytes)) as { $ref: object };
  const ast = MIRROR("v: Image");
  const url = `data:image/png;base64,${bytes.toString("base64")}`;
  assert.deepEqual(await roundTrip(ast, { v: { ref } }), { v: { url } });
  const nobodys = { ...ref, key: "local/nothing" };
  await assert.rejects(roundTrip(ast, { v: { ref: nobodys } }), { code: "gone", path: "inputs.v" });
});

async function api(verb: string, body: string | Uint8Array): Promise<unknown> {
  const answer = await dspex.connection.request(apiSubject("local", verb), body, { timeout: 20_000 });
  return parseJson(answer.data);
}

test("what is absent - comes back as null, or as its default", async () => {
  const ast = MIRROR(
    "maybe: str | None, n: int = 7, day: date = '2026-11-24', nan: float(allow_inf_nan=true) = 'NaN'",
  );
  const filled = { maybe: null, n: 7, day: "2026-11-24", nan: Number.NaN };
  assert.deepEqual(await roundTrip(ast, {}), filled);
});

test("an instant with another offset - is the same instant", async () => {
  const { v } = await roundTrip(MIRROR("v: datetime"), { v: "2026-11-24T10:30:00.123456+05:30" });
  assert.deepEqual(v, new Date("2026-11-24T05:00:00.123Z"));
});

test("values in Python - are Python's own", async () => {
  const { kinds } = await dspex.program("kinds")({
    text: "é",
    whole: 2n ** 70n,
    real: 0.5,
    yes: true,
    raw: { $bytes: "AA==" },
    day: "2026-11-24",
    clock: "10:30:00",
    moment: "2026-11-24T10:30:00+01:00",
    items: ["2026-11-24"],
    named: { a: { $bytes: "" } },
    thing: { born: "2000-01-01", tags: [] },
    one: 2,
    other: [1, { a: null }],
    picture: { $image: { url: "https://a.example/b.png" } },
    turns: [{ inputs: { q: "?" }, outputs: { kinds: {} } }],
  });
  assert.deepEqual(kinds, {
    text: "str",
    whole: "int",
    real: "float",
    yes: "bool",
    raw: "bytes",
    day: "date",
    clock: "time",
    moment: "datetime 1:00:00",
    items: "list[date]",
    named: "dict[a: bytes]",
    thing: "dict[born: date, tags: list[]]",
    one: "int",
    maybe: "NoneType",
    other: "list[int, dict[a: NoneType]]",
    picture: "Image",
    turns: "History",
  });
});

/** `wire`: the same value as a stranger would send it; what is no JSON at all is found in the text, not in a field. */
const refused: [what: string, type: string, value: unknown, wire: string, path: string, inText?: string][] = [
  ["a lone surrogate", "list[str]", ["ok", "\ud800"], '["ok", "\\ud800"]', "inputs.v[1]", '$["v"][1]'],
  [
    "a lone surrogate in a name",
    "dict[str, int]",
    { "\udc00": 1 },
    '{"\\udc00": 1}',
    "inputs.v",
    '$["v"]["\\udc00"]',
  ],
  ["a lone surrogate in Any", "Any", { a: "\ud800" }, '{"a": "\\ud800"}', "inputs.v", '$["v"]["a"]'],
  ["NaN", "{a: float}", { a: Number.NaN }, '{"a": "NaN"}', "inputs.v.a"],
  ["infinity", "float", Infinity, '"Infinity"', "inputs.v"],
  ["an integer with a fraction", "list[int]", [1, 1.5], "[1, 1.5]", "inputs.v[1]"],
  ["a naive datetime", "list[datetime]", ["2026-11-24T10:30:00"], '["2026-11-24T10:30:00"]', "inputs.v[0]"],
  ["a day that there is not", "date", "2026-02-29", '"2026-02-29"', "inputs.v"],
  ["bytes that are none", "bytes", "AA==", '{"$bytes": "AA="}', "inputs.v"],
  ["another literal", "Literal['a', 1]", "1", '"1"', "inputs.v"],
  ["null where none may be", "{a: str}", { a: null }, '{"a": null}', "inputs.v.a"],
  ["a member too many", "{a: str}", { a: "", b: 1 }, '{"a": "", "b": 1}', "inputs.v.b"],
  [
    "an image by another protocol",
    "Image",
    { url: "file:///etc/passwd" },
    '{"$image": {"url": "file:///x"}}',
    "inputs.v",
  ],
  ["a turn without outputs", "History", [{ inputs: {} }], '[{"inputs": {}}]', "inputs.v"],
];

for (const [what, type, value, wire, path, inText = path] of refused) {
  test(`${what} - is refused with its path, by the client and by the system`, async () => {
    const ast = MIRROR(`v: ${type}`);
    const begun = programs;
    await assert.rejects(roundTrip(ast, { v: value }), { code: "invalid_inputs", path });
    const error = (await api(`call.echo-${begun + 1}`, `{"v": ${wire}}`)) as { code: string; path: string };
    assert.deepEqual([error.code, error.path], ["invalid_inputs", inText]);
  });
}

test("what Python returns and no output may be - is refused with its path", async () => {
  const paths = {
    "a lone surrogate": "outputs.text",
    "no number": "outputs.real",
    "a naive datetime": "outputs.moment",
    "a text in place of a date": "outputs.items[1]",
  };
  const found = Object.keys(paths).map(async (which) => {
    const run = await dspex.program("wrong").submit({ which });
    const { error } = await run.result();
    assert.equal(error?.code, "output_invalid", which);
    return [which, error?.path];
  });
  assert.deepEqual(Object.fromEntries(await Promise.all(found)), paths);
});
