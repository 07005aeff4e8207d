// Values of variables from what was typed: `name=value`, read as the variable's kind has it. Pure.

import { parseJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import type { VariableKind } from "../../../../schemas/messages/variable-event.ts";
import type { InputReader } from "../inputs.ts";

const ASSIGNMENT = /^([A-Za-z][A-Za-z0-9_]*)=([\s\S]*)$/;

/** @throws DspexError `invalid_inputs` quoting what cannot be read. */
export async function parseAssignments(
  words: readonly string[],
  reader: Pick<InputReader, "file">,
  kindOf: (name: string) => Promise<VariableKind>,
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const word of words) {
    const [, name, typed] = ASSIGNMENT.exec(word) ?? [];
    if (name === undefined || typed === undefined)
      throw new DspexError("invalid_inputs", `${JSON.stringify(word)} is no assignment: write name=value`);
    if (Object.hasOwn(values, name)) throw new DspexError("invalid_inputs", `"${name}" is given twice`);
    const text = typed.startsWith("@") ? reader.file(typed.slice(1)) : typed;
    values[name] = readAs(await kindOf(name), name, text);
  }
  return values;
}

function readAs(kind: VariableKind, name: string, text: string): unknown {
  switch (kind) {
    case "string":
    case "prompt":
    case "module":
      return text;
    case "choice":
      // A word is a text, and what looks like a number or a boolean is one.
      return /^(true|false|-?\d+(\.\d+)?([eE][+-]?\d+)?|".*")$/s.test(text) ? json(name, text) : text;
    default:
      return json(name, text);
  }
}

function json(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DspexError("invalid_inputs", `${name}: ${JSON.stringify(text.slice(0, 80))} is no value`, {
      path: `values.${name}`,
      cause,
    });
  }
}
