// What can happen to the supervisor's processes, and what it can do about it.

import type { WorkerLost, WorkerStarted, WorkerStopped } from "../../schemas/messages/worker-event.ts";
import type { State } from "./state.ts";

/** A message that a process holds unacknowledged. */
export interface Held {
  ackSubject: string;
  sequence: number;
}

export type ProcessEvent =
  /** Begin: start what is wanted. */
  | { kind: "begin" }
  /** A spare has imported everything. */
  | { kind: "warm"; process: number }
  /** It takes work under its name. */
  | { kind: "ready"; process: number; modules: readonly string[] }
  | {
      kind: "exited";
      process: number;
      pid?: number;
      exitCode: number | null;
      signal: string | null;
      held: readonly Held[];
      /** The last line that it said on standard error. */
      lastWords?: string;
    }
  | { kind: "beat"; pool: string; worker: string; incarnation: string; rssBytes: number }
  /** The process itself asks to be replaced. */
  | { kind: "recycle-asked"; process: number; reason: string }
  | { kind: "connected" }
  | { kind: "disconnected" }
  | { kind: "tick" }
  | { kind: "stop" };

export type Action =
  | { kind: "spawn"; process: number; pool: string; worker?: string; incarnation: string }
  /** Gives a spare its name. */
  | { kind: "take"; process: number; worker: string; incarnation: string }
  /** Gives held messages back to the server, to be delivered again at once. */
  | { kind: "nak"; held: readonly Held[] }
  /** The process finishes what it holds, takes nothing more, and ends. */
  | { kind: "drain"; process: number }
  | { kind: "kill"; process: number }
  | { kind: "append"; verb: "started"; process: number; data: WorkerStarted }
  | { kind: "append"; verb: "stopped"; process: number; data: WorkerStopped }
  | { kind: "append"; verb: "lost"; process: number; data: WorkerLost }
  | { kind: "report"; level: "info" | "warn"; message: string; fields: Record<string, unknown> }
  /** The last process has ended after `stop`. */
  | { kind: "finished" };

/** Clock and chance, which a pure function may not take for itself. */
export interface Moment {
  nowMs: number;
  /** 0 ≤ random < 1, for jitter. */
  random: number;
}

export interface Decided {
  state: State;
  actions: Action[];
}
