// Imports an application's configuration module.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DspexError } from "../../schemas/errors.ts";
import type { DefinedConfig } from "./define.ts";

/** @throws DspexError `invalid_inputs` when there is no such module, it throws, or its default export is no configuration. */
export async function loadConfig(path: string): Promise<DefinedConfig> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    throw new DspexError(
      "invalid_inputs",
      `cannot load ${JSON.stringify(path)}: ${(cause as Error).message}`,
      { cause },
    );
  }
  const config = module.default as DefinedConfig | undefined;
  if (config?.declarations === undefined || config.functions === undefined) {
    throw new DspexError(
      "invalid_inputs",
      `${JSON.stringify(path)} has no default export made by defineConfig`,
    );
  }
  return config;
}
