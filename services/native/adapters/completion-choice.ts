// Likelihoods of labels from llama.cpp's own endpoints, where a model's server has them: the labels' tokens are known, so
// exactly they are compared, in one step of the model for each fork. Nothing is generated.
//
//   /tokenize, once for each word ─▶ forks ─▶ /completion with the tokens of a fork alone ─▶ log-probabilities

import { APICallError } from "ai";
import { isPlainObject } from "../../../schemas/envelope/json-value.ts";
import { DspexError } from "../../../schemas/errors.ts";
import type { ModelRequest } from "./adapter.ts";
import { completionPrompt, gapAfter } from "./choice-prompt.ts";
import type { Choice } from "./choice-words.ts";
import { type Fork, forksOf } from "./label-tokens.ts";
import type { CallInProgress } from "./model-call.ts";
import { postJson } from "./post-json.ts";
import type { ServerAddress } from "./provider.ts";
import type { Scored } from "./scored.ts";
import { readUsage } from "./usage.ts";

/** Texts whose tokens are kept for each server. */
const MAX_KEPT = 4_096;
/** Added to the tokens of a fork: nothing else is left to be said. */
const BIAS = 100;
/** Temporary: a loading model or a proxy without its server says nothing of what the server can do. */
const PASSING = new Set([408, 429, 502, 503, 504, 529]);
const ABSENT = new Set([403, 404, 405, 501]);

export class CompletionServer {
  readonly #root: string;
  readonly #apiKey: string | undefined;
  readonly #tokens = new Map<string, readonly number[]>();

  private constructor(root: string, apiKey: string | undefined) {
    this.#root = root;
    this.#apiKey = apiKey;
  }

  /** Undefined where the server has no such endpoints. @throws what says nothing of that, such as no connection. */
  static async probe({ baseUrl, apiKey }: ServerAddress, signal: AbortSignal) {
    const server = new CompletionServer(baseUrl.replace(/\/v1\/?$/, ""), apiKey);
    const isNone = (status: number) => !PASSING.has(status);
    return (await unless(isNone, server.#tokenize("a", signal))) === undefined ? undefined : server;
  }

  /** Undefined where the server turns out not to tell probabilities this way. @throws DspexError, APICallError */
  async score(request: ModelRequest, choice: Choice, call: CallInProgress): Promise<Scored | undefined> {
    const prompt = completionPrompt(request, choice);
    const forks = await this.#forks(prompt, choice, request, call.limit.signal);
    const scores = choice.labels.map(() => 0);
    let told: Record<string, unknown> = {};
    // One after the other: each finds the prompt computed already.
    for (const fork of forks) {
      const isNone = (status: number) => ABSENT.has(status);
      const answer = await unless(isNone, this.#complete(prompt, fork, request.slot, call.limit.signal));
      const likelihoods = answer && likelihoodsOf(answer, fork);
      if (answer === undefined || likelihoods === undefined) return undefined;
      call.spend(readUsage(usageIn(answer), request.model));
      fork.ways.forEach(({ labels }, way) => {
        for (const label of labels) scores[label] = (scores[label] ?? 0) + (likelihoods[way] ?? 0);
      });
      told = answer;
    }
    return {
      scores,
      finishReason: told.stop_type === "limit" ? "length" : "stop",
      modelId: typeof told.model === "string" ? told.model : request.model.model,
    };
  }

  async #forks(prompt: string, { labels }: Choice, { model }: ModelRequest, signal: AbortSignal) {
    const gap = gapAfter(prompt);
    const last = prompt.at(-1) ?? "";
    // How a word is cut depends on what stands before it; which letter does not matter.
    const before = /^[\p{L}\p{N}]?$/u.test(last) ? "a" : last;
    const cut: (readonly number[])[] = [];
    for (const text of ["\n", ...labels.map(({ word }) => gap + word)])
      cut.push(await this.#tokensAfter(before, text, signal));
    const [end, ...words] = cut;
    const forks = forksOf(words, end?.[0] ?? 0);
    if (forks !== undefined) return forks;
    const list = labels.map(({ word }) => JSON.stringify(word)).join(", ");
    throw new DspexError(
      "lm_rejected",
      `model "${model.model}" reads two of the words ${list} as the same: give the choice other words`,
    );
  }

  async #tokensAfter(before: string, text: string, signal: AbortSignal): Promise<readonly number[]> {
    const head = await this.#tokensOf(before, signal);
    const whole = await this.#tokensOf(before + text, signal);
    // Where both grow together into one token, the text stands alone.
    const isCut = head.every((token, index) => whole[index] === token);
    return isCut ? whole.slice(head.length) : this.#tokensOf(text, signal);
  }

  async #tokensOf(text: string, signal: AbortSignal): Promise<readonly number[]> {
    const known = this.#tokens.get(text);
    if (known !== undefined) return known;
    const tokens = await this.#tokenize(text, signal);
    if (this.#tokens.size >= MAX_KEPT) this.#tokens.clear();
    this.#tokens.set(text, tokens);
    return tokens;
  }

  async #tokenize(content: string, signal: AbortSignal): Promise<number[]> {
    const url = `${this.#root}/tokenize`;
    const { tokens } = await postJson(url, { content }, { apiKey: this.#apiKey, signal });
    if (Array.isArray(tokens) && tokens.every(Number.isInteger)) return tokens;
    throw new APICallError({ message: "no tokens", url, requestBodyValues: {}, statusCode: 200 });
  }

  #complete(prompt: string, { path, ways }: Fork, slot: number | undefined, signal: AbortSignal) {
    const body = {
      prompt: path.length === 0 ? prompt : [prompt, ...path],
      n_predict: 1,
      temperature: 1,
      top_k: 0,
      top_p: 1,
      min_p: 0,
      samplers: ["temperature"],
      n_probs: ways.length,
      post_sampling_probs: true,
      logit_bias: ways.map(({ token }) => [token, BIAS]),
      cache_prompt: true,
      ...(slot !== undefined && { id_slot: slot }),
    };
    return postJson(`${this.#root}/completion`, body, { apiKey: this.#apiKey, signal });
  }
}

/** Undefined where the answer's status says that there is no such endpoint. */
async function unless<T>(isNone: (status: number) => boolean, asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (APICallError.isInstance(error) && error.statusCode !== undefined && isNone(error.statusCode))
      return undefined;
    throw error;
  }
}

/** Logarithms, by way; undefined where the answer has no probabilities. */
function likelihoodsOf(answer: Record<string, unknown>, { ways }: Fork): number[] | undefined {
  const first = Array.isArray(answer.completion_probabilities)
    ? answer.completion_probabilities[0]
    : undefined;
  const top = isPlainObject(first) ? first.top_probs : undefined;
  if (!Array.isArray(top)) return undefined;
  const byToken = new Map(top.filter(isPlainObject).map(({ id, prob }) => [id, prob]));
  if (!ways.some(({ token }) => byToken.has(token))) return undefined;
  return ways.map(({ token }) => Math.log(Number(byToken.get(token) ?? 0)));
}

function usageIn({ tokens_evaluated, tokens_predicted }: Record<string, unknown>) {
  return { inputTokens: Number(tokens_evaluated ?? 0), outputTokens: Number(tokens_predicted ?? 0) };
}
