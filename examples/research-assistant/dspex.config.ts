// The assistant's programs: what finds and checks is plain TypeScript, what writes asks the model.
// Run it: `npx dspex up --config examples/research-assistant/dspex.config.ts`.

import { defineConfig, defineProgram, native, plain } from "dspex/config";
import { shippedPrograms } from "../../services/native/programs/mod.ts";
import { LIBRARY } from "./library.ts";
import {
  CHECK_SIGNATURE,
  COMPOSE_SIGNATURE,
  LIBRARY_SIGNATURE,
  READ_SIGNATURE,
  REFINE_SIGNATURE,
} from "./signatures.ts";
import { supportOf } from "./support.ts";

const library = defineProgram("library", LIBRARY_SIGNATURE, {
  description: "The texts that there are.",
  implementations: [
    native("files", () => ({
      titles: LIBRARY.map(({ title }) => title),
      texts: LIBRARY.map(({ title, text }) => `${title}. ${text}`),
    })),
  ],
});

const read = defineProgram("read-text", READ_SIGNATURE, {
  implementations: [
    native(
      "files",
      ({ index }) => {
        const found = LIBRARY[index];
        if (found === undefined) throw new RangeError(`no text ${index}, there are ${LIBRARY.length}`);
        return found;
      },
      { inline: true },
    ),
  ],
});

const compose = defineProgram("compose-answer", COMPOSE_SIGNATURE, {
  implementations: [
    plain("notes", {
      prompt: "Notes: {{notes}}\n\nUse the notes to answer in two sentences: {{question}}",
      temperature: 0,
      maxTokens: 120,
    }),
  ],
});

const check = defineProgram("check-support", CHECK_SIGNATURE, {
  description: "Whether an answer says what its notes say.",
  implementations: [
    native("words", ({ question, answer, notes }) => {
      const { score, missing } = supportOf(answer, notes, question);
      return { supported: score >= 0.75, score, missing };
    }),
  ],
});

const refine = defineProgram("refine-answer", REFINE_SIGNATURE, {
  implementations: [
    plain("notes", {
      prompt:
        "Notes: {{notes}}\n\nQuestion: {{question}}\nDraft: {{draft}}\n\n" +
        "The notes do not speak of: {{missing}}. Write the answer again in two sentences, with what the notes say alone.",
      temperature: 0.3,
      maxTokens: 120,
    }),
  ],
});

export default defineConfig({ programs: [...shippedPrograms(), library, read, compose, check, refine] });
