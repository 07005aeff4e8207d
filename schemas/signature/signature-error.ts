// Everything that can be wrong with a signature's text or AST.
//
//   DspexError
//   └── SignatureError   invalid_inputs, with the place and the word

import { DspexError } from "../errors.ts";
import { shorten } from "./shorten.ts";

export class SignatureError extends DspexError {
  /** In code points from 0, as Python counts. */
  readonly offset: number;
  /** The offending word as written, "" at the end of the text. */
  readonly word: string;

  constructor(message: string, offset: number, word: string) {
    super("invalid_inputs", message, { details: { offset, word: shorten(word) } });
    this.offset = offset;
    this.word = word;
  }
}

export function isSignatureError(value: unknown): value is SignatureError {
  return value instanceof SignatureError;
}
