// First pass over the log: which decisions were taken, each once. Work has those of the pools; results and failures
// have those of functions that ran in a router, and copies of the others.

import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { type Decision, decisionSchema } from "../../../schemas/messages/parts.ts";
import { ATTEMPT_FAILED_SUBJECT, parseLogSubject } from "../../../schemas/subjects.ts";
import type { EventMessage } from "../event.ts";
import { RULES_VERSION } from "../strategies/rules.ts";
import { RecordedDecisions } from "./recorded.ts";

interface Carrier {
  decision?: unknown;
  requestSequence?: number;
  workSequence?: number;
  log?: { request?: number; work?: number[] };
}

export class DecisionCollector {
  readonly recorded = new RecordedDecisions();
  /** Decisions by rules that this version does not have, by their names. */
  readonly otherRules = new Map<string, number>();
  /** Sequences of messages whose decision cannot be read. */
  readonly unreadable: number[] = [];
  /** Decisions of requests without a result: a later message may have a copy. */
  readonly #open = new Map<number, number[]>();
  /** First sequence that is read. */
  readonly #from: number;

  constructor(fromSequence = 1) {
    this.#from = fromSequence;
  }

  take(message: EventMessage): void {
    const { kind } = parseLogSubject(message.subject);
    if (kind !== "work" && kind !== "result" && message.subject !== ATTEMPT_FAILED_SUBJECT) return;
    let carrier: Carrier;
    let router: string;
    try {
      const { data, source } = message.json() as CloudEvent<Carrier>;
      carrier = data;
      router = source;
    } catch {
      // Not JSON: nobody can have taken it for work or for a result.
      return;
    }
    const requestSequence = carrier.log?.request ?? carrier.requestSequence;
    if (requestSequence === undefined) return;
    if (carrier.decision !== undefined) this.#takeDecision(message, carrier, requestSequence, router);
    if (kind === "result") this.#open.delete(requestSequence);
  }

  #takeDecision(message: EventMessage, carrier: Carrier, requestSequence: number, router: string): void {
    const { success, data: decision } = decisionSchema.safeParse(carrier.decision);
    if (!success) {
      this.unreadable.push(message.sequence);
      return;
    }
    const known = this.#open.get(requestSequence);
    if (known?.some((index) => this.#isCopy(index, decision))) return;
    // A worker that was too late has failed after the result: its decision was taken from the work.
    const isLate = known === undefined && (carrier.workSequence ?? 0) >= this.#from;
    if (isLate) return;
    const other = otherRuleOf(decision);
    if (other !== undefined) {
      this.otherRules.set(other, (this.otherRules.get(other) ?? 0) + 1);
      return;
    }
    const place = { requestSequence, messageSequence: message.sequence, router };
    const index = this.recorded.add(decision, place);
    if (known === undefined) this.#open.set(requestSequence, [index]);
    else known.push(index);
  }

  #isCopy(index: number, decision: Decision): boolean {
    const { recorded } = this;
    return recorded.stateSequences[index] === decision.stateSequence && recorded.isSame(index, decision);
  }
}

/** The rule of a decision that this version cannot take again; undefined = it can. */
function otherRuleOf(decision: Decision): string | undefined {
  const { rule } = decision.features;
  // Before rules were named, the policy's version was one.
  if (typeof rule !== "string") return decision.policyVersion;
  return rule.slice(rule.lastIndexOf("/") + 1) === RULES_VERSION ? undefined : rule;
}
