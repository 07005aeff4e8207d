// What a choice picks among: the signature's one output, its labels, and the words that stand for them. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import type { Field, LiteralValue, Signature } from "../../../schemas/signature/mod.ts";
import { choiceLabels } from "../../programs/choice-labels.ts";

export interface ChosenLabel {
  /** The label as scores and `words` name it. */
  text: string;
  value: LiteralValue;
  /** What the model says for it. */
  word: string;
}

export interface Choice {
  output: Field;
  labels: readonly ChosenLabel[];
  /** In JSON the words stand in quotes; numbers and truth values that stand for themselves do not. */
  isQuoted: boolean;
}

/** @throws DspexError `invalid_inputs` where the signature is no choice. */
export function choiceOf(signature: Signature, words: Readonly<Record<string, string>> = {}): Choice {
  const labels = choiceLabels(signature);
  const [output] = signature.outputs;
  if (labels === undefined || output === undefined)
    throw new DspexError(
      "invalid_inputs",
      "a choice picks a label: its signature must have one output, a Literal, an enum or a bool",
    );
  const own = (text: string) => (Object.hasOwn(words, text) ? words[text] : undefined);
  return {
    output,
    labels: labels.map(({ text, value }) => ({ text, value, word: own(text) ?? text })),
    isQuoted: labels.some(({ text, value }) => typeof value === "string" || own(text) !== undefined),
  };
}

/** The word for a value that an earlier turn has given. */
export function wordFor({ labels }: Choice, value: unknown): string | undefined {
  return labels.find((label) => label.value === value)?.word;
}
