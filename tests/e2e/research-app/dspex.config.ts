// The research assistant's programs in TypeScript, on a model server of the test, with one Python process beside them.

import { z } from "zod";
import research from "../../../examples/research-assistant/dspex.config.ts";
import { modelsSchema } from "../../../schemas/config/models.ts";
import type { DefinedConfig } from "../../../services/programs/define.ts";

const baseUrl = z.url().parse(process.env.DSPEX_TEST_MODEL_URL);
const NONE = { slots: 1, processes: 0, maxRssBytes: 1_073_741_824 };

const config: DefinedConfig = {
  ...research,
  settings: {
    ...research.settings,
    models: modelsSchema.parse({ default: "fake", models: { fake: { model: "fake-model-2026", baseUrl } } }),
    pools: { general: { ...NONE, processes: 1 }, optimizer: NONE, neural: NONE },
    embeddedModel: false,
    modules: [],
  },
  declarations: research.declarations
    .map((declared) => ({
      ...declared,
      implementations: declared.implementations.filter(({ kind }) => kind !== "dspy" && kind !== "python"),
    }))
    .filter(({ implementations }) => implementations.length > 0),
};
export default config;
