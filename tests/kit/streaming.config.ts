// Programs that stream, each its own way, for tests and for the page on streaming.

import {
  choice,
  defineConfig,
  defineProgram,
  native,
  plain,
  structured,
} from "../../services/programs/define.ts";

export default defineConfig({
  programs: [
    defineProgram("tell", "topic: str -> story: str", {
      implementations: [plain("plain", { prompt: "Tell a story about {{topic}}." })],
    }),
    defineProgram(
      "people",
      "text: str -> people: list[{name: str, age: int}], summary: str, since: date | None",
      {
        implementations: [structured("structured")],
      },
    ),
    defineProgram("mood", 'text: str -> mood: Literal["good", "bad"]', {
      implementations: [choice("likely", { prompt: "{{text}}:" })],
    }),
    defineProgram("shout", "text: str -> loud: str, length: int", {
      implementations: [
        native("native", ({ text }) => ({ loud: text.toUpperCase(), length: text.length }), { inline: true }),
      ],
    }),
  ],
});
