// The Porter stemmer with NLTK's extensions, which `rouge-score` uses: Porter's published rules ("An algorithm for suffix
// stripping", Program 14.3, 1980) and NLTK's additions to them. Own because the npm packages for it follow Porter's
// published rules or Porter's own later ones, and ROUGE would differ from its reference.

type Condition = (stem: string) => boolean;
type Rule = readonly [suffix: string, replacement: string, condition?: Condition];

const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ["sky", "sky"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["news", "news"],
  ["innings", "inning"],
  ["inning", "inning"],
  ["outings", "outing"],
  ["outing", "outing"],
  ["cannings", "canning"],
  ["canning", "canning"],
  ["howe", "howe"],
  ["proceed", "proceed"],
  ["exceed", "exceed"],
  ["succeed", "succeed"],
]);

const hasMeasure: Condition = (stem) => measure(stem) > 0;
const isLong: Condition = (stem) => measure(stem) > 1;

const STEP_1A: readonly Rule[] = [
  ["sses", "ss"],
  ["ies", "i"],
  ["ss", "ss"],
  ["s", ""],
];
const STEP_2: readonly Rule[] = [
  ["ational", "ate", hasMeasure],
  ["tional", "tion", hasMeasure],
  ["enci", "ence", hasMeasure],
  ["anci", "ance", hasMeasure],
  ["izer", "ize", hasMeasure],
  ["bli", "ble", hasMeasure],
  ["alli", "al", hasMeasure],
  ["entli", "ent", hasMeasure],
  ["eli", "e", hasMeasure],
  ["ousli", "ous", hasMeasure],
  ["ization", "ize", hasMeasure],
  ["ation", "ate", hasMeasure],
  ["ator", "ate", hasMeasure],
  ["alism", "al", hasMeasure],
  ["iveness", "ive", hasMeasure],
  ["fulness", "ful", hasMeasure],
  ["ousness", "ous", hasMeasure],
  ["aliti", "al", hasMeasure],
  ["iviti", "ive", hasMeasure],
  ["biliti", "ble", hasMeasure],
  ["fulli", "ful", hasMeasure],
  // The l counts with the stem, so that short ones such as `geo` are long enough.
  ["logi", "log", (stem) => hasMeasure(`${stem}l`)],
];
const STEP_3: readonly Rule[] = [
  ["icate", "ic", hasMeasure],
  ["ative", "", hasMeasure],
  ["alize", "al", hasMeasure],
  ["iciti", "ic", hasMeasure],
  ["ical", "ic", hasMeasure],
  ["ful", "", hasMeasure],
  ["ness", "", hasMeasure],
];
const STEP_4: readonly Rule[] = [
  ..."al ance ence er ic able ible ant ement ment ent".split(" ").map((one): Rule => [one, "", isLong]),
  ["ion", "", (stem) => isLong(stem) && /[st]$/.test(stem)],
  ..."ou ism ate iti ous ive ize".split(" ").map((one): Rule => [one, "", isLong]),
];
const STEP_5B: readonly Rule[] = [["ll", "l", (stem) => isLong(`${stem}l`)]];

/** @param word lower case. */
export function porterStem(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length <= 2) return word;
  const begun = step1c(step1b(step1a(word)));
  return applied(step5a(applied(applied(step2(begun), STEP_3), STEP_4)), STEP_5B);
}

/** The first rule whose suffix is there decides, also where its condition does not hold. */
function applied(word: string, rules: readonly Rule[]): string {
  for (const [suffix, replacement, condition] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, word.length - suffix.length);
    return condition === undefined || condition(stem) ? stem + replacement : word;
  }
  return word;
}

function step1a(word: string): string {
  return word.length === 4 && word.endsWith("ies") ? word.slice(0, -1) : applied(word, STEP_1A);
}

function step1b(word: string): string {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("eed")) return hasMeasure(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const suffix = ["ed", "ing"].find((one) => word.endsWith(one) && hasVowel(word.slice(0, -one.length)));
  return suffix === undefined ? word : mended(word.slice(0, -suffix.length));
}

/** After -ed and -ing: conflat → conflate, hopp → hop, fil → file. */
function mended(stem: string): string {
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsInDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

function step1c(word: string): string {
  const stem = word.slice(0, -1);
  return word.endsWith("y") && stem.length > 1 && isConsonant(stem, stem.length - 1) ? `${stem}i` : word;
}

function step2(word: string): string {
  // First, and the result goes through all rules again.
  if (word.endsWith("alli") && hasMeasure(word.slice(0, -4))) return step2(word.slice(0, -2));
  return applied(word, STEP_2);
}

function step5a(word: string): string {
  if (!word.endsWith("e")) return word;
  const stem = word.slice(0, -1);
  const size = measure(stem);
  return size > 1 || (size === 1 && !endsShort(stem)) ? stem : word;
}

/** y after a consonant is a vowel; a run of them takes turns. */
function isConsonant(word: string, at: number): boolean {
  let first = at;
  while (first > 0 && word[first] === "y") first--;
  const isFirst = !"aeiou".includes(word.charAt(first));
  return (at - first) % 2 === 0 ? isFirst : !isFirst;
}

/** How often a consonant follows a vowel. */
function measure(stem: string): number {
  let count = 0;
  let isBefore = true;
  for (let at = 0; at < stem.length; at++) {
    const letter = stem.charAt(at);
    const isOne: boolean = letter === "y" ? at === 0 || !isBefore : !"aeiou".includes(letter);
    if (isOne && !isBefore) count++;
    isBefore = isOne;
  }
  return count;
}

function hasVowel(stem: string): boolean {
  let isBefore = false;
  for (let at = 0; at < stem.length; at++) {
    const letter = stem.charAt(at);
    const isOne: boolean = letter === "y" ? !isBefore : !"aeiou".includes(letter);
    if (!isOne) return true;
    isBefore = isOne;
  }
  return false;
}

function endsInDouble(word: string): boolean {
  const last = word.length - 1;
  return last > 0 && word[last] === word[last - 1] && isConsonant(word, last);
}

/** Consonant, vowel, consonant that is not w, x or y; of two letters vowel and consonant. */
function endsShort(word: string): boolean {
  const last = word.length - 1;
  if (last === 1) return !isConsonant(word, 0) && isConsonant(word, 1);
  return (
    last > 1 &&
    isConsonant(word, last - 2) &&
    !isConsonant(word, last - 1) &&
    isConsonant(word, last) &&
    !/[wxy]$/.test(word)
  );
}
