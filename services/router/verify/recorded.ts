// Decisions as the log has them, in columns of ~60 bytes each: what has to be known to take each of them again, and the
// digest of what must come out.

import type { Decision } from "../../../schemas/messages/parts.ts";
import { Interned } from "../../learning/evaluate/interned.ts";
import { eligibleIn } from "../canary.ts";
import { digestOf } from "./digest.ts";

/** Of a request the first decision, or what followed an attempt of it. */
export const DECISION_KINDS = ["first", "retry", "fallback", "hedge"] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

export function kindOf({ features }: Decision): DecisionKind {
  const { step } = features;
  return step === "retry" || step === "fallback" || step === "hedge" ? step : "first";
}

/** Where a decision was found. */
export interface Place {
  requestSequence: number;
  messageSequence: number;
  /** Who took it, such as `router/1`. */
  router: string;
}

/** One decision as it is to be taken again. */
export interface RecordedDecision extends Place {
  kind: DecisionKind;
  stateSequence: number;
  inFlight: Readonly<Record<string, number>>;
  /** Implementations that could be chosen: stands for the functions that the router had. */
  eligible: ReadonlySet<string>;
  /** Of a hedge the age of the first attempt. */
  afterMs: number;
}

export class RecordedDecisions {
  readonly #counts = new Interned<Readonly<Record<string, number>>>();
  readonly #eligible = new Interned<ReadonlySet<string>>();
  readonly #routers = new Interned<string>();
  readonly #kinds: number[] = [];
  readonly #messages: number[] = [];
  readonly #countsOf: number[] = [];
  readonly #eligibleOf: number[] = [];
  readonly #routersOf: number[] = [];
  readonly #afterMs: number[] = [];
  readonly #high: number[] = [];
  readonly #low: number[] = [];
  readonly stateSequences: number[] = [];
  readonly requestSequences: number[] = [];

  get length(): number {
    return this.#kinds.length;
  }

  add(decision: Decision, { requestSequence, messageSequence, router }: Place): number {
    const { inFlight, stateSequence, features } = decision;
    const names = eligibleIn(decision);
    const [high, low] = digestOf(decision);
    this.#kinds.push(DECISION_KINDS.indexOf(kindOf(decision)));
    this.#messages.push(messageSequence);
    this.#countsOf.push(this.#counts.number(JSON.stringify(inFlight), () => inFlight));
    this.#eligibleOf.push(this.#eligible.number(names.join("/"), () => new Set(names)));
    this.#routersOf.push(this.#routers.number(router, () => router));
    this.#afterMs.push(Number(features.afterMs ?? 0));
    this.#high.push(high);
    this.#low.push(low);
    this.stateSequences.push(stateSequence);
    return this.requestSequences.push(requestSequence) - 1;
  }

  at(index: number): RecordedDecision {
    return {
      kind: DECISION_KINDS[this.#kinds[index] as number] as DecisionKind,
      stateSequence: this.stateSequences[index] as number,
      requestSequence: this.requestSequences[index] as number,
      messageSequence: this.#messages[index] as number,
      router: this.#routers.at(this.#routersOf[index] as number),
      inFlight: this.#counts.at(this.#countsOf[index] as number),
      eligible: this.#eligible.at(this.#eligibleOf[index] as number),
      afterMs: this.#afterMs[index] as number,
    };
  }

  /** Whether this one says the same. */
  isSame(index: number, decision: Decision): boolean {
    const [high, low] = digestOf(decision);
    return this.#high[index] === high && this.#low[index] === low;
  }
}
