// The programs that ship, with the pools that they need and no more: what is measured shares its cores with nothing idle.

import { shippedPrograms } from "../../services/native/programs/mod.ts";
import { defineConfig } from "../../services/programs/define.ts";

/** Of a model that is played, in the short form. */
const playedAt = process.env.BENCH_MODEL_URL;

export default defineConfig({
  programs: [...shippedPrograms()],
  modules: ["../../python-modules"],
  pools: {
    general: { slots: 8, processes: 1 },
    optimizer: { slots: 1, processes: 0 },
    neural: { slots: 1, processes: 0 },
  },
  ...(playedAt !== undefined && {
    embeddedModel: false,
    models: {
      default: "played",
      models: {
        played: {
          provider: "openai-compatible",
          model: "played",
          baseUrl: playedAt,
          contextTokens: 2_048,
          capabilities: { responseSchema: true, logprobs: true },
        },
      },
    },
  }),
});
