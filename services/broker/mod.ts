// The broker's door: the roles and their permissions, the generated configuration, the embedded server, its users.

export { CROSSINGS, PARTS_ACCOUNT, SYSTEM_ACCOUNT } from "./accounts.ts";
export { API_WORDS, type ApiWord, type ApiWordRow, apiWord } from "./api-words.ts";
export {
  type ApplicationUser,
  type Credentials,
  checkUserName,
  credentialsFile,
  ensureCredentials,
  LOCAL_USER,
  type Login,
  readCredentials,
} from "./credentials.ts";
export {
  DEFAULT_PORT,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  startEmbeddedServer,
} from "./embedded-server.ts";
export { BrokerError, type BrokerErrorKind } from "./errors.ts";
export { findNatsServer } from "./find-binary.ts";
export { runningServer, type ServerRecord } from "./home-files.ts";
export { DEFAULT_SYNC_INTERVAL, type NatsConfigSettings, natsConfig } from "./nats-config.ts";
export { isPattern, isWithin } from "./patterns.ts";
export {
  bucketStream,
  firedTimersOf,
  followerConsumers,
  type Permissions,
  permissionsOf,
  poolConsumers,
  SERVER_CONFIGURATION_SUBJECT,
  timersConsumer,
} from "./permissions.ts";
export { probeUser, reloadServer } from "./reload.ts";
export {
  FOLLOWER_ROLES,
  ISOLATED_ROLES,
  inboxPrefixOf,
  isRole,
  MAX_FOLLOWERS,
  MAX_WORKERS,
  POOLS,
  type Pool,
  ROLE_ROWS,
  ROLES,
  type Role,
  type RoleRow,
  roleOfPool,
  SNAPSHOT_ROLES,
  TIMER_ROLES,
} from "./roles.ts";
export { addUser, listUsers, removeUser } from "./users.ts";
