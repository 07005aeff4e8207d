// Fields: `name: type = default "description"`, separated by commas.

import type { Field } from "./ast.ts";
import { compileCheck } from "./check.ts";
import { describeType } from "./describe.ts";
import { parseDefault, parseString } from "./literal-parser.ts";
import { fail, failExpecting, peek, type Scanner, take, takeName, wordAt } from "./scanner.ts";
import { shorten } from "./shorten.ts";
import { parseType } from "./type-parser.ts";

/** DSPy's signature classes use these for themselves. */
const RESERVED = ["fields", "instructions", "signature"];

/** Fields up to `end` (`->`, `}` or "" for the end of the text), which is left to be read. Adds their names to `names`. */
export function parseFields(scanner: Scanner, end: string, names: Set<string>, depth: number): Field[] {
  const fields: Field[] = [];
  do {
    if (fields.length > 0 && comesNext(scanner, end)) break;
    fields.push(parseField(scanner, names, depth));
  } while (take(scanner, ","));
  if (!comesNext(scanner, end)) failExpecting(scanner, `"," or ${end === "" ? "the end" : `"${end}"`}`);
  return fields;
}

function comesNext(scanner: Scanner, end: string): boolean {
  const next = peek(scanner);
  return end === "" ? next === "" : scanner.text.startsWith(end, scanner.at);
}

function parseField(scanner: Scanner, names: Set<string>, depth: number): Field {
  const name = takeName(scanner);
  const at = scanner.at - name.length;
  if (name === "") {
    const word = wordAt(scanner.text, at);
    if (!/^[0-9_.]/.test(word)) failExpecting(scanner, "a field name");
    fail(scanner, `a field name starts with a letter, got "${shorten(word)}"`, at, word);
  }
  if (RESERVED.includes(name)) fail(scanner, `reserved field name "${name}"`, at, name);
  if (names.has(name)) fail(scanner, `duplicate field name "${shorten(name)}"`, at, name);
  names.add(name);

  const field: Field = {
    name,
    type: take(scanner, ":") ? parseType(scanner, depth, parseFields) : { kind: "str" },
  };
  if (take(scanner, "=")) {
    const { value, at: defaultAt, word } = parseDefault(scanner);
    if (!compileCheck(field.type).fits(value)) {
      const message = `default ${shorten(word)} does not fit "${shorten(name)}", which is ${describeType(field.type)},`;
      fail(scanner, message, defaultAt, word);
    }
    field.default = value;
  }
  const next = peek(scanner);
  if (next === '"' || next === "'") field.description = parseString(scanner);
  return field;
}
