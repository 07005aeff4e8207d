// Sessions by the thousand, as the fold gets them: opened, with a context and some turns of a conversation.

import { sessionEventSubject } from "../../schemas/subjects.ts";
import type { EventMessage, SessionsEvent } from "../../services/sessions/event.ts";
import { evolve } from "../../services/sessions/evolve.ts";
import { initialState, type SessionsState } from "../../services/sessions/state.ts";
import {
  evolveView,
  initialView,
  type SessionFact,
  type SessionsView,
} from "../../services/sessions/turns.ts";
import { requestMessage, resultMessage, type WrittenTo } from "../../tests/kit/session-log.ts";

const USERS = 100;
export const TURNS = 4;
const START_MS = 1_770_000_000_000;

export const userOf = (n: number): string => `user-${n % USERS}`;
export const sessionOf = (n: number): string => `session-${n}`;

export interface Filled {
  state: SessionsState;
  view: SessionsView;
}

export function fill(sessions: number): Filled {
  const filled: Filled = { state: initialState(), view: initialView() };
  let sequence = 0;
  const tell = (event: SessionsEvent): void => {
    evolve(filled.state, event);
    evolveView(filled.view, event as SessionFact);
  };
  for (let turn = 0; turn <= TURNS; turn++) {
    for (let n = 0; n < sessions; n++) {
      const [user, session] = [userOf(n), sessionOf(n)];
      const at = () => ({ sequence: ++sequence, timeMs: START_MS + sequence, user, session });
      if (turn === 0) {
        tell({ kind: "opened", ...at(), data: { user, session, ttlMs: 86_400_000 } });
        tell({ kind: "context-set", ...at(), data: { user, session, version: 1, context: {} } });
        continue;
      }
      tell(turnAdded(user, session, turn, at()));
    }
  }
  return filled;
}

function turnAdded(
  user: string,
  session: string,
  turn: number,
  at: { sequence: number; timeMs: number; user: string; session: string },
): SessionsEvent {
  return {
    kind: "turn-added",
    ...at,
    data: {
      user,
      session,
      turn,
      id: `${user}.c.${at.sequence}`,
      status: "succeeded",
      program: "answer",
      version: "v1",
      implementation: "predict",
      worker: "general/0",
      inputs: { question: `what about ${at.sequence}?` },
      outputs: { answer: `this and that about ${at.sequence}` },
      usage: { inputTokens: 100, outputTokens: 20, costUsd: 0.001 },
      totalMs: 800 + (at.sequence % 400),
      contextVersion: 1,
      history: [],
      log: { requests: [1], work: [2], failures: [], result: 3 },
    },
  };
}

/** The three messages of one more turn of a session, from a sequence on. */
export function turnMessages(n: number, sequence: number): EventMessage[] {
  const [user, session] = [userOf(n), sessionOf(n)];
  const id = `${user}.c.${sequence}`;
  const text = "what is there to say about this, and what would somebody else have said? ".repeat(4);
  const log = { request: sequence, work: [], failures: [] };
  const added = turnAdded(user, session, TURNS + 1, {
    sequence: sequence + 2,
    timeMs: START_MS + sequence,
    user,
    session,
  });
  const event = { specversion: "1.0", id: "e", source: "bench", type: "dspex.session.turn-added.v1" };
  const data = "data" in added ? { ...added.data, id } : {};
  const written: WrittenTo[] = [
    requestMessage(id, session, { question: text }),
    resultMessage(id, { session, outputs: { answer: text }, log }),
    {
      subject: sessionEventSubject(user, session, "turn-added"),
      body: JSON.stringify({ ...event, data }),
    },
  ];
  return written.map(({ subject, body }, at) => {
    const bytes = Buffer.from(body);
    return {
      subject,
      sequence: sequence + at,
      timeMs: START_MS + sequence + at,
      data: bytes,
      header: () => undefined,
      json: () => JSON.parse(body),
    };
  });
}
