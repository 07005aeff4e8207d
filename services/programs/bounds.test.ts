// The registry's state stays bounded, and what is still to be done is not forgotten for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf } from "./definition.ts";
import type { ProgramEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { RUNS_KEPT } from "./optimize/state.ts";
import { initialState, type ProgramsState, REMOVED_KEPT } from "./state.ts";

function fold(state: ProgramsState, event: Record<string, unknown>): void {
  evolve(state, { sequence: state.sequence + 1, timeMs: 1, ...event } as ProgramEvent);
}

test("programs - removed ones are forgotten, those that were removed first, and none that is in use", () => {
  const state = initialState();
  for (let n = 0; n < REMOVED_KEPT + 10; n++) {
    const definition = definitionOf({
      name: `p${n}`,
      signature: "text: str -> loud: str",
      implementations: [{ name: "upper", kind: "native" }],
    });
    fold(state, { kind: "registered", definition, by: "local" });
  }
  for (let n = REMOVED_KEPT + 9; n > 0; n--) fold(state, { kind: "removed", name: `p${n}` });
  assert.equal(state.programs.size, REMOVED_KEPT + 1);
  assert.equal(state.programs.get("p0")?.status, "registered");
  assert.equal(state.programs.has(`p${REMOVED_KEPT + 9}`), false);
  assert.equal(state.programs.has("p1"), true);
});

test("optimisations - those that have ended are forgotten, one that still runs is not", () => {
  const state = initialState();
  const started = (run: string) => ({
    kind: "optimization-started",
    data: { run, user: "local", program: "p", version: "1", optimizer: "auto", metric: "exact", trials: 1 },
  });
  fold(state, started("first"));
  for (let n = 0; n < RUNS_KEPT + 10; n++) {
    fold(state, started(`run${n}`));
    fold(state, { kind: "optimization-cancelled", data: { run: `run${n}`, program: "p" } });
  }
  assert.equal(state.runs.get("first")?.status, "running");
  assert.ok(state.runs.size <= RUNS_KEPT + 1);
  assert.equal(state.runs.has("run0"), false);
});
