// How the one was picked, read from what the decision recorded: by learned chance, evenly, in declared order, or because
// nothing else was possible. Pure.

import type { Explanation } from "../../../schemas/messages/explanation.ts";
import type { Decision } from "../../../schemas/messages/parts.ts";

type Candidate = Decision["candidates"][number];

export interface Choice {
  how: NonNullable<Explanation["decision"]>["how"];
  /** Variable that named it, where the request did not. */
  namedBy?: string;
  chosen: Candidate;
  /** The one with the highest expected reward. */
  best: Candidate;
  /** The part of 0 to 1 that is the chosen one's: candidates lie there side by side, in declared order. */
  from: number;
  to: number;
}

/** Undefined for a decision whose chosen one is not among its candidates. */
export function choiceOf({ candidates, chosen: name, features }: Decision): Choice | undefined {
  const eligible = candidates.filter((candidate) => candidate.eligible);
  const chosen = eligible.find(({ implementation }) => implementation === name);
  if (chosen === undefined) return undefined;
  const best = eligible.reduce((most, one) => (one.score > most.score ? one : most));
  const before = eligible.slice(0, eligible.indexOf(chosen));
  const from = Math.min(
    1,
    before.reduce((sum, { probability }) => sum + probability, 0),
  );
  // Rounding errors are the last one's.
  const to = chosen === eligible.at(-1) ? 1 : Math.min(1, from + chosen.probability);
  const { pinnedBy } = features;
  const named = typeof pinnedBy === "string" ? { namedBy: pinnedBy } : {};
  return { how: howOf(features, eligible), ...named, chosen, best, from, to };
}

function howOf(features: Decision["features"], eligible: readonly Candidate[]): Choice["how"] {
  if (features.pinned === true) return "named";
  if (eligible.length === 1) return "only";
  const rule = typeof features.rule === "string" ? features.rule.split("/")[0] : undefined;
  if (rule === "uniform") return "evenly";
  if (rule === "declared-order") return "declared-order";
  if (rule === undefined && eligible.some(({ probability }) => probability === 1)) return "declared-order";
  return "learned";
}
