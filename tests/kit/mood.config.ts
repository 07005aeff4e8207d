// The program of docs/evaluation.md: three ways to tell a mood, one good and slow, one quick, one that guesses.

import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

// #region mood
const mood = defineProgram("mood", 'text: str -> mood: Literal["good", "bad"]', {
  implementations: [
    native("quick", ({ text }) => ({ mood: /not|never|slow/.test(text) ? "bad" : "good" }), { inline: true }),
    native(
      "careful",
      async ({ text }) => {
        await sleep(120); // as a model would
        const turns = text.match(/not|never|slow|broken/g)?.length ?? 0;
        return { mood: turns % 2 === 1 ? "bad" : "good" };
      },
      { inline: true },
    ),
    native("guess", ({ text }) => ({ mood: text.length % 2 === 0 ? "good" : "bad" }), { inline: true }),
  ],
});
// #endregion

export default defineConfig({ programs: [mood] });

/** Texts with their moods. */
export const MOODS: readonly [text: string, mood: "good" | "bad"][] = [
  ["a fine day", "good"],
  ["it works", "good"],
  ["it is broken", "bad"],
  ["it is slow", "bad"],
  ["not slow at all", "good"],
  ["never broken", "good"],
  ["all is well here", "good"],
  ["I do not like it", "bad"],
  ["that is never on time", "bad"],
  ["quick, and not slow", "good"],
];
