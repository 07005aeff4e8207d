// How hard a task looks, from 0 to 1: a weighted sum of what makes tasks hard, each part between 0 and 1. A prior for
// routing, not a truth; what is learned by kind of task corrects it.

import type { TaskProfile } from "./profile.ts";
import { counts } from "./scan.ts";
import { REASONING } from "./words.ts";

export type Level = "low" | "medium" | "high";

export interface Complexity {
  level: Level;
  score: number;
}

const WEIGHTS = { length: 0.25, outputs: 0.15, asked: 0.2, hinted: 0.2, arithmetic: 0.1, history: 0.1 };
const MEDIUM = 0.2;
const HIGH = 0.45;

export function complexityOf(profile: TaskProfile, inputBytes: number, history: number): Complexity {
  // Of the sample, which is all of it up to 2 KiB.
  const hints = counts.signs[REASONING] as number;
  const numbers = counts.units === 0 ? 0 : (counts.digits + 2 * counts.operators) / counts.units;
  const score =
    WEIGHTS.length * clamp((log2(inputBytes) - 6) / 10) +
    WEIGHTS.outputs * clamp((profile.outputCount - 1) / 6 + (profile.outputDepth - 1) / 4) +
    WEIGHTS.asked * (profile.reasoning ? 1 : 0) +
    WEIGHTS.hinted * clamp(hints / 4) +
    WEIGHTS.arithmetic * clamp(4 * numbers) +
    WEIGHTS.history * clamp(history / 10);
  return { level: score < MEDIUM ? "low" : score < HIGH ? "medium" : "high", score: round(score) };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Straight between powers of two, which every machine computes alike. */
function log2(value: number): number {
  if (value < 1) return 0;
  const whole = 31 - Math.clz32(value);
  return whole + value / ((1 << whole) >>> 0) - 1;
}

function round(score: number): number {
  return Math.round(score * 1_000) / 1_000;
}
