// Calls the Python programs with the types that their signatures give.
// Run it beside the system: `node examples/own-module/app.ts`.

import { connect, signature } from "dspex";

// #region app
await using dspex = await connect();

const textFacts = dspex.program("text-facts", signature("text: str -> words: int, longest: str | None"));
const { words, longest } = await textFacts({ text: "to be or not to be" });
console.log(`${words} words, the longest is ${longest ?? "none"}`);

const delivery = dspex.program(
  "delivery",
  signature("message: str(min_length=1) -> city: str, days: int(ge=1)"),
);
const { city, days } = await delivery({ message: "Please send it to Berlin." }, { deadlineMs: 120_000 });
console.log(`${city.toUpperCase()} in ${days + 1} days`); // the compiler knows: a string and a number
// #endregion
