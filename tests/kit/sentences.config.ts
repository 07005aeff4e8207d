// A program whose prompt can be improved, and a model that leans to one label whatever it reads unless it is asked well:
// for tests of optimisations, with the model's server that plays it.

import { defineConfig, defineProgram, dspy } from "../../services/programs/define.ts";
import { type FakeLlama, fakeLlama } from "./fake-llama.ts";

export default defineConfig({
  programs: [
    defineProgram("mood", 'text: str -> label: Literal["positive", "negative"]', {
      implementations: [
        dspy("predict", { pool: "general", module: "Predict", temperature: 0, maxTokens: 40 }),
      ],
    }),
  ],
});

const GOOD = ["lovely", "great", "happy", "fine", "bright"];
const BAD = ["awful", "dull", "sad", "broken", "rude"];

export interface Sentence {
  inputs: { text: string };
  outputs: { label: string };
}

export function sentences(count: number): Sentence[] {
  return Array.from({ length: count }, (_, n) => {
    const isGood = n % 2 === 0;
    const word = (isGood ? GOOD : BAD)[Math.floor(n / 2) % GOOD.length];
    return {
      inputs: { text: `Thing ${n} was ${word} to me.` },
      outputs: { label: isGood ? "positive" : "negative" },
    };
  });
}

/** It hears what is good and bad, more clearly where a mood is asked for, and leans to what is good. */
export function leaningLlama(): FakeLlama {
  return fakeLlama({
    vocabulary: [" positive", " negative", " good", " bad", " great", " terrible", " Positive", " Negative"],
    likelihoods: (text) => {
      const shown = text.split("\n\n").at(-1) ?? text;
      const clear = /ood/.test(shown) ? 2 : 0.7;
      const isGood = GOOD.some((word) => shown.includes(word));
      const good = Math.exp(3 + (isGood ? clear : -clear));
      return { " positive": good, " good": good, " great": good, " Positive": good, ...NEGATIVE };
    },
  });
}
const NEGATIVE = { " negative": 1, " bad": 1, " terrible": 1, " Negative": 1 };
