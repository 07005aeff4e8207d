// Pure: the lines of a data file → examples. `{"inputs": {…}, "outputs": {…}, "split"?}`, or all fields side by side as the
// program's signature names them.

import { parseJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import type { ProgramDefinition } from "../../../../schemas/messages/program-event.ts";
import { parseSignatureJson } from "../../../../schemas/signature/mod.ts";

type Values = Record<string, unknown>;
export interface ExampleRow {
  inputs: Values;
  outputs: Values;
  split?: string;
}

/** @throws DspexError `invalid_inputs` naming the file and the line that cannot be read; for a file without lines. */
export function readRows(
  file: string,
  text: string,
  { signature }: Pick<ProgramDefinition, "signature">,
): ExampleRow[] {
  const { inputs, outputs } = parseSignatureJson(signature);
  const names = { inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };
  const rows = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line, index) =>
      line.trim() === "" ? [] : [readRow(line, `${file}, line ${index + 1}`, names)],
    );
  if (rows.length === 0) throw new DspexError("invalid_inputs", `${file}: there is no data: not one example`);
  return rows;
}

function readRow(line: string, where: string, names: { inputs: string[]; outputs: string[] }): ExampleRow {
  let row: unknown;
  try {
    row = parseJson(line);
  } catch (error) {
    throw new DspexError("invalid_inputs", `${where}: ${(error as Error).message}`);
  }
  if (!isObject(row)) throw new DspexError("invalid_inputs", `${where}: expected an object`);
  const { split } = row;
  if (split !== undefined && typeof split !== "string")
    throw new DspexError("invalid_inputs", `${where}: split is ${JSON.stringify(split)}, expected a text`);
  const marked = split === undefined ? {} : { split };
  if (isObject(row.inputs) && isObject(row.outputs))
    return { inputs: row.inputs, outputs: row.outputs, ...marked };
  const fields = row;
  const missing = [...names.inputs, ...names.outputs].find((name) => !Object.hasOwn(fields, name));
  if (missing !== undefined)
    throw new DspexError(
      "invalid_inputs",
      `${where}: has neither inputs and outputs nor a field "${missing}"`,
    );
  const those = (wanted: string[]) => Object.fromEntries(wanted.map((name) => [name, fields[name]]));
  return { inputs: those(names.inputs), outputs: those(names.outputs), ...marked };
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
