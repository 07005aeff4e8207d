// The inside of a process that is a variables service and nothing else.

import { pino } from "pino";
import type { VariableDefinition } from "../../schemas/messages/variable-event.ts";
import type { VariablesConfig } from "../../services/variables/config.ts";
import { startVariables } from "../../services/variables/main.ts";
import { childSettings, tellStarter } from "./child-process.ts";

export interface VariablesProcessSettings {
  natsUrl: string;
  password: string;
  instance: number;
  variables: readonly VariableDefinition[];
  config?: Partial<VariablesConfig>;
}

const { natsUrl, password, instance, variables, config = {} } = childSettings<VariablesProcessSettings>();
const logger = pino({ level: process.env.DSPEX_TEST_LOG ?? "warn" }, pino.destination(2));
await startVariables({ natsUrl, role: "variables", password, instance, logger }, { variables, config });
tellStarter({ ready: true });
