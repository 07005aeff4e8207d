// The keeper's door: start it, its settings, and what it relies on.

export { type KeeperOptions, type KeeperSettings, keeperSettings } from "./config.ts";
export { type DesiredConsumer, desiredConsumers } from "./consumers.ts";
export { type CutDecision, type CutLimits, decideCut, type Floors, type LogFill } from "./cut.ts";
export type { Difference } from "./differences.ts";
export { ConfigurationDiffers } from "./errors.ts";
export type { FollowAnswer } from "./follow.ts";
export type { ServerInForce, SetupInfo } from "./info.ts";
export { Keeper, type KeeperNotice, type KeeperStart } from "./keep.ts";
export { startKeeper } from "./main.ts";
export { type DesiredStream, desiredStreams } from "./streams.ts";
