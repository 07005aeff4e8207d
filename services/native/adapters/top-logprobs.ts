// Reads how likely a chat model found the beginnings of its answer, and which labels they are the beginnings of. Pure.

import { isPlainObject } from "../../../schemas/envelope/json-value.ts";
import { logSum } from "./label-scores.ts";

export interface TopToken {
  token: string;
  logprob: number;
}

/** Of the first token that says something; undefined where the server tells no log-probabilities. */
export function topLogprobs(body: unknown): TopToken[] | undefined {
  const told = chatLogprobs(body) ?? responsesLogprobs(body);
  if (!Array.isArray(told)) return undefined;
  const said = told.find((one) => isPlainObject(one) && plainText(String(one.token)) !== "") ?? told[0];
  const top = isPlainObject(said) ? said.top_logprobs : undefined;
  if (!Array.isArray(top) || top.length === 0) return undefined;
  return top.every(isTopToken) ? top : undefined;
}

/** Chat completions. */
function chatLogprobs(body: unknown): unknown {
  return at(body, "choices", 0, "logprobs", "content");
}

/** OpenAI's responses. */
function responsesLogprobs(body: unknown): unknown {
  const output = at(body, "output");
  if (!Array.isArray(output)) return undefined;
  const message = output.find((item) => isPlainObject(item) && item.type === "message");
  return at(message, "content", 0, "logprobs");
}

function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      Array.isArray(inner) || isPlainObject(inner)
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

function isTopToken(one: unknown): one is TopToken {
  return isPlainObject(one) && typeof one.token === "string" && typeof one.logprob === "number";
}

export type Matched =
  | { kind: "scores"; scores: readonly number[] }
  | { kind: "none" }
  /** Both begin with this token, which is likely: which of them was meant cannot be told. */
  | { kind: "alike"; words: readonly string[]; token: string };

/** A beginning that several labels share matters where it is at least this likely beside the likeliest label, e^-3 = 5 %. */
const MATTERS = 3;

/** Spellings of the same word count together: `Positive`, ` positive`, `"positive`. */
export function matchWords(top: readonly TopToken[], words: readonly string[]): Matched {
  const plain = words.map(plainText);
  const found = words.map((): number[] => []);
  const shared: { token: string; logprob: number; among: number[] }[] = [];
  for (const { token, logprob } of top) {
    const text = plainText(token);
    if (text === "" || !Number.isFinite(logprob)) continue;
    const among = plain.flatMap((word, index) => (word.startsWith(text) ? [index] : []));
    const exact = plain.indexOf(text);
    const owner = exact >= 0 ? exact : among.length === 1 ? among[0] : undefined;
    if (owner !== undefined) found[owner]?.push(logprob);
    if (among.length > 1) shared.push({ token, logprob, among });
  }
  const sums = found.map(logSum);
  const greatest = Math.max(...sums, ...shared.map(({ logprob }) => logprob));
  if (greatest === Number.NEGATIVE_INFINITY) return { kind: "none" };
  for (const { token, logprob, among } of shared) {
    const hidden = among.some((index) => found[index]?.length === 0);
    if (hidden && logprob > greatest - MATTERS)
      return { kind: "alike", token, words: among.map((index) => words[index] ?? "") };
  }
  if (found.every(({ length }) => length === 0)) return { kind: "none" };
  // What is not shown is at most as likely as the least of what is.
  const floor = Math.min(...top.map(({ logprob }) => logprob).filter(Number.isFinite));
  return { kind: "scores", scores: sums.map((sum) => (sum === Number.NEGATIVE_INFINITY ? floor : sum)) };
}

function plainText(text: string): string {
  return text.replace(/^[\s"'▁Ġ]+|[\s"'.,}]+$/gu, "").toLowerCase();
}
