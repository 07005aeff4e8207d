// `echo` and `echo-python`: what came in goes out, by TypeScript and by a Python pool. They measure the way, not a program.

import { defineProgram, native, python } from "../../programs/define.ts";

export const echo = defineProgram("echo", "text: str -> echo: str", {
  description: "Gives the text back, computed in the router itself.",
  implementations: [native("inline", ({ text }) => ({ echo: text }), { inline: true })],
});

export const echoPython = defineProgram("echo-python", "text: str -> echo: str", {
  description: "Gives the text back, by way of the general Python pool.",
  implementations: [python("python", { pool: "general", entry: "echo" })],
});
