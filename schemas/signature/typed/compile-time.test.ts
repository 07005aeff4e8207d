// Runs the compiler on large and on wrong signatures: how much it costs, and what it says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { compileTypes } from "../../../tests/kit/compile-types.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { parseJson } from "../../envelope/json.ts";
import { signatures } from "../arbitraries.ts";
import type { Field, LiteralValue, Signature, Type } from "../ast.ts";
import { formatSignature } from "../format.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const compile = (source: string) => compileTypes(source, "schemas/signature/mod.ts", "signature");

const TYPES = [
  "str",
  "int(ge=0, le=100) = 3",
  "list[str](max_length=3)",
  `Literal["red, or", "green]", 'blue']`,
  "float | None",
  "dict[str, list[float]]",
  `{name: str, born: date | None = None "when", tags: list[str] = []}`,
  "Optional[datetime]",
  `str(pattern="^[a-z)]+$") = "x"`,
];

function large(fieldsOfASide: number): string {
  const side = (prefix: string) =>
    Array.from({ length: fieldsOfASide }, (_, i) => {
      const description = `what ${i} holds: it's a (long), [bracketed], {braced} text -> with # marks and more, so that it has about a hundred letters`;
      return `    ${prefix}_number_${i}: ${TYPES[i % TYPES.length]} "${description}"`;
    }).join(",\n");
  return `\n    "You are given, and you answer."\n${side("given")}\n    ->\n${side("asked")}`;
}

function using(text: string): string {
  return `
    const large = signature(${JSON.stringify(text)});
    export const first: string = large.outputs.decode(null).asked_number_0;
    export const union: "red, or" | "green]" | "blue" = large.outputs.decode(null).asked_number_3;
    export const given: Parameters<typeof large.inputs.encode>[0]["given_number_1"] = 3n;`;
}

test("compiler - thirty fields with descriptions cost little", async () => {
  const empty = await compile("export const nothing = signature;");
  const thirty = await compile(using(large(15)));
  const sixty = await compile(using(large(30)));
  for (const { output } of [empty, thirty, sixty]) assert.doesNotMatch(output, /error TS/);
  const instantiations = thirty.instantiations - empty.instantiations;
  assert.ok(instantiations < 60_000, `${instantiations} instantiations`);
  assert.ok(thirty.checkMs - empty.checkMs < 1_000, `${thirty.checkMs - empty.checkMs} ms`);
  // Twice as many fields cost twice as much, not four times.
  assert.ok(sixty.instantiations - empty.instantiations < 2.5 * instantiations);
});

test("compiler - a text as deep as can be is read", async () => {
  const deep = `${"list[".repeat(31)}str${"]".repeat(31)}`;
  const { output } = await compile(
    `export const made = signature("a: ${deep}, b: {c: {d: {e: {f: int}}}} -> g");`,
  );
  assert.doesNotMatch(output, /error TS/);
});

test("compiler - a wrong text is told by its word", async () => {
  const wrong: [text: string, message: string][] = [
    ["a: strr -> b", "unknown type 'strr', did you mean 'str'?"],
    ["a: List[str] -> b", "unknown type 'List', did you mean 'list'?"],
    ["a -> b: {c: list[number]}", "unknown type 'number', did you mean 'float'?"],
    ["a: zebra -> b", "unknown type 'zebra'"],
    ["a, b", "expected ',' or '->' behind 'b', got the end"],
    ["a -> a", "duplicate field name 'a'"],
  ];
  const { output } = await compile(wrong.map(([text]) => `signature(${JSON.stringify(text)});`).join("\n"));
  const lines = output.split("\n").filter((line) => line.includes("error TS"));
  assert.equal(lines.length, wrong.length, output);
  for (const [i, [text, message]] of wrong.entries()) {
    assert.ok(
      lines[i]?.includes(`'"${text}"' is not assignable to parameter of type '"${message}"'`),
      lines[i],
    );
  }
});

/** What a type is in TypeScript, worked out from the AST, to hold against what the compiler reads from the text. */
function written(type: Type, isGiven: boolean): string {
  switch (type.kind) {
    case "int":
      return isGiven ? "number | bigint" : "number";
    case "float":
      return "number";
    case "bool":
      return "boolean";
    case "bytes":
      return "Uint8Array";
    case "datetime":
      return isGiven ? "Date | string" : "Date";
    case "any":
      return "unknown";
    case "image":
      return "ImageValue";
    case "history":
      return "HistoryValue";
    case "list":
      return `(${written(type.items, isGiven)})[]`;
    case "dict":
      return `Record<string, ${written(type.values, isGiven)}>`;
    case "object":
      return writtenFields(type.fields, isGiven);
    case "literal":
      return type.values.map(writtenLiteral).join(" | ");
    case "optional":
      return `${written(type.of, isGiven)} | null`;
    default:
      return "string";
  }
}

function writtenFields(fields: readonly Field[], isGiven: boolean): string {
  const members = fields.map(({ name, type, default: fallback }) => {
    const mayBeAbsent = isGiven && (fallback !== undefined || type.kind === "optional");
    return `${name}${mayBeAbsent ? "?" : ""}: ${written(type, isGiven)}${mayBeAbsent ? " | undefined" : ""}`;
  });
  return `{ ${members.join("; ")} }`;
}

function writtenLiteral(value: LiteralValue): string {
  if (typeof value === "bigint" || (typeof value === "number" && /e/.test(String(value)))) return "number";
  return JSON.stringify(value);
}

const EQUAL = `
  import type { HistoryValue, ImageValue, InputsOf, OutputsOf } from ${JSON.stringify(join(root, "schemas/signature/mod.ts"))};
  type Equal<L, R> = (<T>() => T extends L ? 1 : 2) extends <T>() => T extends R ? 1 : 2 ? true : false;`;

/** Compiles each text and compares its types with the AST's; the message names the line of the text. */
async function assertSameTypes(examples: readonly { text: string; ast: Signature }[]): Promise<void> {
  const lines = examples.map(({ text, ast }, i) => {
    const literal = JSON.stringify(text);
    const inputs = `Equal<InputsOf<${literal}>, ${writtenFields(ast.inputs, true)}>`;
    const outputs = `Equal<OutputsOf<${literal}>, ${writtenFields(ast.outputs, false)}>`;
    return `signature(${literal}); export const i${i}: ${inputs} = true; export const o${i}: ${outputs} = true;`;
  });
  const { output } = await compile(`${EQUAL}\n${lines.join("\n")}`);
  const wrong = output.split("\n").filter((line) => line.includes("error TS"));
  assert.deepEqual(wrong, [], lines[Number(/fixture\.ts\((\d+)/.exec(wrong[0] ?? "")?.[1]) - 5]);
}

test("compiler - reads every valid fixture as the parser does", async () => {
  const path = join(root, "schemas/fixtures/signatures/valid.json");
  const all = parseJson(readFileSync(path)) as { text: string; ast: Signature }[];
  // Numbers that TypeScript would write otherwise are only known to be numbers.
  await assertSameTypes(all.filter(({ text }) => !/Literal\[[^\]]*(1e3|1\.0)/.test(text)));
});

test("compiler - reads random signatures as the parser does", async () => {
  const asts = fc.sample(signatures, { numRuns: 60, seed: 3 });
  const examples = asts.map((ast) => ({ text: formatSignature(ast), ast }));
  await assertSameTypes(examples.filter(({ text }) => !text.includes("\\u")));
});
