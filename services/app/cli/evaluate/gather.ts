// Results of the log → decisions to evaluate: each request's first choice, with how the request ended. Where an
// attempt had failed before, the first choice is in the failure, or, where none was stored, in the work.

import type { CloudEvent } from "../../../../schemas/envelope/cloud-event.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../../../schemas/messages/attempt-failed.ts";
import { type Decision, decisionSchema } from "../../../../schemas/messages/parts.ts";
import { type ProgramDefinition, programFeedbackSchema } from "../../../../schemas/messages/program-event.ts";
import type { Result } from "../../../../schemas/messages/result.ts";
import type { CanaryStarted } from "../../../../schemas/messages/version-event.ts";
import { parseLogSubject } from "../../../../schemas/subjects.ts";
import { choiceOf } from "../../../learning/evaluate/from-log.ts";
import { GatheredDecisions } from "../../../learning/evaluate/gathered.ts";
import { weightsFor } from "../../../learning/posterior/reward.ts";
import { weightsOf } from "../../../router/question.ts";
import type { EventMessage } from "../log-event.ts";

/** A result whose first choice is in another message of the log. */
export interface Unresolved {
  result: Result;
  sequence: number;
  /** Where its first decision is. */
  decisionSequence: number;
}

/** Results that say nothing of a choice. */
export interface LeftOut {
  cancelled: number;
  /** One implementation was named, or could be chosen at all. */
  noChoice: number;
  /** Refused before anything was chosen, or decided by rules that recorded no circumstances. */
  noDecision: number;
}

export class Gatherer {
  readonly decisions = new GatheredDecisions();
  readonly leftOut: LeftOut = { cancelled: 0, noChoice: 0, noDecision: 0 };
  readonly unresolved: Unresolved[] = [];
  readonly #program: string | undefined;
  /** First decisions of requests whose first attempt failed, by the request's sequence. */
  readonly #failed = new Map<number, Decision>();
  readonly #definitions = new Map<string, ProgramDefinition>();

  /** @param program only its decisions; absent = those of all. */
  constructor(program: string | undefined) {
    this.#program = program;
  }

  take(message: EventMessage): void {
    const subject = parseLogSubject(message.subject);
    try {
      if (subject.kind === "result") this.#takeResult(dataOf(message) as Result, message.sequence);
      else if (subject.kind === "event") this.#takeEvent(subject.entity, subject.verb, dataOf(message));
    } catch {
      // What cannot be read teaches nobody, and is not evaluated.
    }
  }

  /** What was found where a result's first decision should be. */
  resolve({ result, sequence }: Unresolved, data: unknown): void {
    const { success, data: decision } = decisionSchema.safeParse((data as { decision?: unknown }).decision);
    if (success) this.#add(result, sequence, decision);
    else this.leftOut.noDecision++;
  }

  #takeEvent(entity: string, verb: string, data: unknown): void {
    if (entity === "attempt" && verb === "failed") {
      const { attempt, requestSequence, decision }: AttemptFailed = attemptFailedSchema.parse(data);
      if (attempt === 1 && decision !== undefined) this.#failed.set(requestSequence, decision);
    } else if (entity === "program" && verb === "registered") {
      const definition = data as ProgramDefinition;
      this.#definitions.set(`${definition.name}/${definition.version}`, definition);
    } else if (entity === "program" && verb === "canary-started") {
      const { definition } = data as CanaryStarted;
      this.#definitions.set(`${definition.name}/${definition.version}`, definition);
    } else if (entity === "program" && verb === "feedback") {
      const { id, metric = "", key = "", score } = programFeedbackSchema.parse(data);
      this.decisions.score(id, JSON.stringify([metric, key]), score);
    }
  }

  #takeResult(result: Result, sequence: number): void {
    const failed = this.#failed.get(result.log.request);
    this.#failed.delete(result.log.request);
    if (this.#program !== undefined && result.program !== this.#program) return;
    if (result.status === "cancelled") {
      this.leftOut.cancelled++;
      return;
    }
    const { log, decision } = result;
    const isLater = decision === undefined || decision.features.step !== undefined;
    const first = isLater ? failed : decisionSchema.parse(decision);
    if (first !== undefined) {
      this.#add(result, sequence, first);
      return;
    }
    // The first attempt's: its work, if it was sent to a pool, came before its failure.
    const decisionSequence = Math.min(...log.work.slice(0, 1), ...log.failures.slice(0, 1));
    if (decisionSequence === Number.POSITIVE_INFINITY) this.leftOut.noDecision++;
    else this.unresolved.push({ result, sequence, decisionSequence });
  }

  #add(result: Result, sequence: number, decision: Decision): void {
    const choice = choiceOf(decision);
    if (choice === undefined) {
      if (typeof decision.features.program === "string") this.leftOut.noChoice++;
      else this.leftOut.noDecision++;
      return;
    }
    const { program, prefer } = choice.features;
    const version = result.version ?? "";
    const definition = this.#definitions.get(`${program}/${version}`);
    const weights =
      definition === undefined
        ? weightsFor(prefer)
        : weightsOf(definition, prefer === undefined ? {} : { prefer });
    this.decisions.add(choice, decision, { sequence, id: result.id, version, result, weights });
  }
}

function dataOf(message: EventMessage): unknown {
  return (message.json() as CloudEvent<unknown>).data;
}
