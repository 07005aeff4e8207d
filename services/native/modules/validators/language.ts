// Which language a text is in: n-grams of 60 languages (eld). The router's own guess, by frequent words, is made for a
// few microseconds a request and tells ten languages by them; it is no judge of an answer in Czech.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { invalid, kindOf, quoted, VALID, type Verdict } from "./verdict.ts";

export interface LanguageOptions {
  /** ISO 639-1 codes, such as en. */
  readonly languages: readonly string[];
}

/** ISO 639-1 codes of all that can be told. */
export const LANGUAGES: readonly string[] =
  `am ar az be bg bn ca cs da de el en es et eu fa fi fr gu he hi hr hu hy is it ja ka kn ko ku lo lt lv ml mr ms nl no
   or pa pl pt ro ru sk sl sq sr sv ta te th tl tr uk ur vi yo zh`.split(/\s+/);

interface Detector {
  detect(text: string): { language: string };
}

/** Fewer letters tell no language. */
const LEAST_LETTERS = 4;
/** Of a long text the front tells enough. */
const MAX_READ = 10_000;

let detector: Detector | undefined;

export function checkLanguage(value: unknown, { languages }: LanguageOptions): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const language = detectLanguage(value);
  if (language !== undefined && languages.includes(language)) return VALID;
  const got = language ?? `a text whose language cannot be told: ${quoted(value)}`;
  return invalid("$", `expected text in ${languages.join(" or ")}, got ${got}`);
}

/** ISO 639-1 code, or undefined where it cannot be told. */
export function detectLanguage(text: string): string | undefined {
  const front = text.slice(0, MAX_READ);
  if ((front.match(/\p{L}/gu)?.length ?? 0) < LEAST_LETTERS) return undefined;
  // Its tables take 0.2 s and 90 MB: they are read when a language is asked for the first time.
  detector ??= loadDetector();
  const { language } = detector.detect(front);
  return language === "" ? undefined : language;
}

/** Its package can only be imported; by its path it can be required, so that validators need not wait. */
function loadDetector(): Detector {
  const path = fileURLToPath(import.meta.resolve("eld/extrasmall"));
  return (createRequire(import.meta.url)(path) as { eld: Detector }).eld;
}
