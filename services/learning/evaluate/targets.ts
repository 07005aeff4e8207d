// Policies that need no statistics: what they choose follows from what could be chosen.

/** Probability of each of the arms, which are in declared order. */
export type StaticPolicy = (arms: readonly string[]) => number[];

/** The first that was declared. */
export const declaredOrder: StaticPolicy = (arms) => arms.map((_, at) => (at === 0 ? 1 : 0));

export const uniform: StaticPolicy = (arms) => arms.map(() => 1 / arms.length);

/** The first of `order` that can be chosen; where none of them can, the first that was declared. */
export function fixedOrder(order: readonly string[]): StaticPolicy {
  return (arms) => {
    const first = order.find((name) => arms.includes(name)) ?? arms[0];
    return arms.map((name) => (name === first ? 1 : 0));
  };
}
