// The endpoints by which llama.cpp tells likelihoods, with a vocabulary and likelihoods that a test gives: for
// `startFakeModelServer(answer, fakeLlama({…}).endpoints)`.

import { type FakeAnswer, type FakeEndpoints, sendJson } from "./fake-model-server.ts";

interface FakeLlamaSettings {
  /** Longest first match; every other character is a token of its own. */
  vocabulary: readonly string[];
  /** Of each token that may follow a text, in any proportion; absent = 0. */
  likelihoods: (text: string) => Readonly<Record<string, number>>;
}

export interface Completion {
  /** The prompt with the tokens that follow it put into words. */
  text: string;
  biased: readonly string[];
  /** The slot that was named. */
  slot?: number;
}

export interface FakeLlama {
  readonly endpoints: FakeEndpoints;
  readonly completions: readonly Completion[];
  readonly tokenized: readonly string[];
  /** For the next completions, one each. */
  next(...answers: FakeAnswer[]): void;
}

const CHARACTERS = 1_000_000;

export function fakeLlama({ vocabulary, likelihoods }: FakeLlamaSettings): FakeLlama {
  const longestFirst = [...vocabulary].sort((a, b) => b.length - a.length);
  const completions: Completion[] = [];
  const tokenized: string[] = [];
  const queue: FakeAnswer[] = [];

  const tokens = (text: string): number[] => {
    if (text === "") return [];
    const piece = longestFirst.find((one) => text.startsWith(one));
    return piece === undefined
      ? [CHARACTERS + (text.codePointAt(0) ?? 0), ...tokens(text.slice(1))]
      : [vocabulary.indexOf(piece), ...tokens(text.slice(piece.length))];
  };
  const piece = (token: number) => vocabulary[token] ?? String.fromCodePoint(token - CHARACTERS);

  return {
    completions,
    tokenized,
    next: (...answers) => void queue.push(...answers),
    endpoints: {
      "/tokenize": ({ content }, response) => {
        tokenized.push(String(content));
        sendJson(response, 200, { tokens: tokens(String(content)) });
      },
      "/completion": async (body, response) => {
        const [text = "", ...path] = [body.prompt].flat() as [string?, ...number[]];
        const allowed = (body.logit_bias as [number, number][]).map(([token]) => token);
        const biased = allowed.map(piece);
        const slot = body.id_slot as number | undefined;
        completions.push({
          text: text + path.map(piece).join(""),
          biased,
          ...(slot !== undefined && { slot }),
        });
        const other = queue.shift();
        if (other !== undefined) return other(body as never, response);
        const known = likelihoods(text + path.map(piece).join(""));
        const all = biased.reduce((sum, one) => sum + (known[one] ?? 0), 0);
        sendJson(response, 200, {
          model: "fake-llama",
          content: "",
          stop_type: "limit",
          tokens_evaluated: tokens(text).length + path.length,
          tokens_predicted: 1,
          completion_probabilities: [
            {
              top_probs: allowed
                .map((id, index) => ({ id, prob: (known[biased[index] ?? ""] ?? 0) / all }))
                .sort((a, b) => b.prob - a.prob)
                .slice(0, Number(body.n_probs)),
            },
          ],
        });
      },
    },
  };
}
