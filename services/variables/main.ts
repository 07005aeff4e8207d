// Wires the registry of variables: fold, searches for better values, API, and what the application's configuration declares.

import { snapshotBucket } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { type VariablesOptions, variablesConfigSchema } from "./config.ts";
import { Runs } from "./optimize/runs.ts";
import { Registry } from "./registry.ts";
import { variableEndpoints } from "./serve.ts";

/** @throws DspexError `invalid_inputs` when a declaration does not fit. */
export async function startVariables(
  settings: PartSettings,
  { variables = [], config: given = {} }: VariablesOptions = {},
): Promise<Part> {
  const config = variablesConfigSchema.parse(given);
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket("variables"));
  const { instance, logger } = settings;
  const registry = new Registry({ instance, appender, reader, snapshots, logger });
  await registry.start(connection);
  try {
    if (variables.length > 0) await registry.execute({ kind: "register", by: "config", variables });
  } catch (error) {
    await registry.stop();
    await connection.close();
    throw error;
  }
  const source = `variables/${instance}`;
  const runs = new Runs({ registry, appender, reader, config, source, logger });
  const service = await serve(
    connection,
    { name: "dspex-variables", version: VERSION, description: "variables: values, bounds, searches" },
    variableEndpoints({ registry, runs, reader, appender, config, source }),
  );
  runs.start();
  // Who is told that it runs may ask at once.
  await connection.flush();
  return {
    name: source,
    async stop() {
      runs.stop();
      await service.stop();
      await registry.stop();
      appender.close();
      await connection.drain();
    },
  };
}
