// A shop's programs: one that is plain arithmetic, and one that asks a model and has something to fall back on.
// Run it: `npx dspex up --config examples/typescript-app/dspex.config.ts`.

import { defineConfig, defineProgram, native, structured } from "dspex/config";
import { LETTER, SHIPPING } from "./signatures.ts";

// #region program
const shipping = defineProgram("shipping", SHIPPING, {
  description: "Price and days of a parcel.",
  implementations: [
    native(
      "tariff",
      ({ weightGrams, express }) => {
        const kilograms = Math.ceil(weightGrams / 1_000);
        return { euros: 3.9 + kilograms * (express ? 2.5 : 1), days: express ? 1 : 3 };
      },
      { inline: true },
    ),
  ],
});
// #endregion

// #region fallback
const letter = defineProgram("letter", LETTER, {
  implementations: [
    structured("model", { temperature: 0, maxTokens: 40 }),
    native(
      "words",
      ({ message }) => ({ kind: /broken|late|refund|wrong/i.test(message) ? "complaint" : "praise" }),
      { inline: true, lastResort: true },
    ),
  ],
});
// #endregion

export default defineConfig({ programs: [shipping, letter] });
