// The first eligible implementation in declared order, for those who want no learning.

import { candidatesOf, resortsOf, type Strategy } from "./strategy.ts";

export const chooseDeclared: Strategy = (question) => {
  const candidates = candidatesOf(question);
  const [chosen, ...others] = candidates;
  if (chosen === undefined) return undefined;
  return {
    chosen,
    next: [...others, ...resortsOf(question, candidates)],
    candidates: question.implementations.map((implementation) => {
      const rank = candidates.indexOf(implementation);
      return {
        implementation: implementation.name,
        score: rank < 0 ? 0 : 1 / (rank + 1),
        probability: rank === 0 ? 1 : 0,
        eligible: rank >= 0,
      };
    }),
  };
};
