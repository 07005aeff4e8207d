// Wires the registry of programs: fold, API, the modules of pools, and what the application's configuration declares.

import type { Models } from "../../schemas/config/models.ts";
import type { ProgramDeclaration } from "../../schemas/messages/program-event.ts";
import { ARTIFACT_BUCKET, snapshotBucket } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { NO_MODELS } from "./capabilities.ts";
import { definitionWith } from "./definition.ts";
import { startSettler } from "./optimize/settle.ts";
import { servePoolModules } from "./pool-modules.ts";
import { Registry } from "./registry.ts";
import { programEndpoints } from "./serve.ts";
import { CanaryWatch } from "./versions/canary/watch.ts";

export interface ProgramsOptions {
  /** Programs of the application's configuration; registered at the start where they are new or changed. */
  declarations: readonly ProgramDeclaration[];
  /** What they can do is registered with the programs that call them. */
  models?: Models;
}

/** @throws DspexError `invalid_inputs` when a declaration does not fit. */
export async function startPrograms(settings: PartSettings, options: ProgramsOptions): Promise<Part> {
  const define = definitionWith(options.models ?? NO_MODELS);
  const definitions = options.declarations.map(define);
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket("programs"));
  const { instance, logger } = settings;
  const registry = new Registry({ instance, appender, reader, snapshots, logger });
  await registry.start(connection);
  await registry.declare(definitions);
  const source = `programs/${instance}`;
  const canaries = new CanaryWatch({ registry, connection, instance, logger }).start();
  const service = await serve(
    connection,
    { name: "dspex-programs", version: VERSION, description: "registry of programs, feedback" },
    programEndpoints({ registry, appender, reader, source, canaries, define }),
  );
  const artifacts = await ObjectBucket.open(connection, appender, ARTIFACT_BUCKET);
  const settler = startSettler({ registry, appender, reader, artifacts, define, source, logger });
  const modules = await servePoolModules(connection, { registry, define, logger });
  return {
    name: source,
    async stop() {
      for (const one of [settler, modules, canaries]) await one.stop();
      await service.stop();
      await registry.stop();
      appender.close();
      await connection.drain();
    },
  };
}
