// Work → the adapter that runs its kind of implementation, with the implementation's settings.

import { ATTRIBUTE, SPAN, withSpan } from "../../observability/mod.ts";
import type { Models } from "../../schemas/config/models.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { parseSignatureJson, type Signature } from "../../schemas/signature/mod.ts";
import {
  createModelAdapters,
  findModel,
  type ModelAdapters,
  type ModelAnswer,
  type ModelSettings,
} from "./adapters/mod.ts";
import { keyVariables } from "./config.ts";
import { chatSpan } from "./spans.ts";

/** The calls of a worker that has these models. */
export function modelCalls(models: Models | undefined): ModelCalls {
  return new ModelCalls(createModelAdapters({ variables: keyVariables() }), models);
}

/** Signatures by definition: parsed once, so that their validators are compiled once. */
const signatures = new WeakMap<ProgramDefinition, Signature>();

export class ModelCalls {
  readonly #adapters: ModelAdapters;
  readonly #models: Models | undefined;

  constructor(adapters: ModelAdapters, models: Models | undefined) {
    this.#adapters = adapters;
    this.#models = models;
  }

  /** @throws DspexError `module_not_found` for an implementation that is none of this worker's, else the adapter's. */
  run(
    definition: ProgramDefinition,
    work: Work,
    inputs: Record<string, unknown>,
    signal: AbortSignal,
    onDelta: ((text: string) => Promise<void>) | undefined,
  ): Promise<ModelAnswer> {
    const implementation = definition.implementations.find((i) => i.name === work.implementation);
    if (implementation === undefined || !isModelCall(implementation)) {
      throw new DspexError(
        "module_not_found",
        `"${work.program}" has no model call "${work.implementation}"`,
      );
    }
    const model = findModel(this.#models, implementation.model);
    return withSpan("native", SPAN.chat(model.model), chatSpan(model), async (span) => {
      const answer = await this.#adapters[implementation.kind].call({
        model,
        signature: signatureOf(definition),
        inputs,
        settings: settingsOf(implementation),
        history: work.history,
        signal,
        onDelta,
      });
      span.setAttributes({
        [ATTRIBUTE.genAiResponseModel]: answer.modelId,
        [ATTRIBUTE.genAiInputTokens]: answer.usage.inputTokens,
        [ATTRIBUTE.genAiOutputTokens]: answer.usage.outputTokens,
      });
      return answer;
    });
  }
}

type ModelCallImplementation = Extract<Implementation, { kind: "structured" | "plain" }>;

function isModelCall(implementation: Implementation): implementation is ModelCallImplementation {
  return implementation.kind === "structured" || implementation.kind === "plain";
}

function settingsOf(implementation: ModelCallImplementation): ModelSettings {
  const { temperature, maxTokens, timeoutMs, prompt } = implementation;
  return {
    temperature,
    maxTokens,
    timeoutMs,
    prompt,
    ...(implementation.kind === "plain" && { stop: implementation.stop }),
  };
}

function signatureOf(definition: ProgramDefinition): Signature {
  let signature = signatures.get(definition);
  if (signature === undefined) {
    signature = parseSignatureJson(definition.signature);
    signatures.set(definition, signature);
  }
  return signature;
}
