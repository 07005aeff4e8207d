// What statistics are folded from. The shells of router and learning service make these of the log's messages.

/** An implementation as a program declares it. */
export interface DeclaredArm {
  /** Name and a hash of the declaration: declared otherwise, it is another arm. */
  key: string;
  name: string;
  family: string;
  /** A TypeScript function: it answers at once and calls no model. */
  isFunction?: boolean;
}

/** Where an outcome belongs, as the decision recorded it. */
export interface OutcomePlace {
  program: string;
  arm: string;
  /** Kind of task. */
  task: string;
  length: number;
  load: number;
}

export interface Outcome {
  success: boolean;
  /** Of a success: how well it kept its time, and how little it cost, each 0 to 1. */
  inTime: number;
  thrift: number;
  /** Of a success, where a validator or metric has scored it at once. */
  quality?: number;
}

export type LearningEvent =
  | { kind: "arms-declared"; sequence: number; program: string; arms: readonly DeclaredArm[] }
  | { kind: "program-removed"; sequence: number; program: string }
  /** How an attempt ended that a decision had chosen freely: not a retry, not a fallback. */
  | { kind: "outcome"; sequence: number; place: OutcomePlace; outcome: Outcome }
  /**
   * A score of an earlier success, however late. `replaces` = sequence of that success, where its validators had scored it:
   * what they said does not count any more.
   */
  | { kind: "quality"; sequence: number; place: OutcomePlace; score: number; replaces?: number };
