// Wires the registry of variables: fold, API, and what the application's configuration declares.

import type { VariableDefinition } from "../../schemas/messages/variable-event.ts";
import { snapshotBucket } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { Registry } from "./registry.ts";
import { variableEndpoints } from "./serve.ts";

export interface VariablesOptions {
  /** Variables of the application's configuration; registered at the start where they are new or changed. */
  variables?: readonly VariableDefinition[];
}

/** @throws DspexError `invalid_inputs` when a declaration does not fit. */
export async function startVariables(
  settings: PartSettings,
  { variables = [] }: VariablesOptions = {},
): Promise<Part> {
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
  const service = await serve(
    connection,
    { name: "dspex-variables", version: VERSION, description: "variables: values, bounds, history" },
    variableEndpoints({ registry, reader }),
  );
  // Who is told that it runs may ask at once.
  await connection.flush();
  return {
    name: `variables/${instance}`,
    async stop() {
      await service.stop();
      await registry.stop();
      appender.close();
      await connection.drain();
    },
  };
}
