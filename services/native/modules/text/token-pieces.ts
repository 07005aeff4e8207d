// What the encodings of OpenAI's models encode apart: words with the space before them, numbers of up to three digits, marks,
// white space. The patterns are tiktoken's; white space and case are spelled out, because in other languages than JavaScript
// the byte order mark is no space, and ſ is an s.

const SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const CONTRACTION = "'(?:[sSſdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])";
const UPPER = "\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}";
const LOWER = "\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}";
const BEFORE_LETTERS = "[^\\r\\n\\p{L}\\p{N}]?";

function pattern(...parts: readonly string[]): RegExp {
  return new RegExp(parts.join("|"), "gu");
}

export const TOKEN_PIECES = {
  o200k_base: pattern(
    `${BEFORE_LETTERS}[${UPPER}]*[${LOWER}]+(?:${CONTRACTION})?`,
    `${BEFORE_LETTERS}[${UPPER}]+[${LOWER}]*(?:${CONTRACTION})?`,
    "\\p{N}{1,3}",
    ` ?[^${SPACE}\\p{L}\\p{N}]+[\\r\\n/]*`,
    `[${SPACE}]*[\\r\\n]+`,
    `[${SPACE}]+(?![^${SPACE}])`,
    `[${SPACE}]+`,
  ),
  cl100k_base: pattern(
    CONTRACTION,
    `${BEFORE_LETTERS}\\p{L}+`,
    "\\p{N}{1,3}",
    ` ?[^${SPACE}\\p{L}\\p{N}]+[\\r\\n]*`,
    `[${SPACE}]+$`,
    `[${SPACE}]*[\\r\\n]`,
    `[${SPACE}]+(?![^${SPACE}])`,
    `[${SPACE}]`,
  ),
} as const;
