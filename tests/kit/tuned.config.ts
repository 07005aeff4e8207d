// Programs whose answers are as good as their variables: for tests that search for better values. What is right is known,
// so a test knows what a search should find.

import { defineConfig, defineProgram, native, variable } from "../../services/programs/mod.ts";

/** Numbers from here on are high. */
export const RIGHT_BOUNDARY = 37;

const variables = [
  variable.float("boundary", { min: 0, max: 100, step: 1, default: 90 }),
  variable.choice("word", { choices: ["big", "high"], default: "high" }),
  variable.integer("lowest", {
    min: 0,
    max: 100,
    default: 0,
    constraints: [{ expression: "lowest <= boundary", message: "the lowest is above the boundary" }],
  }),
  variable.module("who", { choices: ["slow", "quick"], default: "slow" }),
  variable.integer("pause", { min: 0, max: 40, default: 25 }),
  variable.prompt("how", { default: "Say it." }),
  variable.float("half", { min: 0, max: 50, expression: "boundary / 2" }),
];

// #region native
const size = defineProgram("size", "n: int -> size: str", {
  implementations: [
    native(
      "compare",
      ({ n }, { variables: { boundary, word } }) => ({
        size: n >= Number(boundary) ? String(word) : "low",
      }),
      { inline: true, variables: { boundary: "boundary", word: "word" } },
    ),
  ],
});

// #endregion

/** The same in a thread, and as slow as it is told to be. */
const later = defineProgram("later", "n: int -> size: str", {
  implementations: [
    native(
      "wait",
      async ({ n }, { variables: { boundary, pause } }) => {
        await new Promise((resolve) => setTimeout(resolve, Number(pause)));
        return { size: n >= Number(boundary) ? "high" : "low" };
      },
      { variables: { boundary: "boundary", pause: "pause" } },
    ),
  ],
});

/** Which of two answers, a variable says. */
// #region chooses
const picked = defineProgram("picked", "n: int -> by: str", {
  routing: { implementationVariable: "who" },
  implementations: [
    native("quick", () => ({ by: "quick" }), { inline: true }),
    native("slow", () => ({ by: "slow" }), { inline: true }),
  ],
});

// #endregion
const broken = defineProgram("broken", "n: int -> size: str", {
  implementations: [
    native(
      "throw",
      (): { size: string } => {
        throw new Error("it never works");
      },
      { inline: true, variables: { boundary: "boundary" } },
    ),
  ],
});

export default defineConfig({ programs: [size, later, picked, broken], variables });

/** Examples that are right with `RIGHT_BOUNDARY` alone. */
export function sizes(count: number): { inputs: { n: number }; outputs: { size: string } }[] {
  return Array.from({ length: count }, (_, at) => {
    const n = Math.floor((at * 100) / count);
    return { inputs: { n }, outputs: { size: n >= RIGHT_BOUNDARY ? "high" : "low" } };
  });
}
