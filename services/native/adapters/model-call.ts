// What all adapters share around their calls: the model's object, the time limit, usage and errors.

import { wrapLanguageModel } from "ai";
import { DspexError } from "../../../schemas/errors.ts";
import type { Usage } from "../../../schemas/messages/parts.ts";
import type { ModelAnswer, ModelRequest } from "./adapter.ts";
import { type CallFacts, modelError, withUsage } from "./errors.ts";
import type { ModelObject, ModelSource, ProvidedModel } from "./provider.ts";
import { startTimeLimit, type TimeLimit } from "./time-limit.ts";
import { addUsage, NO_USAGE } from "./usage.ts";

export interface CallInProgress {
  readonly provided: ProvidedModel;
  readonly limit: TimeLimit;
  readonly options: CallOptions;
  /** Counts what a turn has cost, also for the case that the next one fails. */
  spend(usage: Usage): void;
  /** Measures what the model's server takes, and what checking its answer does. */
  ask<Answer>(asking: () => Promise<Answer>): Promise<Answer>;
  check<Checked>(checking: () => Checked): Checked;
  /** What an error of this moment is told with. */
  facts(): CallFacts;
}

/** What every call of the SDK is given. The router retries, where everybody sees it; so the SDK must not. */
interface CallOptions {
  model: ProvidedModel["object"];
  maxRetries: 0;
  abortSignal: AbortSignal;
  maxOutputTokens: number;
  temperature?: number;
  stopSequences?: string[];
}

type Outcome = Omit<ModelAnswer, "usage" | "timings"> & { firstTokenMs?: number | undefined };

/** Runs the turns of one call. @throws DspexError for whatever they throw, with the usage so far. */
export async function callModel(
  request: ModelRequest,
  source: ModelSource,
  turns: (call: CallInProgress) => Promise<Outcome>,
): Promise<ModelAnswer> {
  const { model, settings } = request;
  const timeoutMs = settings.timeoutMs ?? model.timeoutMs;
  using limit = startTimeLimit(timeoutMs, request.signal);
  let usage = NO_USAGE;
  let modelMs = 0;
  let validateMs = 0;
  let secrets: readonly string[] = [];
  const facts = (): CallFacts => ({
    model: model.model,
    secrets,
    signal: request.signal,
    timedOut: limit.timedOut,
    timeoutMs,
    nowMs: Date.now(),
  });
  try {
    const provided = await source(model);
    secrets = provided.secrets;
    const { firstTokenMs, ...outcome } = await turns({
      provided,
      limit,
      options: {
        model: inSlot(provided, request.slot),
        maxRetries: 0,
        abortSignal: limit.signal,
        maxOutputTokens: settings.maxTokens ?? model.maxTokens,
        ...(settings.temperature !== undefined && { temperature: settings.temperature }),
        ...(settings.stop !== undefined && settings.stop.length > 0 && { stopSequences: [...settings.stop] }),
      },
      spend(more) {
        usage = addUsage(usage, more);
      },
      async ask(asking) {
        const startedAt = performance.now();
        const answer = await asking();
        modelMs += performance.now() - startedAt;
        return answer;
      },
      check(checking) {
        const startedAt = performance.now();
        const checked = checking();
        validateMs += performance.now() - startedAt;
        return checked;
      },
      facts,
    });
    const totalMs = limit.elapsedMs;
    const first = firstTokenMs === undefined ? {} : { firstTokenMs };
    return { ...outcome, usage, timings: { ...first, totalMs, modelMs, validateMs } };
  } catch (thrown) {
    throw withUsage(modelError(thrown, facts()), usage);
  }
}

/** Names the slot in each request to the server, beside whatever else an adapter has to tell this provider. */
function inSlot({ object, providerName }: ProvidedModel, slot: number | undefined): ModelObject {
  if (slot === undefined) return object;
  return wrapLanguageModel({
    model: object,
    middleware: {
      specificationVersion: "v4",
      transformParams: async ({ params }) => ({
        ...params,
        providerOptions: {
          ...params.providerOptions,
          [providerName]: { ...params.providerOptions?.[providerName], id_slot: slot },
        },
      }),
    },
  });
}

/** @throws DspexError where the model stopped for another reason than that it was done. */
export function checkFinish(finishReason: string, request: ModelRequest): void {
  const { model, settings } = request;
  if (finishReason === "length") {
    const maxTokens = settings.maxTokens ?? model.maxTokens;
    throw new DspexError(
      "output_parse_error",
      `model "${model.model}" was cut off at ${maxTokens} tokens: raise maxTokens`,
      { retryable: false },
    );
  }
  checkFilter(finishReason, request);
}

export function checkFilter(finishReason: string, { model }: ModelRequest): void {
  if (finishReason === "content-filter")
    throw new DspexError("lm_rejected", `model "${model.model}": its content filter ended the answer`);
}
