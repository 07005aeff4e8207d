// A verdict as it travels: places in texts are counted in code points, as the lengths of signatures are, so that they mean
// the same in every language.

import { codePointPlaces } from "../text/characters.ts";
import { textsIn } from "./texts-in.ts";
import type { Problem, Verdict } from "./verdict.ts";

/** `value` = what the verdict is about. */
export function toWireVerdict(verdict: Verdict, value: unknown): Verdict {
  if (verdict.problems.every(({ span }) => span === undefined)) return verdict;
  const texts = new Map(textsIn(value).map(({ path, text }) => [path, text]));
  const placesOf = new Map<string, (place: number) => number>();
  const problems = verdict.problems.map((problem): Problem => {
    const { path, span } = problem;
    if (span === undefined) return problem;
    const place = placesOf.get(path) ?? codePointPlaces(texts.get(path) ?? "");
    placesOf.set(path, place);
    return { ...problem, span: { start: place(span.start), end: place(span.end) } };
  });
  return { ...verdict, problems };
}
