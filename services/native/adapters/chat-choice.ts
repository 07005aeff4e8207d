// Likelihoods of labels from a chat: the log-probabilities that a server tells of the first token of its answer. Whether it
// goes on with an answer that was begun for it, or wants to be asked for a word, is found out once for each model.

import { generateText } from "ai";
import { DspexError, isDspexError } from "../../../schemas/errors.ts";
import type { ModelRequest } from "./adapter.ts";
import { type ChatForm, chatMessages } from "./choice-prompt.ts";
import type { Choice } from "./choice-words.ts";
import { modelError } from "./errors.ts";
import { type CallInProgress, checkFilter } from "./model-call.ts";
import type { Scored } from "./scored.ts";
import { matchWords, type TopToken, topLogprobs } from "./top-logprobs.ts";
import { readUsage } from "./usage.ts";

/** What OpenAI and vLLM tell at most. */
const TOP = 20;
/** OpenAI's responses are at least this long, and never go on with what was begun. */
const LEAST_OF_RESPONSES = 16;
const OPENAI = "openai";
const REFUSES_BEGUN = /assistant|prefill|last message|final message|\brole/i;

export class ChatScorer {
  #form: ChatForm | undefined;

  async score(request: ModelRequest, choice: Choice, call: CallInProgress): Promise<Scored> {
    if (this.#form === undefined && call.provided.providerName === OPENAI) this.#form = "word";
    const form = this.#form ?? "begun";
    const first = await this.#ask(request, choice, call, form).catch((error: unknown) => {
      if (this.#form !== undefined || !refusesBegun(error)) throw error;
      return undefined;
    });
    if (first !== undefined && "scores" in first) {
      this.#form = form;
      return first;
    }
    if (this.#form !== undefined) throw noLabel(request, first?.top ?? []);
    const second = await this.#ask(request, choice, call, "word");
    if (!("scores" in second)) throw noLabel(request, second.top);
    this.#form = "word";
    return second;
  }

  async #ask(
    request: ModelRequest,
    choice: Choice,
    call: CallInProgress,
    form: ChatForm,
  ): Promise<Scored | { top: TopToken[] }> {
    const { model } = request;
    const { providerName } = call.provided;
    const isOpenai = providerName === OPENAI;
    const result = await generateText({
      ...call.options,
      maxOutputTokens: isOpenai ? LEAST_OF_RESPONSES : 1,
      messages: chatMessages(request, choice, form),
      include: { responseBody: true },
      providerOptions: {
        [providerName]: isOpenai ? { logprobs: TOP } : { logprobs: true, top_logprobs: TOP },
      },
    }).catch((error: unknown) => {
      throw modelError(error, call.facts());
    });
    call.spend(readUsage(result.usage, model));
    checkFilter(result.finishReason, request);
    const top = topLogprobs(result.response.body);
    if (top === undefined)
      throw new DspexError(
        "lm_rejected",
        `model "${model.model}": its server tells no log-probabilities (top_logprobs of the first token), which a choice needs: use a structured call`,
        { details: { model: model.model, missing: "top_logprobs" } },
      );
    const words = choice.labels.map(({ word }) => word);
    const matched = matchWords(top, words);
    if (matched.kind === "none") return { top };
    if (matched.kind === "alike")
      throw new DspexError(
        "lm_rejected",
        `model "${model.model}" begins ${matched.words.map((word) => JSON.stringify(word)).join(" and ")} with the same ${JSON.stringify(matched.token)}: give the choice words that begin differently`,
        { details: { model: model.model, token: matched.token } },
      );
    return { scores: matched.scores, finishReason: result.finishReason, modelId: result.response.modelId };
  }
}

function refusesBegun(error: unknown): boolean {
  return isDspexError(error) && error.code === "lm_rejected" && REFUSES_BEGUN.test(error.message);
}

function noLabel({ model }: ModelRequest, top: readonly TopToken[]): DspexError {
  const shown = top.slice(0, 5).map(({ token }) => JSON.stringify(token));
  return new DspexError(
    "output_parse_error",
    `model "${model.model}" would say ${shown.join(", ")}, none of which begins a label: give the choice a prompt that asks for one`,
    { retryable: false },
  );
}
