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
  /** By program; the ninth and further share `other`. */
  programs: Record<string, SessionProgramPerformance>;
  /** Of all programs together. */
  affinity?: SessionAffinity;
  /** The newest eight turns beside the eight before them, from 16 turns on; latency 1.5 = half as long again. */
  trend?: { latency?: number; successRate: number };
}

/** Of the turns that were one program's. */
export interface SessionProgramPerformance {
  turns: number;
  successRate: number;
  /** Of turns that succeeded. */
  meanMs?: number;
  affinity?: SessionAffinity;
}

/**
 * Turns that were answered where the program's turn before was: by the same worker, and in the same slot of the model's
 * server where it has such; of those that had a turn before them.
 */
export interface SessionAffinity {
  hits: number;
  of: number;
  rate: number;
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

export interface UserErasure {
  sessions: number;
  /** Messages whose bytes are gone, those of the sessions among them. */
  messages: number;
  /** Requests, and runs of pipelines, that still ran: what comes of them is erased when it comes. */
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
