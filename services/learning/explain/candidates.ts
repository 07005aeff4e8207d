// Each implementation of the program: what it can do, what was known of it, and why it was chosen or not. Pure.

import { DspexError, type WireError } from "../../../schemas/errors.ts";
import type { Explanation } from "../../../schemas/messages/explanation.ts";
import type { Decision } from "../../../schemas/messages/parts.ts";
import type { ArmStanding, TaskStrategy } from "../../../schemas/messages/policy-event.ts";
import type { Implementation, ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../../schemas/messages/request.ts";
import type { TaskAnalysis } from "../../router/analysis/analyse.ts";
import { breakerKeys } from "../../router/breakers/keys.ts";
import { exclusionsOf } from "../../router/eligible.ts";
import { poolOf } from "../../router/pool-of.ts";
import { armsOf } from "../statistics/arms.ts";
import type { Choice } from "./choice.ts";
import { decimal, percent } from "./wording.ts";

export type ExplainedCandidate = Explanation["candidates"][number];

export interface CandidateFacts {
  definition: ProgramDefinition | undefined;
  analysis: TaskAnalysis | undefined;
  options: RequestOptions;
  decision: Decision | undefined;
  /** Of the result. */
  error: WireError | undefined;
  choice: Choice | undefined;
  /** Keys of breakers that were open → why. */
  broken: ReadonlyMap<string, string>;
  /** What was published for this kind of task. */
  strategy: TaskStrategy | undefined;
}

/** In declared order; as the decision lists them where the program is not in the log any more. */
export function candidatesOf(facts: CandidateFacts): ExplainedCandidate[] {
  const { definition, decision } = facts;
  if (definition === undefined) return (decision?.candidates ?? []).map((one) => fromDecision(one, facts));
  const missing = missingOf(facts);
  const keys = armsOf(definition).map(({ key }) => key);
  return definition.implementations.map((implementation, at) => {
    const { name, kind, capabilities } = implementation;
    const recorded = decision?.candidates.find((one) => one.implementation === name);
    const standing = standingOf(facts.strategy, keys[at] as string);
    const lacks = missing.get(name);
    const candidate = {
      implementation: name,
      kind,
      pool: poolOf(implementation),
      ...modelOf(implementation),
      lastResort: implementation.lastResort === true,
      ...(capabilities !== undefined && { capabilities }),
      ...(lacks !== undefined && { missing: lacks }),
      eligible: recorded?.eligible ?? lacks === undefined,
      score: recorded?.score ?? 0,
      probability: recorded?.probability ?? 0,
      chosen: decision?.chosen === name,
      ...(standing !== undefined && { standing }),
    };
    return { ...candidate, why: whyOf(candidate, facts) };
  });
}

function fromDecision(one: Decision["candidates"][number], facts: CandidateFacts): ExplainedCandidate {
  const chosen = facts.decision?.chosen === one.implementation;
  const candidate = { ...one, kind: "unknown", lastResort: false, chosen };
  return { ...candidate, why: whyOf(candidate, facts) };
}

/** What keeps each from taking the request, by the same rules as the router's. */
function missingOf(facts: CandidateFacts): Map<string, string> {
  const { definition, analysis, options, decision, error } = facts;
  const told = missingIn(error);
  if (told !== undefined) return told;
  if (definition === undefined || analysis === undefined) return new Map();
  const named = facts.choice?.namedBy;
  const asked =
    named === undefined || decision === undefined
      ? options
      : { ...options, implementation: decision.chosen, pinnedBy: named };
  const found = exclusionsOf(definition, analysis, asked, () => true);
  if (found instanceof DspexError) return new Map();
  for (const implementation of definition.implementations) {
    const { name, lastResort } = implementation;
    const recorded = decision?.candidates.find((candidate) => candidate.implementation === name);
    if (recorded?.eligible === false && lastResort !== true && !found.has(name))
      found.set(name, troubleOf(definition, implementation, facts.broken));
  }
  return found;
}

/** Why the router left out what could have taken the request. Which functions it has, and what stalls, is not in the log. */
function troubleOf(
  definition: ProgramDefinition,
  implementation: Implementation,
  broken: ReadonlyMap<string, string>,
): string {
  for (const key of breakerKeys(definition, implementation)) {
    const reason = broken.get(key);
    const [kind, name] = key.split("/");
    if (reason !== undefined)
      return `${kind === "arm" ? "it" : `${kind} ${name}`} had failed too often (${reason})`;
  }
  return implementation.kind === "native"
    ? "its function was not in the process of the router"
    : "its attempts were not coming back, or what it runs on had failed too often";
}

/** What the router said of each when none could take the request. */
function missingIn(error: WireError | undefined): Map<string, string> | undefined {
  if (error?.code !== "no_capable_implementation") return undefined;
  const { missing } = (error.details ?? {}) as { missing?: Record<string, string> };
  return missing === undefined ? undefined : new Map(Object.entries(missing));
}

function standingOf(strategy: TaskStrategy | undefined, key: string): ArmStanding | undefined {
  return strategy?.arms.find(({ arm }) => arm === key);
}

function modelOf(implementation: Implementation): { model?: string } {
  return "model" in implementation && implementation.model !== undefined
    ? { model: implementation.model }
    : {};
}

type Unexplained = Omit<ExplainedCandidate, "why">;

function whyOf(candidate: Unexplained, facts: CandidateFacts): string {
  const { choice, decision } = facts;
  if (candidate.missing !== undefined) return `left out: ${candidate.missing}`;
  if (decision === undefined || choice === undefined) return "no decision was taken";
  if (candidate.chosen) return whyChosen(candidate, choice);
  if (!candidate.eligible) {
    return candidate.lastResort
      ? "kept for when all others have failed: it is declared as the last resort"
      : "left out: it could not take requests then";
  }
  const { best, chosen, how } = choice;
  if (how === "declared-order") return `declared after ${chosen.implementation}`;
  const chance = `it had a chance of ${percent(candidate.probability)}`;
  if (how === "evenly") return chance;
  if (candidate.implementation === best.implementation)
    return `expected to do best (${decimal(candidate.score)}), but the draw fell on ${chosen.implementation}; ${chance}`;
  const { score } = candidate;
  return score > chosen.score
    ? `expected to do better (${decimal(score)}) than ${chosen.implementation}, but the draw fell there; ${chance}`
    : `expected to do worse (${decimal(score)}) than ${chosen.implementation} (${decimal(chosen.score)}); ${chance}`;
}

function whyChosen({ probability, score }: Unexplained, { how, best, chosen, namedBy }: Choice): string {
  switch (how) {
    case "named":
      return `chosen: ${namedBy === undefined ? "the request" : `variable "${namedBy}"`} names it`;
    case "only":
      return "chosen: nothing else could take the request";
    case "declared-order":
      return "chosen: the first in declared order that can take the request";
    case "evenly":
      return `chosen by chance, as likely as any other (${percent(probability)})`;
    default:
      return best.implementation === chosen.implementation
        ? `chosen: expected to do best (${decimal(score)}), which gave it a chance of ${percent(probability)}`
        : `chosen by chance (${percent(probability)}), to go on learning: ${best.implementation} is expected to do better (${decimal(best.score)} against ${decimal(score)})`;
  }
}
