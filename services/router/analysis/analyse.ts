// Task analysis: what a request looks like before anything has run. Pure and deterministic; about 10 µs, however long the inputs.

import type { RequestOptions } from "../../../schemas/messages/request.ts";
import { type Complexity, complexityOf } from "./complexity.ts";
import { guessLanguage, type Language } from "./language.ts";
import type { TaskProfile } from "./profile.ts";
import { clearCounts, counts } from "./scan.ts";
import { readTexts, walkInputs } from "./texts.ts";
import { REASONING, TOOLS } from "./words.ts";

export interface TaskFeatures {
  /** UTF-8 bytes of the texts plus the size of everything else; over 2 KiB estimated from a sample. */
  inputBytes: number;
  fieldCount: number;
  types: readonly string[];
  language: Language;
  /** Words that ask for reasoning, and for tools, in the inputs. */
  reasoningHints: number;
  toolHints: number;
  /** Earlier turns, of the session or in a history field. */
  historyLength: number;
  requirements: { deadlineMs?: number; tokens?: number; usd?: number; prefer?: "speed" | "quality" | "cost" };
}

export interface TaskNeeds {
  structuredOutput: boolean;
  reasoning: boolean;
  tools: boolean;
  longContext: boolean;
  vision: boolean;
  /** Tokens that a model must be able to read, roughly. */
  contextTokens: number;
  /** Fewer tokens than this the texts cannot be. */
  leastTokens: number;
}

export interface TaskAnalysis {
  features: TaskFeatures;
  complexity: Complexity;
  needs: TaskNeeds;
  /** Where it would go if nothing were known of the implementations. */
  pool: "native" | "general" | "neural";
  /** Kind of task: statistics are kept by it. At most 9 for one program. */
  kind: string;
  /** 0 to 3. */
  lengthBucket: number;
}

/** Inputs from here on need a model with a long context: about 4,000 tokens. */
const LONG_BYTES = 16_384;
const BYTES_PER_TOKEN = 3.5;
/** Hardly a text has more. */
const MOST_BYTES_PER_TOKEN = 8;
/** What instructions, names and a turn of history add, in tokens. */
const FIXED_TOKENS = 200;
const TOKENS_PER_TURN = 150;

/** Words of reasoning that make a need; one may be part of what the text is about. */
const REASONING_HINTS = 2;

/** `turns` = earlier turns of the request's session. */
export function analyseTask(
  profile: TaskProfile,
  inputs: Record<string, unknown>,
  options: RequestOptions,
  turns: number,
): TaskAnalysis {
  clearCounts();
  const walk = walkInputs(inputs);
  const textBytes = readTexts(walk);
  const inputBytes = textBytes + walk.otherBytes;
  const historyLength = Math.max(turns, walk.history);
  const reasoningHints = counts.signs[REASONING] as number;
  const toolHints = counts.signs[TOOLS] as number;
  const language = guessLanguage();
  const complexity = complexityOf(profile, inputBytes, historyLength);
  const needs: TaskNeeds = {
    structuredOutput: profile.shape !== "text",
    reasoning: profile.reasoning || reasoningHints >= REASONING_HINTS,
    tools: profile.tools,
    longContext: inputBytes >= LONG_BYTES,
    vision: profile.vision || walk.images > 0,
    contextTokens: Math.ceil(textBytes / BYTES_PER_TOKEN) + FIXED_TOKENS + TOKENS_PER_TURN * historyLength,
    leastTokens: Math.floor(textBytes / MOST_BYTES_PER_TOKEN),
  };
  const { fieldCount, types, shape } = profile;
  return {
    features: {
      inputBytes,
      fieldCount,
      types,
      language,
      reasoningHints,
      toolHints,
      historyLength,
      requirements: requirementsOf(options),
    },
    complexity,
    needs,
    pool: poolFor(needs, complexity, shape, options.prefer),
    kind: `${shape}/${complexity.level}/${languageGroup(language)}`,
    lengthBucket: lengthBucket(inputBytes),
  };
}

/** Under 128 bytes, 512, 4,096, and more. */
export function lengthBucket(inputBytes: number): number {
  if (inputBytes < 128) return 0;
  if (inputBytes < 512) return 1;
  return inputBytes < 4_096 ? 2 : 3;
}

function requirementsOf({ deadlineMs, budget, prefer }: RequestOptions): TaskFeatures["requirements"] {
  return {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(budget?.tokens !== undefined && { tokens: budget.tokens }),
    ...(budget?.usd !== undefined && { usd: budget.usd }),
    ...(prefer !== undefined && { prefer }),
  };
}

function poolFor(
  needs: TaskNeeds,
  { level }: Complexity,
  shape: TaskProfile["shape"],
  prefer: RequestOptions["prefer"],
): TaskAnalysis["pool"] {
  if (needs.reasoning || needs.tools || needs.vision || needs.longContext || level === "high")
    return "general";
  if (shape === "label" && level === "low" && (prefer === "speed" || prefer === "cost")) return "neural";
  return "native";
}

/** Few groups, or a program's statistics would be spread over too many kinds. What cannot be told counts as English. */
function languageGroup(language: Language): "english" | "latin" | "other" {
  switch (language) {
    case "en":
    case "und":
      return "english";
    case "el":
    case "ru":
    case "he":
    case "ar":
    case "hi":
    case "th":
    case "ko":
    case "ja":
    case "zh":
      return "other";
    default:
      return "latin";
  }
}
