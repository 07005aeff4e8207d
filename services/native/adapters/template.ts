// Prompt templates: `{{field}}` stands for an input. Pure.

import { stringifyJson } from "../../../schemas/envelope/json.ts";
import type { Signature, WireValues } from "../../../schemas/signature/mod.ts";

const PLACE = /\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}/g;
/** Also what the templates of modules/templates would compute: here it would reach the model as it stands. */
const WANTED = /\{\{\s*(-?\s*[A-Za-z][A-Za-z0-9_]*\s*(?:[|.[-][^{}]*)?)\}\}/g;

/** Every place filled; an absent input is nothing. */
export function fillTemplate(template: string, inputs: WireValues): string {
  return template.replace(PLACE, (_, name: string) => textOf(inputs[name]));
}

/** What stands in places and is no input of the signature: a misspelt one would leave a hole in every prompt. */
export function unknownPlaces(template: string, signature: Signature): string[] {
  const known = new Set(signature.inputs.map(({ name }) => name));
  const named = [...template.matchAll(WANTED)].map(([, wanted]) => wanted?.trim() ?? "");
  return [...new Set(named)].filter((name) => !known.has(name));
}

/** Text as it is, everything else as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : stringifyJson(value);
}
