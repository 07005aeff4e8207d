// state + command → events, for canaries. Pure.
//
//   published ─▶ canary-started ─▶ promoted (by evidence or somebody) │ withdrawn (by evidence or somebody)
//                       └─ another version comes into use: it is over, and may be started again

import { DspexError } from "../../../../schemas/errors.ts";
import type {
  CanaryEvidence,
  CanaryStarted,
  VersionPromoted,
  VersionWithdrawn,
} from "../../../../schemas/messages/version-event.ts";
import { isOld, type LogRange } from "../../../log/range.ts";
import { signatureText } from "../../decide.ts";
import type { ProgramsState } from "../../state.ts";
import { decidePromote, existing, registered } from "../decide.ts";

/** Of the requests, where nobody says otherwise. */
export const CANARY_SHARE = 0.1;
/** Outcomes of its own after which a canary is over, where nobody says otherwise. */
export const CANARY_OUTCOMES = 2_000;

export interface CanaryCommand {
  name: string;
  version: string;
  share: number;
  maxOutcomes: number;
  by: string;
  reason?: string | undefined;
}

/** Undefined = it is so already. @throws DspexError `unknown_program`, `unknown_version`; `conflict` where it cannot be one. */
export function decideCanary(
  state: ProgramsState,
  { name, version, share, maxOutcomes, by, reason }: CanaryCommand,
): CanaryStarted | undefined {
  const program = registered(state, name);
  const definition = existing(program, version);
  const base = existing(program, program.current);
  const { canary } = program;
  if (program.published.get(version)?.withdrawn !== undefined)
    throw new DspexError("conflict", `version "${version}" of "${name}" was withdrawn`);
  if (program.current === version)
    throw new DspexError("conflict", `version "${version}" of "${name}" is the one in use`);
  if (signatureText(definition) !== signatureText(base))
    throw new DspexError(
      "conflict",
      `version "${version}" of "${name}" has another signature than the one in use: it cannot answer the same requests`,
    );
  if (canary !== undefined && canary.version !== version)
    throw new DspexError(
      "conflict",
      `version "${canary.version}" of "${name}" is being tried: promote or withdraw it first`,
    );
  if (canary?.share === share && canary.maxOutcomes === maxOutcomes) return undefined;
  return {
    definition,
    base: program.current,
    share,
    maxOutcomes,
    by,
    ...(reason !== undefined && { reason }),
  };
}

/** What the evidence says of the canary that began at `since`. */
export interface Judgement {
  name: string;
  version: string;
  since: number;
  reason: string;
  evidence: CanaryEvidence;
}

const BY_EVIDENCE = "canary";

/** Undefined where that canary is over meanwhile. */
export function decideProven(state: ProgramsState, judgement: Judgement): VersionPromoted | undefined {
  if (!isTried(state, judgement)) return undefined;
  const { name, version, reason, evidence } = judgement;
  const promotion = decidePromote(state, { name, version, pin: false, by: BY_EVIDENCE, reason });
  return promotion && { ...promotion, evidence };
}

/** Undefined where that canary is over meanwhile. */
export function decideDisproven(state: ProgramsState, judgement: Judgement): VersionWithdrawn | undefined {
  const { name, version, reason, evidence } = judgement;
  return isTried(state, judgement) ? { name, version, by: BY_EVIDENCE, reason, evidence } : undefined;
}

function isTried(state: ProgramsState, { name, version, since }: Judgement): boolean {
  const canary = state.programs.get(name)?.canary;
  return canary?.version === version && canary.since === since;
}

/** Told again before the log forgets it: who comes later would not know of it. */
export function decideCanaryRenewal(
  state: ProgramsState,
  name: string,
  range: LogRange,
): CanaryStarted | undefined {
  const program = state.programs.get(name);
  const canary = program?.status === "registered" ? program.canary : undefined;
  if (program === undefined || canary === undefined) return undefined;
  // Who folds the log from its head has to know of the version in use before it.
  const isBefore = canary.sequence < (program.versions.get(program.current)?.sequence ?? 0);
  if (!isBefore && !isOld(canary.sequence, range)) return undefined;
  const { version, base, share, maxOutcomes, by, since } = canary;
  return { definition: existing(program, version), base, share, maxOutcomes, by, since };
}
