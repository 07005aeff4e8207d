// What a way of scoring says of one choice.

export interface Scored {
  /** Log-probabilities, by label in declared order; only their differences mean something. */
  scores: readonly number[];
  finishReason: string;
  modelId: string;
}
