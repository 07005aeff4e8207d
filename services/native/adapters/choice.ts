// Choices: one of few labels by how likely the model finds each, without a text being written. One token's probabilities
// instead of an answer: faster than a structured call, and with a confidence.
//
//   openai-compatible with llama.cpp's endpoints ─▶ completion-choice.ts ┐
//   every other server                           ─▶ chat-choice.ts       ┴▶ log-probabilities ─▶ label and confidence

import type { Model } from "../../../schemas/config/models.ts";
import type { LabelScores, ModelAdapter, ModelRequest } from "./adapter.ts";
import { ChatScorer } from "./chat-choice.ts";
import { type Choice, choiceOf } from "./choice-words.ts";
import { CompletionServer } from "./completion-choice.ts";
import { amongLabels, pickLabel } from "./label-scores.ts";
import { type CallInProgress, callModel } from "./model-call.ts";
import { isImage } from "./prompt.ts";
import type { ModelSource, ServerAddress } from "./provider.ts";
import type { Scored } from "./scored.ts";

const PROBE_MS = 5_000;

export function createChoiceAdapter(source: ModelSource): ModelAdapter {
  const scorers = new WeakMap<Model, ModelScorer>();
  return {
    name: "choice",
    call: (request) =>
      callModel(request, source, async (call) => {
        const choice = choiceOf(request.signature, request.settings.words);
        const scorer = scorers.get(request.model) ?? new ModelScorer();
        scorers.set(request.model, scorer);
        const { labelScores, told } = await scoreByAll(request, choice, (one, asked) =>
          call.ask(() => scorer.score(one, asked, call)),
        );
        const { label, confidence } = pickLabel(labelScores, request.means);
        const chosen = choice.labels.find(({ text }) => text === label);
        return {
          ...told,
          text: chosen?.word ?? label,
          outputs: { [choice.output.name]: chosen?.value },
          choice: { labelScores, confidence },
        };
      }),
  };
}

/** What all ways to ask say of each label, each by its weight. */
async function scoreByAll(
  request: ModelRequest,
  choice: Choice,
  score: (request: ModelRequest, choice: Choice) => Promise<Scored>,
): Promise<{ labelScores: LabelScores; told: Omit<Scored, "scores"> }> {
  const { settings, signature } = request;
  const { scores, ...told } = await score(request, choice);
  if (settings.more === undefined && settings.weight === undefined)
    return { labelScores: byLabel(choice, scores), told };
  let sums = weighed(byLabel(choice, scores), settings.weight);
  // One after the other: each has a slot of the model's server while it is asked.
  for (const { prompt, words, weight } of settings.more ?? []) {
    const other = choiceOf(signature, words);
    const more = await score({ ...request, settings: { ...settings, prompt, words } }, other);
    const said = weighed(byLabel(other, more.scores), weight);
    sums = Object.fromEntries(Object.entries(sums).map(([text, sum]) => [text, sum + (said[text] ?? 0)]));
  }
  return { labelScores: amongLabels(sums), told };
}

function weighed(scores: LabelScores, weight = 1): LabelScores {
  return Object.fromEntries(Object.entries(scores).map(([text, score]) => [text, weight * score]));
}

function byLabel({ labels }: Choice, scores: readonly number[]): LabelScores {
  return amongLabels(Object.fromEntries(labels.map(({ text }, index) => [text, scores[index] ?? 0])));
}

/** How one model is asked; found out at its first choice. */
class ModelScorer {
  readonly #chat = new ChatScorer();
  #probe: Promise<CompletionServer | undefined> | undefined;

  async score(request: ModelRequest, choice: Choice, call: CallInProgress): Promise<Scored> {
    const { direct } = call.provided;
    // Only a chat shows images.
    const isText = !request.signature.inputs.some(({ type }) => isImage(type));
    if (direct !== undefined && isText) {
      const server = await this.#completionServer(direct, call.limit.signal);
      const scored = await server?.score(request, choice, call);
      if (scored !== undefined) return scored;
      this.#probe = Promise.resolve(undefined);
    }
    return this.#chat.score(request, choice, call);
  }

  /** Shared by all calls that come meanwhile, so none of them can give it up; it may be tried again when it failed. */
  async #completionServer(address: ServerAddress, signal: AbortSignal) {
    signal.throwIfAborted();
    if (this.#probe === undefined) {
      const probe = CompletionServer.probe(address, AbortSignal.timeout(PROBE_MS));
      probe.catch(() => {
        if (this.#probe === probe) this.#probe = undefined;
      });
      this.#probe = probe;
    }
    const given = Promise.withResolvers<never>();
    const giveUp = () => given.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await Promise.race([this.#probe, given.promise]);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}
