// The first eligible implementation in declared order; those marked as last resort come after all others.

import type { Strategy } from "./strategy.ts";

export const declaredOrder: Strategy = {
  version: "declared-order/1",
  choose({ implementations, ineligible }) {
    const eligible = implementations.filter((i) => !ineligible.has(i.name));
    const ordered = [
      ...eligible.filter((i) => i.lastResort !== true),
      ...eligible.filter((i) => i.lastResort === true),
    ];
    const [chosen, ...next] = ordered;
    if (chosen === undefined) return undefined;
    return {
      chosen,
      next,
      candidates: implementations.map((implementation) => {
        const rank = ordered.indexOf(implementation);
        return {
          implementation: implementation.name,
          score: rank < 0 ? 0 : 1 / (rank + 1),
          probability: rank === 0 ? 1 : 0,
          eligible: rank >= 0,
        };
      }),
    };
  },
};
