// state + command → the event to append, for policies. Pure; undefined = there is nothing to write.

import type { z } from "zod";
import { DspexError } from "../../../schemas/errors.ts";
import type {
  POLICY_EVENTS,
  PolicyFrozen,
  PolicyPromoted,
  PolicySettings,
  PolicyVerb,
} from "../../../schemas/messages/policy-event.ts";
import { isSame } from "../contest/settings.ts";
import type { LearnerState } from "./state.ts";

/** An event of the log, before it has its envelope. */
export type PolicyAppend = {
  [verb in PolicyVerb]: { verb: verb; data: z.input<(typeof POLICY_EVENTS)[verb]["schema"]> };
}[PolicyVerb];

/** What follows from the log and is not in it: changes of arms, then a verdict, then what was learned. */
export function decideNext({ journal, contest, policy }: LearnerState): PolicyAppend | undefined {
  const [drift] = journal.drifts;
  if (drift !== undefined) return { verb: "drift-detected", data: drift };
  const { verdict } = contest;
  if (verdict !== undefined) {
    const { verb, to, reason, evidence, sequence: coveredSequence } = verdict;
    return { verb, data: { from: policy.settings, to, by: "learning", reason, evidence, coveredSequence } };
  }
  if (journal.pending !== undefined) return { verb: "updated", data: journal.pending };
  return undefined;
}

/**
 * Puts other settings in force: a challenger's name, or settings in whole.
 * @throws DspexError `not_found` for a name that no challenger has, `conflict` for settings that are in force.
 */
export function decidePromote(
  state: LearnerState,
  wanted: string | PolicySettings,
  by: string,
): PolicyAppend {
  const to = typeof wanted === "string" ? namedSettings(state, wanted) : wanted;
  const from = state.policy.settings;
  if (isSame(to, from)) {
    throw new DspexError("conflict", `the settings "${to.name}" are in force already, as "${from.name}"`);
  }
  const data: PolicyPromoted = { from, to, by, coveredSequence: state.sequence };
  return { verb: "promoted", data };
}

/** @throws DspexError `conflict` where no settings were in force before. */
export function decideRollback(state: LearnerState, by: string, reason: string | undefined): PolicyAppend {
  const { settings: from, former } = state.policy;
  const to = former.at(-1);
  if (to === undefined) {
    throw new DspexError(
      "conflict",
      `no settings were in force before "${from.name}": nothing to go back to`,
    );
  }
  const data: PolicyPromoted = {
    from,
    to,
    by,
    coveredSequence: state.sequence,
    ...(reason !== undefined && { reason }),
  };
  return { verb: "rolled-back", data };
}

/** Undefined where it is so already. @throws DspexError `unknown_program` */
export function decideFreeze(state: LearnerState, wanted: PolicyFrozen): PolicyAppend | undefined {
  const { all, programs } = state.policy.frozen;
  const { program, frozen } = wanted;
  if (program !== undefined && frozen && !state.programs.has(program)) {
    throw new DspexError("unknown_program", `no program "${program}" is registered`);
  }
  const isSo = program === undefined ? all === frozen : programs.has(program) === frozen;
  return isSo ? undefined : { verb: "frozen", data: wanted };
}

function namedSettings({ contest }: LearnerState, name: string): PolicySettings {
  const found = contest.challengers.find(({ settings }) => settings.name === name);
  if (found !== undefined) return found.settings;
  const names = contest.challengers.map(({ settings }) => settings.name).join(", ");
  throw new DspexError("not_found", `no challenger ${JSON.stringify(name)}, there are: ${names}`);
}
