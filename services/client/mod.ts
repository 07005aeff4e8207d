// The door of the client library: what `import … from "dspex"` gives.

export { DspexError, isDspexError, type WireError } from "../../schemas/errors.ts";
export type { Explanation } from "../../schemas/messages/explanation.ts";
export type { Result } from "../../schemas/messages/result.ts";
export { signature, signatureFromZod } from "../../schemas/signature/mod.ts";
export { type ConnectOptions, connect, type Dspex } from "./client.ts";
export type { ObserveOptions, StoryEvent } from "./observe.ts";
export type { CallOptions } from "./options.ts";
export type { Program } from "./program.ts";
export type { Judgement, Run, TypedResult } from "./run.ts";
export type { ForkOptions, PastSession, Session, SessionOptions, TurnOptions } from "./session.ts";
export type {
  SessionContext,
  SessionErasure,
  SessionInfo,
  SessionPerformance,
  SessionTurn,
} from "./session-answers.ts";
export type { ChangeOptions, SetOptions, Variables } from "./variables.ts";
export type {
  PastChange,
  VariableCommandAnswer,
  VariableDetails,
  VariableInfo,
} from "./variables-answers.ts";
export type { ObserveVariables } from "./variables-observe.ts";
export type { VariableChanges, VariableRefusal, VariableUpdate } from "./variables-update.ts";
