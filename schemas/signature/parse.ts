// Text to AST. Recursive descent in one pass, linear in the text.
//
//   parseSignature ─ parseFields ─ parseField ─┬─ parseType ─┬─ parseConstraints ─ parseLiteral
//                        ▲                     └─ default    └─ parseFields (nested object)
//                        └───────────────────────────────────────────┘

import { MAX_TEXT_LENGTH, type Signature } from "./ast.ts";
import { parseFields } from "./field-parser.ts";
import { parseString } from "./literal-parser.ts";
import { expect, fail, peek, type Scanner } from "./scanner.ts";
import { codePointLength } from "./shorten.ts";
import { SignatureError } from "./signature-error.ts";

/** Throws a `SignatureError`, and nothing else, where the text is no signature. */
export function parseSignature(text: string): Signature {
  const scanner: Scanner = { text, at: 0 };
  refuseUnreadable(scanner);
  const next = peek(scanner);
  const instructions = next === '"' || next === "'" ? parseString(scanner) : undefined;
  const names = new Set<string>();
  const inputs = parseFields(scanner, "->", names, 1);
  expect(scanner, "->");
  const outputs = parseFields(scanner, "", names, 1);
  return { ...(instructions !== undefined && { instructions }), inputs, outputs };
}

function refuseUnreadable(scanner: Scanner): void {
  const { text } = scanner;
  // Twice as many units are too many in any case, so that a hostile text is not even counted.
  if (
    text.length > 2 * MAX_TEXT_LENGTH ||
    (text.length > MAX_TEXT_LENGTH && codePointLength(text) > MAX_TEXT_LENGTH)
  ) {
    throw new SignatureError(`signature longer than ${MAX_TEXT_LENGTH} characters`, MAX_TEXT_LENGTH, "");
  }
  if (text.isWellFormed()) return;
  const at = text.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
  fail(scanner, `lone surrogate "\\u${text.charCodeAt(at).toString(16)}"`, at, text[at] ?? "");
}
