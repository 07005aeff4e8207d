// What the chunks of one attempt have said of each output, so that in the end they say exactly what the result does:
// what is missing is added, and where they have said something else they start over. Pure.

import { canonicalJson, parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import type { WireValues } from "../../schemas/signature/mod.ts";
import { type FieldPiece, JsonFields } from "./adapters/json-fields.ts";

/** Characters of one chunk; each may take six bytes in JSON. */
export const MAX_CHUNK_TEXT = 65_536;

interface Written {
  text: string;
  isJson: boolean;
}

/** White space and half a pair of surrogates: said only when more follows, since results end without them. */
const MAY_BE_CUT = /[\s\ud800-\udbff]+$/;

export class WrittenOutputs {
  readonly #byField = new Map<string, Written>();
  readonly #held = new Map<string, string>();

  /** What of a piece is to be said now. */
  add({ field, text, json }: FieldPiece): FieldPiece | undefined {
    const all = `${this.#held.get(field) ?? ""}${text}`;
    const cutAt = json === true ? -1 : all.search(MAY_BE_CUT);
    const said = cutAt === -1 ? all : all.slice(0, cutAt);
    this.#held.set(field, all.slice(said.length));
    if (said === "") return undefined;
    const written = this.#byField.get(field) ?? { text: "", isJson: json === true };
    written.text += said;
    this.#byField.set(field, written);
    return { field, text: said, ...(json === true && { json }) };
  }

  /** What is said so far is void. */
  clear(): void {
    this.#byField.clear();
    this.#held.clear();
  }

  /** What is left to be said of these outputs; undefined where all of it must be said anew. */
  missing(outputs: WireValues): FieldPiece[] | undefined {
    const pieces: FieldPiece[] = [];
    for (const field of this.#byField.keys()) if (outputs[field] === undefined) return undefined;
    for (const [field, value] of Object.entries(outputs)) {
      const written = this.#byField.get(field);
      if (written === undefined) pieces.push(...wholePieces({ [field]: value }));
      else if (written.isJson) {
        if (!isSameJson(written.text, value)) return undefined;
      } else if (typeof value !== "string" || !value.startsWith(written.text)) return undefined;
      else if (value.length > written.text.length)
        pieces.push({ field, text: value.slice(written.text.length) });
    }
    return pieces;
  }
}

/** Outputs as they are said at once. */
export function wholePieces(outputs: WireValues): FieldPiece[] {
  return Object.entries(outputs).flatMap(([field, value]) => {
    if (value === undefined) return [];
    return typeof value === "string" ? [{ field, text: value }] : jsonPieces(field, stringifyJson(value));
  });
}

/** Cut where JSON may be cut. */
function jsonPieces(field: string, text: string): FieldPiece[] {
  if (text.length <= MAX_CHUNK_TEXT) return [{ field, text, json: true }];
  const fields = new JsonFields([{ name: "value", type: { kind: "any" } }]);
  fields.feed('{"value":');
  const pieces: FieldPiece[] = [];
  for (let at = 0; at < text.length; at += MAX_CHUNK_TEXT)
    pieces.push(...fields.feed(text.slice(at, at + MAX_CHUNK_TEXT)));
  return pieces.map((piece) => ({ ...piece, field }));
}

function isSameJson(text: string, value: unknown): boolean {
  try {
    return canonicalJson(parseJson(text)) === canonicalJson(value);
  } catch {
    return false; // it broke off
  }
}
