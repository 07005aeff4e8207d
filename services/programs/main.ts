// Wires the registry of programs: fold, API, the modules of pools, and what the application's configuration declares.

import type { ProgramDeclaration } from "../../schemas/messages/program-event.ts";
import { snapshotBucket } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { decideRegister } from "./decide.ts";
import { definitionOf } from "./definition.ts";
import { servePoolModules } from "./pool-modules.ts";
import { Registry } from "./registry.ts";
import { programEndpoints } from "./serve.ts";

export interface ProgramsOptions {
  /** Programs of the application's configuration; registered at the start where they are new or changed. */
  declarations: readonly ProgramDeclaration[];
}

/** @throws DspexError `invalid_inputs` when a declaration does not fit. */
export async function startPrograms(settings: PartSettings, options: ProgramsOptions): Promise<Part> {
  const definitions = options.declarations.map(definitionOf);
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket("programs"));
  const registry = new Registry({
    instance: settings.instance,
    appender,
    reader,
    snapshots,
    logger: settings.logger,
  });
  await registry.start(connection);
  for (const definition of definitions) {
    await registry.execute(definition.name, (state) => decideRegister(state, definition, "config"));
  }
  const source = `programs/${settings.instance}`;
  const service = await serve(
    connection,
    { name: "dspex-programs", version: VERSION, description: "registry of programs, feedback" },
    programEndpoints({ registry, appender, reader, source }),
  );
  const modules = servePoolModules(connection, registry, settings.logger);
  return {
    name: source,
    async stop() {
      modules.stop();
      await service.stop();
      await registry.stop();
      appender.close();
      await connection.drain();
    },
  };
}
