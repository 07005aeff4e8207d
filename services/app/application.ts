// The application that is run: its configuration module, and the models that its parts call, the embedded one among
// them at the port where it will listen.

import type { Models } from "../../schemas/config/models.ts";
import type { DefinedConfig } from "../programs/define.ts";
import { loadConfig } from "../programs/load-config.ts";

export interface Application extends DefinedConfig {
  /** Of its configuration module: worker threads load it too. */
  path: string;
  models: Models;
  /** Where the embedded model is to listen; absent = it is not wanted. */
  embeddedModelPort: number | undefined;
}

export const EMBEDDED_MODEL = "local";

/** @throws DspexError `invalid_inputs` when the module is no configuration. */
export async function loadApplication(path: string, freePort: () => Promise<number>): Promise<Application> {
  const config = await loadConfig(path);
  const port = config.settings.embeddedModel ? await freePort() : undefined;
  return { ...config, path, models: modelsOf(config, port), embeddedModelPort: port };
}

/** Configured models; the embedded one beside them, or alone where none are configured. */
function modelsOf({ settings }: DefinedConfig, port: number | undefined): Models {
  const configured = settings.models ?? { default: EMBEDDED_MODEL, models: {} };
  if (port === undefined || configured.models[EMBEDDED_MODEL] !== undefined) return configured;
  return { ...configured, models: { ...configured.models, [EMBEDDED_MODEL]: embeddedModel(port) } };
}

/** As `dspex_pool.neural.model_server` serves it: constrained output, and a context that its slots share. */
function embeddedModel(port: number): Models["models"][string] {
  return {
    provider: "openai-compatible",
    model: "smollm2",
    baseUrl: `http://127.0.0.1:${port}/v1`,
    capabilities: { responseSchema: true, tools: false, vision: false, logprobs: true },
    contextTokens: 2_048,
    cacheSlots: 4,
    timeoutMs: 60_000,
    maxTokens: 256,
  };
}
