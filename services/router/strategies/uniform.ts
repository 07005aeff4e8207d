// Each eligible implementation with the same probability: a log that can judge every other policy.

import { candidatesOf, resortsOf, type Strategy } from "./strategy.ts";
import { uniform } from "./thompson/draw.ts";

export const chooseUniformly: Strategy = (question) => {
  const candidates = candidatesOf(question);
  const drawn = uniform(question.seed, question.requestId);
  const chosen = candidates[Math.floor(drawn * candidates.length)];
  if (chosen === undefined) return undefined;
  const probability = 1 / candidates.length;
  return {
    chosen,
    next: [...candidates.filter((one) => one !== chosen), ...resortsOf(question, candidates)],
    candidates: question.implementations.map((implementation) => {
      const eligible = candidates.includes(implementation);
      return {
        implementation: implementation.name,
        score: 0,
        probability: eligible ? probability : 0,
        eligible,
      };
    }),
  };
};
