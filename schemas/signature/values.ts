// Values of a signature: checked, filled and converted. Compiled once for each AST.
//
//   TypeScript value ──encode──▶ wire value ──validate──▶ wire value with defaults ──decode──▶ TypeScript value

import type { Field, Signature } from "./ast.ts";
import { type Check, type CheckOptions, compileFields, type Found, type Problem } from "./check.ts";
import { type Convert, compileDecode, compileEncode, compilePartialDecode } from "./convert.ts";
import { compileFillFields, type Fill } from "./fill.ts";
import { ValuesError } from "./values-error.ts";

export type WireValues = Record<string, unknown>;
export type Validated = { ok: true; value: WireValues } | { ok: false; problems: Problem[] };

type SideName = "inputs" | "outputs";
interface Side {
  name: SideName;
  check: Check;
  /** Also takes references in place of values. */
  looseCheck: Check;
  fill: Fill | undefined;
  encode: Convert;
  decode: Convert;
  decodePartial: Convert;
}

const compiled = new WeakMap<Signature, { inputs: Side; outputs: Side }>();

/** For signatures whose TypeScript types promise more than the AST says: applied to what is decoded by this AST object. */
export function refineDecode(ast: Signature, refine: { [Name in SideName]: Convert | undefined }): void {
  for (const name of ["inputs", "outputs"] as const) {
    const side = sideOf(ast, name);
    const { decode, decodePartial } = side;
    const further = refine[name];
    if (further === undefined) continue;
    side.decode = (value) => further(decode(value));
    side.decodePartial = (value) => further(decodePartial(value));
  }
}

function sideOf(ast: Signature, name: SideName): Side {
  let sides = compiled.get(ast);
  if (sides === undefined) {
    sides = { inputs: compileSide(ast.inputs, "inputs"), outputs: compileSide(ast.outputs, "outputs") };
    compiled.set(ast, sides);
  }
  return sides[name];
}

function compileSide(fields: readonly Field[], name: SideName): Side {
  return {
    name,
    check: compileFields(fields, {}, true),
    looseCheck: compileFields(fields, { references: true }, true),
    fill: compileFillFields(fields),
    encode: compileEncode(fields),
    decode: compileDecode(fields),
    decodePartial: compilePartialDecode(fields),
  };
}

/** Checks wire values and fills defaults in. Never throws, whatever `wire` is. */
export function validateInputs(ast: Signature, wire: unknown, options: CheckOptions = {}): Validated {
  return validate(sideOf(ast, "inputs"), wire, options);
}

export function validateOutputs(ast: Signature, wire: unknown, options: CheckOptions = {}): Validated {
  return validate(sideOf(ast, "outputs"), wire, options);
}

/** TypeScript values to wire values; throws a `ValuesError` where they do not fit. Defaults are left to the receiver. */
export function encodeInputs(ast: Signature, value: unknown): WireValues {
  return encode(sideOf(ast, "inputs"), value);
}

export function encodeOutputs(ast: Signature, value: unknown): WireValues {
  return encode(sideOf(ast, "outputs"), value);
}

/** Wire values to TypeScript values with all fields present; throws a `ValuesError` where they do not fit. */
export function decodeInputs(ast: Signature, wire: unknown): Record<string, unknown> {
  return decode(sideOf(ast, "inputs"), wire);
}

export function decodeOutputs(ast: Signature, wire: unknown): Record<string, unknown> {
  return decode(sideOf(ast, "outputs"), wire);
}

/**
 * The same for the beginning of outputs, whose texts are cut anywhere and whose other values are whole or absent. Nothing is
 * checked or filled in: that can be told of whole outputs only.
 */
export function decodePartialOutputs(ast: Signature, wire: WireValues): Record<string, unknown> {
  return sideOf(ast, "outputs").decodePartial(wire) as Record<string, unknown>;
}

function validate(side: Side, wire: unknown, options: CheckOptions): Validated {
  const check = options.references === true ? side.looseCheck : side.check;
  if (!check.fits(wire)) return { ok: false, problems: problemsOf(side, check, wire) };
  return { ok: true, value: (side.fill === undefined ? wire : side.fill(wire)) as WireValues };
}

function encode(side: Side, value: unknown): WireValues {
  const wire = side.encode(value);
  refuseMisfit(side, wire);
  return wire as WireValues;
}

function decode(side: Side, wire: unknown): Record<string, unknown> {
  refuseMisfit(side, wire);
  const filled = side.fill === undefined ? wire : side.fill(wire);
  return side.decode(filled) as Record<string, unknown>;
}

function refuseMisfit(side: Side, wire: unknown): void {
  if (side.check.fits(wire)) return;
  const code = side.name === "inputs" ? "invalid_inputs" : "output_invalid";
  throw new ValuesError(code, problemsOf(side, side.check, wire));
}

function problemsOf(side: Side, check: Check, wire: unknown): Problem[] {
  const found: Found = { field: "", problems: [] };
  check.explain(wire, side.name, found);
  return found.problems;
}
