// The inside of a process that is a learning service and nothing else.

import { pino } from "pino";
import type { LearningConfig } from "../../services/learning/config.ts";
import { startLearning } from "../../services/learning/main.ts";
import { childSettings, tellStarter } from "./child-process.ts";

export interface LearningProcessSettings {
  natsUrl: string;
  password: string;
  instance: number;
  config: Partial<LearningConfig>;
}

const { natsUrl, password, instance, config } = childSettings<LearningProcessSettings>();
const logger = pino({ level: process.env.DSPEX_TEST_LOG ?? "warn" }, pino.destination(2));
await startLearning({ natsUrl, role: "learning", password, instance, logger }, { config });
tellStarter({ ready: true });
