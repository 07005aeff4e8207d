// Work → the adapter that runs its kind of implementation, with the implementation's settings.

import { ATTRIBUTE, SPAN, withSpan } from "../../observability/mod.ts";
import type { Model, Models } from "../../schemas/config/models.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { parseSignatureJson, type Signature } from "../../schemas/signature/mod.ts";
import { armsOf } from "../learning/statistics/arms.ts";
import { choiceLabels } from "../programs/choice-labels.ts";
import {
  createModelAdapters,
  findModel,
  type LabelScores,
  type ModelAdapters,
  type ModelAnswer,
  type ModelRequest,
  type OutputStream,
} from "./adapters/mod.ts";
import { addUsage, NO_USAGE } from "./adapters/usage.ts";
import { type CalibrationSource, Calibrations } from "./calibrations.ts";
import { keyVariables } from "./config.ts";
import { ModelSlots, type SlotLease } from "./model-slots.ts";
import { isModelCall, type ModelCallSettings, settingsOf } from "./settings.ts";
import { chatSpan } from "./spans.ts";

/** The calls of a worker that has these models. */
export function modelCalls(models: Models | undefined, published: CalibrationSource): ModelCalls {
  return new ModelCalls(createModelAdapters({ variables: keyVariables() }), models, published);
}

/** Signatures by definition: parsed once, so that their validators are compiled once. */
const signatures = new WeakMap<ProgramDefinition, Signature>();

export class ModelCalls {
  readonly #adapters: ModelAdapters;
  readonly #models: Models | undefined;
  readonly #published: CalibrationSource;
  readonly #calibrations = new Calibrations();
  readonly #slots = new ModelSlots();

  constructor(adapters: ModelAdapters, models: Models | undefined, published: CalibrationSource) {
    this.#adapters = adapters;
    this.#models = models;
    this.#published = published;
  }

  /** @throws DspexError `module_not_found` for an implementation that is none of this worker's, else the adapter's. */
  run(
    definition: ProgramDefinition,
    work: Work,
    inputs: Record<string, unknown>,
    signal: AbortSignal,
    stream: OutputStream | undefined,
  ): Promise<ModelAnswer> {
    const implementation = definition.implementations.find((i) => i.name === work.implementation);
    if (implementation === undefined || !isModelCall(implementation)) {
      throw new DspexError(
        "module_not_found",
        `"${work.program}" has no model call "${work.implementation}"`,
      );
    }
    const settings = settingsOf(implementation, work.settings);
    const model = findModel(this.#models, settings.model);
    return withSpan("native", SPAN.chat(model.model), chatSpan(model), async (span) => {
      using lease = this.#lease(model, work);
      const request: ModelRequest = {
        model,
        signature: signatureOf(definition),
        inputs,
        settings,
        history: work.history,
        slot: lease?.slot,
        signal,
        stream,
      };
      const answer =
        implementation.kind === "choice"
          ? await this.#choose(definition, implementation, settings, request)
          : await this.#adapters[implementation.kind].call(request);
      span.setAttributes({
        [ATTRIBUTE.genAiResponseModel]: answer.modelId,
        [ATTRIBUTE.genAiInputTokens]: answer.usage.inputTokens,
        [ATTRIBUTE.genAiOutputTokens]: answer.usage.outputTokens,
      });
      const isKept = lease !== undefined && work.session !== undefined;
      return { ...answer, ...(isKept && { slot: lease.slot }) };
    });
  }

  /** A turn finds the prompt of the turn before in the slot of its session, other requests that of their program. */
  #lease({ baseUrl, cacheSlots }: Model, work: Work): SlotLease | undefined {
    if (baseUrl === undefined || cacheSlots === undefined) return undefined;
    const { user, session, program, implementation } = work;
    const owner = session === undefined ? `${program}/${implementation}` : `${user}.${session}`;
    return this.#slots.lease(baseUrl, cacheSlots, owner);
  }

  /** What its calibration inputs cost is counted where they were needed first. */
  async #choose(
    definition: ProgramDefinition,
    { name, calibration = [], offsets }: Extract<Implementation, { kind: "choice" }>,
    settings: ModelCallSettings,
    request: ModelRequest,
  ): Promise<ModelAnswer> {
    const { choice } = this.#adapters;
    // Of this prompt and model alone.
    if (offsets !== undefined && settings.isDeclared) return choice.call({ ...request, means: offsets });
    const arm = armsOf(definition).find((one) => one.name === name)?.key ?? name;
    // With another model or prompt than declared it leans otherwise.
    const own = settings.isDeclared ? "" : JSON.stringify([settings.model, settings.prompt]);
    const key = `${definition.name} ${arm} ${own}`;
    let usage = NO_USAGE;
    const { history: _history, stream: _stream, slot: _slot, ...alone } = request;
    const startedAt = performance.now();
    const means = await this.#calibrations.meansOf({
      key,
      labels: (choiceLabels(request.signature) ?? []).map(({ text }) => text),
      published: settings.isDeclared ? this.#published.calibrationOf(definition.name, arm) : undefined,
      inputs: calibration,
      score: async (inputs): Promise<LabelScores> => {
        // Others may wait for it, too: it does not end with this request.
        const answer = await choice.call({ ...alone, inputs, signal: new AbortController().signal });
        usage = addUsage(usage, answer.usage);
        return answer.choice?.labelScores ?? {};
      },
      signal: request.signal,
    });
    const calibratedMs = performance.now() - startedAt;
    const answer = await choice.call({ ...request, means });
    if (answer.choice !== undefined) this.#calibrations.observe(key, answer.choice.labelScores);
    const timings = { ...answer.timings, modelMs: calibratedMs + answer.timings.modelMs };
    return { ...answer, usage: addUsage(usage, answer.usage), timings };
  }
}

function signatureOf(definition: ProgramDefinition): Signature {
  let signature = signatures.get(definition);
  if (signature === undefined) {
    signature = parseSignatureJson(definition.signature);
    signatures.set(definition, signature);
  }
  return signature;
}
