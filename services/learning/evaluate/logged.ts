// Decisions as the log has them, seen from the question what another policy would have got.

export interface LoggedDecision {
  /** Kind of task and length bucket, or whatever else rewards are modelled by. */
  context: string;
  /** Keys of the arms that could be chosen. */
  arms: readonly string[];
  /** Of each, as it was really drawn from: after floor and eligibility. */
  probabilities: ArrayLike<number>;
  /** Index among the arms. */
  chosen: number;
  /** What the request got in the end. */
  reward: number;
}

/** Decisions in the order in which their outcomes came; an array is one. */
export interface DecisionLog {
  readonly length: number;
  at(index: number): LoggedDecision | undefined;
}

/** Probability of each of the decision's arms under another policy; in total 1. */
export type TargetPolicy = (decision: LoggedDecision, index: number) => ArrayLike<number>;

/** Target over logging probability of what was chosen. */
export function weightOf(decision: LoggedDecision, target: ArrayLike<number>): number {
  const { chosen, probabilities } = decision;
  return (target[chosen] as number) / (probabilities[chosen] as number);
}
