// The whole in a sentence or two: what was chosen and why, and how it ended. Pure.

import type { Result } from "../../../schemas/messages/result.ts";
import type { ExplainedCandidate } from "./candidates.ts";
import type { Choice } from "./choice.ts";
import type { RequestStory } from "./story.ts";
import { decimal, percent, span } from "./wording.ts";

export function summaryOf(
  story: RequestStory,
  choice: Choice | undefined,
  candidates: readonly ExplainedCandidate[],
): string {
  const chosen = choice === undefined ? undefined : chosenText(choice, candidates.length);
  return [chosen, endText(story, choice), validatedText(story)]
    .filter((text) => text !== undefined)
    .join(" ");
}

/** Those that an answer may not fail have told so as its failure. */
function validatedText({ result }: RequestStory): string | undefined {
  const { verdicts = [], quality } = result?.data.validation ?? {};
  if (verdicts.length === 0) return undefined;
  const failed = verdicts.filter(({ valid }) => !valid);
  const scored = quality === undefined ? "" : `, which makes a quality of ${decimal(quality)}`;
  if (failed.length === 0) return `All of its validators passed${scored}.`;
  const names = failed.map(({ validator }) => validator).join(", ");
  return `Of its ${verdicts.length} validators ${names} did not pass${scored}.`;
}

function chosenText({ how, chosen, best, namedBy }: Choice, count: number): string {
  const { implementation: name, probability } = chosen;
  const among = count > 1 ? ` of ${count}` : "";
  switch (how) {
    case "named":
      return namedBy === undefined ? `The request names ${name}.` : `Variable ${namedBy} names ${name}.`;
    case "only":
      return count > 1
        ? `Of ${count} implementations ${name} alone could take the request.`
        : `${name} is the only implementation.`;
    case "declared-order":
      return `${name} was chosen${among}: the first in declared order that could take the request.`;
    case "evenly":
      return `${name} was chosen${among} by chance, each as likely as any other.`;
    default:
      return best.implementation === name
        ? `${name} was chosen${among} with a probability of ${percent(probability)}: it was expected to do best.`
        : `${name} was chosen${among} with a probability of ${percent(probability)}, to go on learning: ${best.implementation} was expected to do better.`;
  }
}

function endText({ result, failures, work }: RequestStory, choice: Choice | undefined): string {
  if (result === undefined) {
    if (failures.length > 0) return `${failedText(failures.length)}, the next is on its way.`;
    return work.length > 0 ? "It has not answered yet." : "It waits to be routed.";
  }
  const { data } = result;
  return data.status === "succeeded" ? answeredText(data, choice) : `${unanswered(data)}.`;
}

function answeredText({ implementation, attempts, timings }: Result, choice: Choice | undefined): string {
  const time = `${span(timings.totalMs)} after the request`;
  const failed = attempts.filter(({ error }) => error !== undefined);
  if (failed.length === 0) {
    return implementation === undefined || implementation === choice?.chosen.implementation
      ? `It answered, ${time}.`
      : `${implementation} answered, ${time}.`;
  }
  const codes = [...new Set(failed.map(({ error }) => error?.code))].join(", ");
  return `${failedText(failed.length)} (${codes}); ${implementation} answered, ${time}.`;
}

function unanswered({ status, error, attempts }: Result): string {
  const tries = attempts.length > 1 ? ` after ${attempts.length} attempts` : "";
  const why = error === undefined ? "" : `: ${error.code}: ${error.message}`;
  return status === "cancelled" ? `It was cancelled${tries}` : `It failed${tries}${why}`;
}

function failedText(count: number): string {
  return count === 1 ? "One attempt failed" : `${count} attempts failed`;
}
