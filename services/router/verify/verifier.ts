// Second pass over the log: folds it, and takes each recorded decision again when the state is the one that it was
// taken from.

import type { EventMessage } from "../event.ts";
import type { Intake } from "../intake.ts";
import type { RouterState } from "../state.ts";
import { InFlightCheck } from "./in-flight.ts";
import {
  DECISION_KINDS,
  type DecisionKind,
  type RecordedDecision,
  type RecordedDecisions,
} from "./recorded.ts";
import { inOrderOf, StateWalk, type StateWalkOptions } from "./state-walk.ts";
import { isPossible, type TakenAgain, takeAgain } from "./take-again.ts";

export interface Verdicts {
  same: number;
  different: number;
  /** The state or the request is no longer in the log. */
  notCheckable: number;
  /** Its request was erased, or it comes out otherwise now that what it was taken from has a hole. */
  erased: number;
}

export interface Difference extends RecordedDecision {
  /** Of the request; its sequence with a # where that is not at hand. */
  id: string;
  /** What came out now. */
  got: TakenAgain;
  /** Unfinished work by pool, as the state has it. */
  folded: Readonly<Record<string, number>>;
}

export interface VerifierOptions extends StateWalkOptions {
  /** Differences that are kept to be shown. */
  shown: number;
  /** Sequences that users had erased from the log, in order. */
  erased?: readonly number[];
}

export class Verifier {
  readonly verdicts: Record<DecisionKind, Verdicts> = {
    first: none(),
    retry: none(),
    fallback: none(),
    hedge: none(),
  };
  /** Why decisions were not checkable, and how many. */
  readonly reasons = new Map<string, number>();
  readonly differences: Difference[] = [];
  readonly inFlight: InFlightCheck;
  readonly #recorded: RecordedDecisions;
  readonly #shown: number;
  readonly #erased: ReadonlySet<number>;
  /** First sequence that the states lack because it was erased. */
  readonly #holeFrom: number;
  readonly #walk: StateWalk;
  /** Indexes of the decisions in the order of their requests. */
  readonly #byRequest: Uint32Array;
  /** Requests whose decisions are not all taken again yet. */
  readonly #intakes = new Map<number, { intake: Intake; left: number }>();
  #nextRequest = 0;

  constructor(recorded: RecordedDecisions, { shown, erased = [], ...options }: VerifierOptions) {
    this.#recorded = recorded;
    this.#shown = shown;
    this.#erased = new Set(erased);
    // A snapshot has learned from what was there when it was taken.
    const begin = options.state?.sequence ?? 0;
    this.#holeFrom = erased.find((sequence) => sequence > begin) ?? Number.POSITIVE_INFINITY;
    this.inFlight = new InFlightCheck(recorded);
    this.#byRequest = inOrderOf(recorded.requestSequences);
    this.#walk = new StateWalk(recorded.stateSequences, options, (indexes, state) => {
      // Of decisions from one state nobody knows the order: a message may have overtaken another.
      for (const index of indexes) this.inFlight.decided(index);
      for (const index of indexes) this.#check(index, state);
    });
  }

  /** First sequence that has to be read: requests from before a snapshot may be decided after it. */
  get fromSequence(): number {
    const first = this.#byRequest[0];
    const request = first === undefined ? Number.POSITIVE_INFINITY : this.#requestSequence(first);
    return Math.min(this.#walk.fromSequence, request);
  }

  /** Last sequence that has to be read. */
  get toSequence(): number {
    return this.#walk.toSequence;
  }

  take(message: EventMessage): void {
    this.inFlight.passed(message.sequence);
    const event = this.#walk.take(message);
    if (event?.kind === "request") this.#keep(event.intake);
  }

  /** After the last message. */
  end(): void {
    this.inFlight.passed(Number.POSITIVE_INFINITY);
    this.#walk.end();
  }

  #check(index: number, state: RouterState | undefined): void {
    const recorded = this.#recorded.at(index);
    const verdicts = this.verdicts[recorded.kind];
    const intake = this.#takeIntake(recorded.requestSequence);
    if (!isPossible(recorded)) {
      this.#differs(recorded, { kind: "impossible-state" }, intake, state);
    } else if (intake === undefined && this.#erased.has(recorded.requestSequence)) {
      verdicts.erased++;
    } else if (state === undefined || intake === undefined) {
      verdicts.notCheckable++;
      const why = `its ${state === undefined ? "state" : "request"} is no longer in the log`;
      this.reasons.set(why, (this.reasons.get(why) ?? 0) + 1);
    } else {
      const got = takeAgain(state, intake, recorded);
      const isSame = got.kind === "decision" && this.#recorded.isSame(index, got.decision);
      if (this.inFlight.check(index, state.inFlight) && isSame) verdicts.same++;
      else if (recorded.stateSequence >= this.#holeFrom) verdicts.erased++;
      else this.#differs(recorded, got, intake, state);
    }
  }

  #differs(
    recorded: RecordedDecision,
    got: TakenAgain,
    intake: Intake | undefined,
    state: RouterState | undefined,
  ): void {
    this.verdicts[recorded.kind].different++;
    if (this.differences.length >= this.#shown) return;
    const folded = Object.fromEntries(state?.inFlight ?? []);
    this.differences.push({ ...recorded, id: intake?.id ?? `#${recorded.requestSequence}`, got, folded });
  }

  /** Keeps a request until all decisions on it were taken again. */
  #keep(intake: Intake): void {
    let left = 0;
    for (; this.#nextRequest < this.#byRequest.length; this.#nextRequest++) {
      const sequence = this.#requestSequence(this.#byRequest[this.#nextRequest] as number);
      if (sequence > intake.sequence) break;
      if (sequence === intake.sequence) left++;
    }
    if (left > 0) this.#intakes.set(intake.sequence, { intake, left });
  }

  #takeIntake(sequence: number): Intake | undefined {
    const kept = this.#intakes.get(sequence);
    if (kept !== undefined && --kept.left === 0) this.#intakes.delete(sequence);
    return kept?.intake;
  }

  #requestSequence(index: number): number {
    return this.#recorded.requestSequences[index] as number;
  }
}

function none(): Verdicts {
  return { same: 0, different: 0, notCheckable: 0, erased: 0 };
}

/** Sums over the kinds. */
export function totalOf(verdicts: Record<DecisionKind, Verdicts>): Verdicts {
  const total = none();
  for (const kind of DECISION_KINDS) {
    total.same += verdicts[kind].same;
    total.different += verdicts[kind].different;
    total.notCheckable += verdicts[kind].notCheckable;
    total.erased += verdicts[kind].erased;
  }
  return total;
}
