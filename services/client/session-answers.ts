// What the API tells of sessions.

import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";

/** How a session does. */
export interface SessionPerformance {
  turns: number;
  /** Absent while there is no turn. */
  successRate?: number;
  /** Of turns that succeeded. */
  latencyMs?: { mean: number; max: number; last: number };
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  /** Share of the successes that each implementation gave. */
  implementations: Record<string, number>;
  /** Turns that the worker of the turn before took, of those that could. */
  affinity?: { hits: number; of: number; rate: number };
  /** The newest eight turns beside the eight before them, from 16 turns on; latency 1.5 = half as long again. */
  trend?: { latency?: number; successRate: number };
}

export interface SessionInfo {
  session: string;
  status: "open" | "closed" | "expired" | "erased";
  openedAt: string;
  /** Last request, turn or command. */
  activeAt: string;
  ttlMs: number;
  turns: number;
  /** Requests that have no turn yet. */
  openTurns: number;
  /** 0 = none was set. */
  contextVersion: number;
  forkedFrom?: { session: string; turn: number };
  performance: SessionPerformance;
  /** Its bytes are still being erased. */
  erasing?: true;
}

/** One turn: a request within the session and how it ended. */
export type SessionTurn = Omit<SessionTurnAdded, "user" | "session" | "history"> & {
  sequence: number;
  /** Of the turn's event in the log, RFC 3339. */
  time: string;
};

export interface SessionContext {
  context: Record<string, unknown>;
  /** 0 = none was set. */
  version: number;
}

export interface SessionErasure {
  /** Messages whose bytes are gone. */
  messages: number;
  /** Requests that still ran: what comes of them is erased when it comes. */
  running: number;
}

export interface SessionTurnsAnswer {
  turns: SessionTurn[];
  /** Number to go on from; absent at the end. */
  next?: number;
}

export interface SessionListAnswer {
  sessions: SessionInfo[];
  /** Name to go on after; absent at the end. */
  next?: string;
}
