// Which language a text is in, by script and frequent words. A guess: short texts and mixed ones are "und".

import { counts, SCRIPTS } from "./scan.ts";
import { LANGUAGES } from "./words.ts";

const [KANA, HAN] = [8, 9] as const;
/** Letters below which nothing is guessed. */
const LEAST_LETTERS = 4;
/** Part of the letters that a script must have to count. */
const SCRIPT_SHARE = 0.3;

export type Language =
  | (typeof LANGUAGES)[number]
  | "el"
  | "ru"
  | "he"
  | "ar"
  | "hi"
  | "th"
  | "ko"
  | "ja"
  | "zh"
  | "und";

/** Of what was scanned last. `ru` stands for all that is written in Cyrillic. */
export function guessLanguage(): Language {
  const { scripts, signs, latin } = counts;
  let letters = latin;
  let most = 0;
  for (let script = 1; script <= SCRIPTS.length; script++) {
    letters += scripts[script] as number;
    if ((scripts[script] as number) > (most === 0 ? 0 : (scripts[most] as number))) most = script;
  }
  const kana = scripts[KANA] as number;
  const han = scripts[HAN] as number;
  const eastern = kana + han;
  if (eastern > 0 && eastern > SCRIPT_SHARE * letters) return kana > 0.1 * eastern ? "ja" : "zh";
  if (letters < LEAST_LETTERS) return "und";
  if (most > 0 && (scripts[most] as number) > SCRIPT_SHARE * letters) return SCRIPTS[most - 1] as Language;
  let best = 0;
  let second = 0;
  for (let sign = 1; sign < LANGUAGES.length; sign++) {
    if ((signs[sign] as number) > (signs[best] as number)) best = sign;
  }
  for (let sign = 0; sign < LANGUAGES.length; sign++) {
    if (sign !== best) second = Math.max(second, signs[sign] as number);
  }
  return (signs[best] as number) > second ? (LANGUAGES[best] as Language) : "und";
}
