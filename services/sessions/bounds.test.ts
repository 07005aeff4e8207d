// The state stays bounded whatever a user sends, and what is still to be done is not forgotten for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decideTurn } from "./decide.ts";
import type { SessionsEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { findSession, initialState, SESSIONS_BOUNDS, type SessionsState } from "./state.ts";

const timeMs = 1_000_000;
const user = "anna";

function fold(state: SessionsState, event: Record<string, unknown>): void {
  evolve(state, { sequence: state.sequence + 1, timeMs, user, ...event } as SessionsEvent);
}

test("a request that is sent again and again - makes its session no larger, and its turn can be written", () => {
  const state = initialState();
  const asked = { kind: "request", session: "s", id: "anna.x.1", deadlineAtMs: timeMs + 60_000 };
  for (let n = 0; n < 20_000; n++) fold(state, asked);
  fold(state, { kind: "result", session: "s", id: "anna.x.1", request: 1 });
  const session = findSession(state, user, "s");
  assert.equal(session?.open[0]?.requests.length, SESSIONS_BOUNDS.copies);
  const turn = decideTurn(session, "anna.x.1", { result: undefined, values: undefined });
  assert.ok(JSON.stringify(turn).length < 4_096);
});

test("sessions that ended - are forgotten, the oldest first, but not one that is still to be erased", () => {
  const state = initialState();
  const erased = {
    user,
    status: "begun",
    by: user,
    turns: 0,
    contextVersion: 0,
    log: [],
    values: [],
    results: [],
  };
  for (const session of ["first", "second"])
    fold(state, { kind: "closed", session, data: { user, session } });
  fold(state, { kind: "erased", session: "first", data: { ...erased, session: "first" } });
  for (let n = 0; n < SESSIONS_BOUNDS.ended; n++) {
    const session = `s${n}`;
    fold(state, { kind: "closed", session, data: { user, session } });
  }
  assert.equal(state.ended.size, SESSIONS_BOUNDS.ended);
  assert.equal(findSession(state, user, "second"), undefined);
  assert.equal(findSession(state, user, "s0"), undefined);
  assert.ok((findSession(state, user, "first")?.erasing ?? 0) > 0);
  assert.deepEqual([...state.toErase], ["anna.first"]);
});
