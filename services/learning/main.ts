// Wires the learning service: its fold, what it writes, and what it answers.

import { snapshotBucket } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { type LearningConfig, learningConfigSchema } from "./config.ts";
import { explainEndpoints } from "./explain/serve.ts";
import { Learner } from "./learner.ts";
import { policyEndpoints } from "./serve.ts";

export interface LearningOptions {
  config?: Partial<LearningConfig>;
}

export async function startLearning(settings: PartSettings, options: LearningOptions = {}): Promise<Part> {
  const { instance, logger } = settings;
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket("learning"));
  const config = learningConfigSchema.parse(options.config ?? {});
  const learner = new Learner({ instance, appender, reader, snapshots, config, logger });
  await learner.start(connection);
  const service = await serve(
    connection,
    { name: "dspex-learning", version: VERSION, description: "what is learned of implementations, and why" },
    [...policyEndpoints({ learner, reader }), ...explainEndpoints({ connection, reader, learner })],
  );
  return {
    name: `learning/${instance}`,
    async stop() {
      await service.stop();
      await learner.stop();
      appender.close();
      await connection.drain();
    },
  };
}
