// Follows the JSON of a model's outputs while it is written, and hands on what each output gains: of a string the text
// itself, of any other value pieces of JSON that are cut only where what has come so far ends in whole values.
//
//   {"answer": "Par|is", "people": [{"name": "A|da", "age": 3|6}]}
//      answer "Par"   answer "is"   people [{"name":"A   people da"   people ,"age":36}]
//
// A parser of broken JSON, run over all of it for each token, would take time quadratic in the answer's length, make
// doubles of long numbers, and could not tell a number or a label that is half there from a whole one.

import type { Field, Type } from "../../../schemas/signature/mod.ts";
import { JsonStringReader } from "./json-string.ts";

/** What one output has gained. */
export interface FieldPiece {
  field: string;
  text: string;
  /** `text` is a piece of the output's JSON. */
  json?: true;
}

interface Frame {
  kind: "object" | "list";
  /** Of the value; undefined = anything. */
  type: Type | undefined;
  /** Member that is being read. */
  key: string;
}

type State =
  | "preamble"
  | "before-key"
  | "key"
  | "colon"
  | "before-value"
  | "string"
  | "atom"
  | "after-value"
  | "end";

const MAX_DEPTH = 64;
const SPACE = new Set([" ", "\n", "\r", "\t"]);
const ENDS_ATOM = new Set([",", "}", "]", ...SPACE]);
/** Given whole: half of such an object says nothing. */
const WHOLE_KINDS = new Set<Type["kind"]>(["bytes", "image"]);

export class JsonFields {
  readonly #outputs: ReadonlyMap<string, Type>;
  readonly #frames: Frame[] = [];
  readonly #string = new JsonStringReader();
  #state: State = "preamble";
  /** Output that is being read; undefined between outputs and in members that are none. */
  #field: string | undefined;
  /** The output's value is a string: its text is handed on. */
  #isText = false;
  /** The string that is being read may be cut anywhere. */
  #isFree = false;
  /** Frames at which a value began that is given whole. */
  #wholeFrom = Number.POSITIVE_INFINITY;
  /** JSON that is not handed on yet: what comes next may be a half of something. */
  #held = "";
  #ready = "";
  #pieces: FieldPiece[] = [];

  constructor(outputs: readonly Field[]) {
    this.#outputs = new Map(outputs.map(({ name, type }) => [name, type]));
  }

  feed(text: string): FieldPiece[] {
    for (const character of text) this.#step(character);
    this.#handOn();
    return this.#pieces.splice(0);
  }

  #step(character: string): void {
    switch (this.#state) {
      case "preamble":
        if (character === "{") this.#open("object", undefined);
        return;
      case "before-key":
        this.#hold(character);
        if (character === '"') {
          this.#string.begin();
          this.#state = "key";
        } else if (character === "}") this.#close();
        return;
      case "key":
        this.#hold(character);
        this.#string.read(character);
        if (this.#string.hasEnded) {
          const frame = this.#frames.at(-1);
          if (frame !== undefined) frame.key = this.#string.takeText();
          this.#state = "colon";
        }
        return;
      case "colon":
        this.#hold(character);
        if (character === ":") this.#state = "before-value";
        return;
      case "before-value":
        if (SPACE.has(character) || character === ",") this.#hold(character);
        else if (character === "]" && this.#frames.at(-1)?.kind === "list") {
          this.#hold(character);
          this.#close();
        } else this.#begin(character);
        return;
      case "string":
        this.#readString(character);
        return;
      case "atom":
        if (ENDS_ATOM.has(character)) {
          this.#endValue();
          this.#step(character);
        } else this.#hold(character);
        return;
      case "after-value":
        if (character === ",") {
          this.#hold(character);
          this.#state = this.#frames.at(-1)?.kind === "list" ? "before-value" : "before-key";
        } else if (character === "}" || character === "]") {
          this.#hold(character);
          this.#close();
        }
        return;
      case "end":
        return;
      default:
        this.#state satisfies never;
    }
  }

  #begin(character: string): void {
    const type = this.#typeOfValue();
    if (this.#frames.length === 1) {
      const key = this.#frames[0]?.key ?? "";
      const output = this.#outputs.get(key);
      this.#field = output === undefined ? undefined : key;
      this.#isText = character === '"';
    }
    if (character === "{" || character === "[") {
      this.#hold(character);
      if (type !== undefined && WHOLE_KINDS.has(type.kind))
        this.#wholeFrom = Math.min(this.#wholeFrom, this.#frames.length);
      this.#open(character === "{" ? "object" : "list", type);
      this.#release();
    } else if (character === '"') {
      this.#string.begin();
      this.#state = "string";
      this.#isFree = type === undefined || type.kind === "str" || type.kind === "any";
      this.#hold(character);
      if (this.#isFree) this.#release();
    } else {
      this.#hold(character);
      this.#state = "atom";
    }
  }

  #readString(character: string): void {
    this.#hold(character);
    this.#string.read(character);
    const { hasEnded, isWhole } = this.#string;
    if (this.#isText && (hasEnded || this.#isFree)) this.#ready += this.#string.takeText();
    if (hasEnded) this.#endValue();
    else if (this.#isFree && isWhole) this.#release();
  }

  #open(kind: Frame["kind"], type: Type | undefined): void {
    if (this.#frames.length >= MAX_DEPTH) {
      this.#state = "end";
      return;
    }
    this.#frames.push({ kind, type, key: "" });
    this.#state = kind === "object" ? "before-key" : "before-value";
  }

  #close(): void {
    this.#frames.pop();
    this.#endValue();
    if (this.#frames.length === 0) this.#state = "end";
  }

  /** A value is complete. */
  #endValue(): void {
    if (this.#frames.length <= this.#wholeFrom) this.#wholeFrom = Number.POSITIVE_INFINITY;
    this.#release();
    if (this.#frames.length <= 1) {
      this.#handOn();
      this.#field = undefined;
      this.#isText = false;
    }
    this.#state = "after-value";
  }

  #hold(character: string): void {
    if (this.#field !== undefined && !this.#isText) this.#held += character;
  }

  /** What is held has become safe: no half of a number, a label or a member's name is in it. */
  #release(): void {
    if (this.#frames.length > this.#wholeFrom) return;
    this.#ready += this.#held;
    this.#held = "";
  }

  #handOn(): void {
    if (this.#field === undefined || this.#ready === "") return;
    this.#pieces.push({ field: this.#field, text: this.#ready, ...(!this.#isText && { json: true }) });
    this.#ready = "";
  }

  #typeOfValue(): Type | undefined {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return undefined;
    if (this.#frames.length === 1) return bare(this.#outputs.get(frame.key));
    const { type, key } = frame;
    switch (type?.kind) {
      case "list":
        return bare(type.items);
      case "dict":
        return bare(type.values);
      case "object":
        return bare(type.fields.find(({ name }) => name === key)?.type);
      default:
        return undefined;
    }
  }
}

function bare(type: Type | undefined): Type | undefined {
  return type?.kind === "optional" ? type.of : type;
}
