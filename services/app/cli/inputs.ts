// Pure: a program's inputs from what was typed after its name.
//
//   '{"question": "…"}'   the whole object        field=text      a string
//   -                     the object from stdin   field:=json     a number, list, boolean, object
//                                                 field=@file     a file's text

import { parseJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";

/** What is not typed but read. */
export interface InputReader {
  standardInput(): string;
  file(path: string): string;
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)(:?=)([\s\S]*)$/;

/** @throws DspexError `invalid_inputs` quoting the argument that is none. */
export function parseInputs(words: readonly string[], reader: InputReader): Record<string, unknown> {
  const [first] = words;
  if (words.length === 1 && first === "-") return object(reader.standardInput(), "standard input");
  if (words.length === 1 && first?.trimStart().startsWith("{") === true) return object(first, "the inputs");
  const inputs: Record<string, unknown> = {};
  for (const word of words) {
    const match = ASSIGNMENT.exec(word);
    if (match === null) {
      throw new DspexError(
        "invalid_inputs",
        `${JSON.stringify(word)} is no input: write field=text, field:=json, field=@file, or one JSON object`,
      );
    }
    const [, field, sign, value] = match as unknown as [string, string, string, string];
    if (Object.hasOwn(inputs, field))
      throw new DspexError("invalid_inputs", `input "${field}" is given twice`);
    if (sign === ":=") inputs[field] = json(value, `input "${field}"`);
    else inputs[field] = value.startsWith("@") ? reader.file(value.slice(1)) : value;
  }
  return inputs;
}

function object(text: string, what: string): Record<string, unknown> {
  const value = json(text, what);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DspexError("invalid_inputs", `${what}: expected a JSON object`);
  return value as Record<string, unknown>;
}

function json(text: string, what: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DspexError("invalid_inputs", `${what} is no JSON: ${why}`, { cause });
  }
}
