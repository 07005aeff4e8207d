// Wires the registry of variables: fold, searches for better values, API, and what the application's configuration declares.

import { serve } from "../bus/micro-service.ts";
import type { Part, PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { startLogPart } from "../log/start-part.ts";
import { type VariablesOptions, variablesConfigSchema } from "./config.ts";
import { LiveWatch } from "./optimize/live/watch.ts";
import { Runs } from "./optimize/runs.ts";
import { Registry } from "./registry.ts";
import { variableEndpoints } from "./serve.ts";

/** @throws DspexError `invalid_inputs` when a declaration does not fit. */
export async function startVariables(
  settings: PartSettings,
  { variables = [], config: given = {} }: VariablesOptions = {},
): Promise<Part> {
  const config = variablesConfigSchema.parse(given);
  return startLogPart(settings, async (part) => {
    const { connection, appender, reader, source } = part;
    const registry = new Registry(part);
    part.stopsWith(registry);
    await registry.start();
    if (variables.length > 0) await registry.execute({ kind: "register", by: "config", variables });
    const runs = new Runs({ ...part, registry, config });
    const service = await serve(
      connection,
      { name: "dspex-variables", version: VERSION, description: "variables: values, bounds, searches" },
      variableEndpoints({ registry, runs, reader, appender, config, source }),
    );
    part.stopsWith(service);
    runs.start();
    part.stopsWith(runs);
    part.stopsWith(new LiveWatch({ ...part, registry, config }).following.start());
  });
}
