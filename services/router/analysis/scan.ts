// One pass over the characters of a request's texts: how many bytes, digits, words, letters of which script, and signs
// of languages and needs. Allocates nothing; whoever starts a request clears the counts.

import { HASH_START, hashStep, SIGNS, signOf } from "./words.ts";

/** Scripts that tell a language by themselves. */
export const SCRIPTS = ["el", "ru", "he", "ar", "hi", "th", "ko", "kana", "han"] as const;
const [GREEK, CYRILLIC, HEBREW, ARABIC, DEVANAGARI, THAI, HANGUL, KANA, HAN] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

export const counts = {
  /** UTF-16 units read, and bytes of them in UTF-8. */
  units: 0,
  bytes: 0,
  digits: 0,
  operators: 0,
  latin: 0,
  words: 0,
  /** Hits by sign; the last counts words without one. */
  signs: new Uint32Array(SIGNS + 1),
  /** Letters by script, 1-based. */
  scripts: new Uint32Array(SCRIPTS.length + 1),
};

export function clearCounts(): void {
  counts.units = 0;
  counts.bytes = 0;
  counts.digits = 0;
  counts.operators = 0;
  counts.latin = 0;
  counts.words = 0;
  counts.signs.fill(0);
  counts.scripts.fill(0);
}

const LETTER = 1;
const DIGIT = 2;
const OPERATOR = 3;
const classes = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  if (/[A-Za-z]/.test(char)) classes[code] = LETTER;
  else if (/[0-9]/.test(char)) classes[code] = DIGIT;
  else if (/[-+*/=<>^%]/.test(char)) classes[code] = OPERATOR;
}

/** Script by the upper byte of a character's code. */
const scriptOfBlock = new Uint8Array(256);
scriptOfBlock[0x03] = GREEK as number;
scriptOfBlock[0x04] = CYRILLIC as number;
scriptOfBlock[0x06] = ARABIC as number;
scriptOfBlock[0x09] = DEVANAGARI as number;
scriptOfBlock[0x0e] = THAI as number;
scriptOfBlock[0x30] = KANA as number;
scriptOfBlock.fill(HAN as number, 0x4e, 0xa0);
scriptOfBlock.fill(HANGUL as number, 0xac, 0xd8);

/** Takes `text` from `start` to `end` into `counts`. */
export function scanText(text: string, start: number, end: number): void {
  const { signs, scripts } = counts;
  let hash = HASH_START;
  let length = 0;
  let digits = 0;
  let operators = 0;
  let latin = 0;
  let words = 0;
  let extra = 0;
  for (let at = start; at < end; at++) {
    let code = text.charCodeAt(at);
    let kind: number;
    if (code < 128) {
      kind = classes[code] as number;
      if (kind === LETTER) {
        hash = hashStep(hash, code | 0x20);
        length++;
        continue;
      }
      if (kind === DIGIT) digits++;
      else if (kind === OPERATOR) operators++;
    } else {
      extra += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
      if (code >= 0xc0 && code < 0x250) {
        if (code < 0xdf) code |= 0x20;
        hash = hashStep(hash, code);
        length++;
        continue;
      }
      const script =
        code >= 0x590 && code < 0x600 ? (HEBREW as number) : (scriptOfBlock[code >>> 8] as number);
      scripts[script] = (scripts[script] as number) + 1;
    }
    if (length > 0) {
      const sign = signOf(hash);
      signs[sign] = (signs[sign] as number) + 1;
      latin += length;
      words++;
      hash = HASH_START;
      length = 0;
    }
  }
  if (length > 0) {
    const sign = signOf(hash);
    signs[sign] = (signs[sign] as number) + 1;
    latin += length;
    words++;
  }
  counts.units += end - start;
  counts.bytes += end - start + extra;
  counts.digits += digits;
  counts.operators += operators;
  counts.latin += latin;
  counts.words += words;
}
