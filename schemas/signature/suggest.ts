// "did you mean …": the nearest of the known words, or what another language calls the same thing.

/** Words of other languages and of Python's typing, by their lower-case spelling. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  string: "str",
  text: "str",
  char: "str",
  integer: "int",
  bigint: "int",
  long: "int",
  number: "float",
  double: "float",
  decimal: "float",
  boolean: "bool",
  binary: "bytes",
  blob: "bytes",
  timestamp: "datetime",
  array: "list",
  tuple: "list",
  set: "list",
  sequence: "list",
  map: "dict",
  mapping: "dict",
  record: "dict",
  object: "dict",
  unknown: "Any",
  json: "Any",
  enum: "Literal",
  nullable: "Optional",
  maybe: "Optional",
  min: "min_length",
  max: "max_length",
  minlength: "min_length",
  maxlength: "max_length",
  regex: "pattern",
  minimum: "ge",
  maximum: "le",
  min_value: "ge",
  max_value: "le",
  gte: "ge",
  lte: "le",
  step: "multiple_of",
};

/** `, did you mean "str"?`, or nothing where no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const suggestion = nearest(word, known);
  return suggestion === undefined ? "" : `, did you mean "${suggestion}"?`;
}

function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 32) return undefined;
  const lower = word.toLowerCase();
  const sameButCase = known.find((candidate) => candidate.toLowerCase() === lower);
  if (sameButCase !== undefined) return sameButCase;
  const elsewhere = Object.hasOwn(ELSEWHERE, lower) ? ELSEWHERE[lower] : undefined;
  if (elsewhere !== undefined && known.includes(elsewhere)) return elsewhere;
  const longer =
    word.length >= 3 ? known.find((candidate) => candidate.toLowerCase().startsWith(lower)) : undefined;
  if (longer !== undefined) return longer;
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor(word.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's with neighbours swapped as one step; both words are at most some 32 characters. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwapped ? (beforePrevious[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(substitution, swap, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[b.length] ?? 0;
}
