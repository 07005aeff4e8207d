// Calls the Python programs with the types that their signatures give.
// Run it beside the system: `node examples/own-module/app.ts`.

import { connect, signature } from "dspex";

// #region app
await using dspex = await connect();

const textFacts = dspex.program("text-facts", signature("text: str -> words: int, longest: str | None"));
const { words, longest } = await textFacts({ text: "to be or not to be" });
console.log(`${words} words, the longest is ${longest ?? "none"}`);

const reviewReply = dspex.program(
  "review-reply",
  signature('review: str(min_length=1) -> mood: Literal["happy", "angry"], reply: str'),
);
const { mood, reply } = await reviewReply({ review: "Best soup in town!" }, { deadlineMs: 120_000 });
const known: "happy" | "angry" = mood;
console.log(`${known}: ${reply}`);
// #endregion
