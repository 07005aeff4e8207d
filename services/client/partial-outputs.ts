// The outputs as far as a stream has told them. Each beginning is a value of the beginning of the signature: texts grow,
// lists and objects gain members, and what is half there (a number, a label, a date) is not there yet.

import { parseJson } from "../../schemas/envelope/json.ts";
import { JsonEnd } from "./partial-json.ts";
import type { StreamChunk } from "./stream.ts";

/** Every member of it may still be missing. */
export type DeepPartial<Value> = Value extends
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | Uint8Array
  ? Value
  : Value extends readonly (infer Item)[]
    ? DeepPartial<Item>[]
    : Value extends object
      ? { [Key in keyof Value]?: DeepPartial<Value[Key]> }
      : Value;

interface SoFar {
  text: string;
  /** Of JSON. */
  end?: JsonEnd;
  value: unknown;
  parsedLength: number;
  /** Of JSON: what was parsed last. */
  closed: string;
}

/** A long JSON is looked at again when it has grown by a 64th, so that all looks together stay in proportion to it. */
const GROWTH = 64;

export class PartialOutputs {
  readonly #fields = new Map<string, SoFar>();
  /** What came last is not whole, and what follows would be put in the wrong place. */
  #hasGap = false;

  /** Whether the outputs have changed. */
  add({ field, text, json, restarted, gap, final, position }: StreamChunk): boolean {
    if (restarted === true) {
      this.#fields.clear();
      this.#hasGap = false;
    }
    // The result's outputs are whole, whatever is gone.
    if (gap === true && !position.startsWith("result.")) this.#hasGap = true;
    if (this.#hasGap) return false;
    const changed = field !== undefined && this.#grow(field, text, json === true);
    const completed = final === true && this.#parseRest();
    return changed || completed;
  }

  value(): Record<string, unknown> {
    const known = [...this.#fields].filter(([, { value }]) => value !== undefined);
    return Object.fromEntries(known.map(([name, { value }]) => [name, value]));
  }

  #grow(name: string, text: string, isJson: boolean): boolean {
    let field = this.#fields.get(name);
    if (field === undefined) {
      field = {
        text: "",
        value: undefined,
        parsedLength: 0,
        closed: "",
        ...(isJson && { end: new JsonEnd() }),
      };
      this.#fields.set(name, field);
    }
    field.text += text;
    if (field.end === undefined) {
      field.value = field.text;
      return true;
    }
    field.end.add(text);
    const grown = field.text.length - field.parsedLength;
    if (field.end.closing !== "" && grown < field.text.length / GROWTH) return false;
    return parse(field);
  }

  #parseRest(): boolean {
    const left = [...this.#fields.values()].filter(
      ({ end, parsedLength, text }) => end !== undefined && parsedLength < text.length,
    );
    return left.map(parse).includes(true);
  }
}

/** Whether it says something else than before: a bracket that closes, or only ends what is open, says nothing new. */
function parse(field: SoFar): boolean {
  field.parsedLength = field.text.length;
  // In a text that is open, white space at the end counts.
  const text = field.end?.isInString === true ? field.text : field.text.trimEnd();
  const closed = text + (field.end?.closing ?? "");
  if (closed === field.closed) return false;
  field.closed = closed;
  try {
    field.value = parseJson(closed);
    return true;
  } catch {
    // A model may write what is no value of ours: its attempt fails, and another one starts over.
    return false;
  }
}
