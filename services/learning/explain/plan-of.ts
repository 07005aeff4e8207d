// What would have followed the first attempt. Work and failures carry it; of an attempt inside the router that answered
// it is made again, as the router made it. Pure.

import type { PlanStep } from "../../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import { makePlan } from "../../router/plan.ts";
import type { ExplainedCandidate } from "./candidates.ts";

export function planOf(
  definition: ProgramDefinition | undefined,
  candidates: readonly ExplainedCandidate[],
): PlanStep[] {
  const find = (name: string) => definition?.implementations.find((one) => one.name === name);
  const chosen = find(candidates.find((one) => one.chosen)?.implementation ?? "");
  if (chosen === undefined) return [];
  const others = candidates.filter((one) => !one.chosen && one.missing === undefined);
  const ordered = [
    ...others.filter(({ eligible }) => eligible).sort((a, b) => b.score - a.score),
    ...others.filter(({ eligible }) => !eligible),
  ];
  const next = ordered.map(({ implementation }) => find(implementation)).filter((one) => one !== undefined);
  return makePlan(chosen, next);
}
