// The supervisor's door: start it with its pools, and keep one helper process beside them.

export { Companion, type CompanionSettings } from "./companion.ts";
export { type SupervisorConfig, supervisorConfigSchema } from "./config.ts";
export { type SupervisorPart, startSupervisor } from "./main.ts";
