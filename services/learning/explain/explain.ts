// What the log holds of one request → why it went where it went, and what became of it. Pure: the same messages give the
// same explanation, whenever one asks.

import type { Explanation } from "../../../schemas/messages/explanation.ts";
import type { Decision } from "../../../schemas/messages/parts.ts";
import { placeSchema } from "../../../schemas/messages/parts.ts";
import type { TaskStrategy } from "../../../schemas/messages/policy-event.ts";
import { validateInputs } from "../../../schemas/signature/mod.ts";
import type { TaskAnalysis } from "../../router/analysis/analyse.ts";
import { signatureOf } from "../../router/definitions.ts";
import { analysisOf } from "../../router/question.ts";
import { uniform } from "../../router/strategies/thompson/draw.ts";
import { candidatesOf, type ExplainedCandidate } from "./candidates.ts";
import { type Choice, choiceOf } from "./choice.ts";
import { eventsOf } from "./events.ts";
import { planOf } from "./plan-of.ts";
import { type FirstDecision, firstDecision, type PolicyInForce, type RequestStory } from "./story.ts";
import { summaryOf } from "./summary.ts";
import { rfc3339 } from "./wording.ts";

/** `seed` = the one under which routers draw. */
export function explanationOf(story: RequestStory, seed: number): Explanation {
  const { id, program, asked, result, policy } = story;
  const analysis = analysed(story);
  const first = firstDecision(story);
  const choice = first === undefined ? undefined : choiceOf(first.decision);
  const task = taskOf(first?.decision) ?? analysis?.kind;
  const strategy = strategyOf(policy, program, task);
  const candidates = candidatesOf({
    definition: story.definition,
    analysis,
    options: asked?.options ?? {},
    decision: first?.decision,
    error: result?.data.error,
    choice,
    broken: story.broken,
    strategy,
  });
  const version = result?.data.version ?? story.work.at(-1)?.data.version;
  return {
    id,
    program,
    ...(version !== undefined && { version }),
    status: result?.data.status ?? "pending",
    summary: summaryOf(story, choice, candidates),
    request: {
      sequence: story.sequence,
      time: rfc3339(story.timeMs),
      ...(asked !== undefined && { options: asked.options }),
    },
    ...(analysis !== undefined && { analysis: inWire(analysis) }),
    ...(first !== undefined &&
      choice !== undefined && { decision: decisionOf(story, first, choice, candidates, seed) }),
    ...(first !== undefined &&
      policy !== undefined && { policy: policyOf(first.decision, policy, strategy) }),
    candidates,
    ...(result !== undefined && { result: resultOf(result.data) }),
    events: eventsOf(story),
    moreFeedback: story.moreFeedback,
  };
}

/** As the router found it: of inputs with their defaults filled in, and the turns that the work carried. */
function analysed({ definition, asked, work }: RequestStory): TaskAnalysis | undefined {
  if (definition === undefined || asked === undefined) return undefined;
  const checked = validateInputs(signatureOf(definition), asked.inputs, { references: true });
  const inputs = checked.ok ? (checked.value as Record<string, unknown>) : asked.inputs;
  return analysisOf(definition, inputs, asked.options, work[0]?.data.history?.length ?? 0);
}

function inWire({ features, ...rest }: TaskAnalysis): NonNullable<Explanation["analysis"]> {
  return { ...rest, features: { ...features, types: [...features.types] } };
}

function taskOf(decision: Decision | undefined): string | undefined {
  return placeOf(decision)?.task;
}

function placeOf(decision: Decision | undefined) {
  return placeSchema.safeParse(decision?.features.place).data;
}

function decisionOf(
  story: RequestStory,
  { decision, plan }: FirstDecision,
  { how, chosen, from, to }: Choice,
  candidates: readonly ExplainedCandidate[],
  seed: number,
): NonNullable<Explanation["decision"]> {
  const place = placeOf(decision);
  const isDrawn = how === "learned" || how === "evenly";
  return {
    how,
    chosen: decision.chosen,
    stateSequence: decision.stateSequence,
    ...(isDrawn && {
      draw: { probability: chosen.probability, from, to, number: uniform(seed, story.id), seed },
    }),
    features: decision.features,
    ...(place !== undefined && { place }),
    inFlight: decision.inFlight,
    plan: [...(plan ?? planOf(story.definition, candidates))],
  };
}

/** What was published of this kind of task. */
function strategyOf(
  policy: PolicyInForce | undefined,
  program: string,
  task: string | undefined,
): TaskStrategy | undefined {
  const published = policy?.evidence?.data.programs.find((one) => one.program === program);
  return published?.strategies.find((one) => one.task === task);
}

function policyOf(
  { policyVersion }: Decision,
  { settings, change, published, evidence }: PolicyInForce,
  strategy: TaskStrategy | undefined,
): NonNullable<Explanation["policy"]> {
  return {
    version: policyVersion,
    settings,
    ...(change !== undefined && { change: changeOf(change) }),
    ...(published !== undefined && {
      published: {
        sequence: published.sequence,
        time: rfc3339(published.timeMs),
        coveredSequence: published.data.coveredSequence,
        outcomes: published.data.outcomes,
      },
    }),
    ...(evidence !== undefined && {
      evidence: {
        version: evidence.data.version,
        sequence: evidence.sequence,
        time: rfc3339(evidence.timeMs),
        ...(strategy !== undefined && { task: strategy.task }),
      },
    }),
  };
}

function changeOf({ verb, sequence, timeMs, data }: NonNullable<PolicyInForce["change"]>) {
  const { by, reason, evidence } = data;
  return {
    verb,
    sequence,
    time: rfc3339(timeMs),
    by,
    ...(reason !== undefined && { reason }),
    ...(evidence !== undefined && { evidence }),
  };
}

function resultOf(result: NonNullable<RequestStory["result"]>["data"]): NonNullable<Explanation["result"]> {
  const { implementation, attempts, error, fallbackReason, confidence, validation, usage, timings } = result;
  return {
    ...(implementation !== undefined && { implementation }),
    attempts: attempts.length,
    ...(error !== undefined && { error }),
    ...(fallbackReason !== undefined && { fallbackReason }),
    ...(confidence !== undefined && { confidence }),
    ...(validation !== undefined && { validation }),
    usage,
    queueMs: timings.queueMs,
    runMs: timings.runMs,
    totalMs: timings.totalMs,
  };
}
