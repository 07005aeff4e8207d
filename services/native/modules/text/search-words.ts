// The words that searching and near duplicates compare: runs of letters, marks and numbers, case folded, in NFKC. Scripts that
// put no space between words give one word a character.

import { isAscii } from "./characters.ts";
import { normalizeText } from "./normalize.ts";

const UNSPACED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => `\\p{Script=${script}}`)
  .join("");
const WORDS = new RegExp(`[${UNSPACED}]\\p{M}*|[[\\p{L}\\p{M}\\p{N}]--[${UNSPACED}]]+`, "gv");
const ASCII_WORDS = /[a-z0-9]+/g;

export function searchWords(text: string): string[] {
  if (isAscii(text)) return text.toLowerCase().match(ASCII_WORDS) ?? [];
  return normalizeText(text, { joinSpaces: false }).match(WORDS) ?? [];
}
