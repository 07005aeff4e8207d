// The places where the labels of a choice part, token by token: at each the model is asked once which way it would go.
// Most labels part at their first token; those that begin alike part later. Pure.
//
//   po│sitive          fork 1: "po" or "neg"
//   po│litical         fork 2, after "po": "sitive" or "litical"
//   neg│ative

export interface Fork {
  /** Tokens that have been said when it comes. */
  path: readonly number[];
  /** The token of each way, and which labels lie behind it. */
  ways: readonly { token: number; labels: readonly number[] }[];
}

/**
 * Forks in the order in which they come; `end` is the token that follows a label which is the beginning of another.
 * Undefined where two labels are the same tokens.
 */
export function forksOf(labels: readonly (readonly number[])[], end: number): Fork[] | undefined {
  const ended = labels.map((tokens) => [...tokens, end]);
  if (new Set(ended.map(String)).size < ended.length) return undefined;
  const forks: Fork[] = [];
  const walk = (among: readonly number[], depth: number): void => {
    if (among.length < 2) return;
    const ways = Map.groupBy(among, (label) => ended[label]?.[depth] ?? end);
    if (ways.size > 1)
      forks.push({
        path: ended[among[0] ?? 0]?.slice(0, depth) ?? [],
        ways: [...ways].map(([token, behind]) => ({ token, labels: behind })),
      });
    for (const behind of ways.values()) walk(behind, depth + 1);
  };
  walk([...labels.keys()], 0);
  return forks;
}
