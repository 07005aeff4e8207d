// state + event → state, for what has been learned. One case an event. Changes the state in place.

import { declareArms, entriesOf } from "./declare.ts";
import type { LearningEvent } from "./event.ts";
import { observeOutcome, observeQuality } from "./observe.ts";
import { LEARNING_BOUNDS, type LearningState, newProgram, type ProgramStatistics } from "./state.ts";

export function evolve(state: LearningState, event: LearningEvent): LearningState {
  state.sequence = event.sequence;
  switch (event.kind) {
    case "arms-declared":
      declareArms(state, programOf(state, event.program), event.arms);
      evict(state, event.program);
      return state;
    case "program-removed":
      forget(state, event.program);
      return state;
    case "outcome":
      observeOutcome(state, programOf(state, event.place.program), event.place, event.outcome);
      evict(state, event.place.program);
      return state;
    case "quality":
      observeQuality(state, programOf(state, event.place.program), event.place, event.score, event.replaces);
      evict(state, event.place.program);
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

/** The program, now the most recently used one. */
function programOf(state: LearningState, name: string): ProgramStatistics {
  const program = state.programs.get(name) ?? newProgram(state.sequence);
  state.programs.delete(name);
  state.programs.set(name, program);
  return program;
}

/** Keeps within the bounds, at the cost of the programs that were not used for longest. */
function evict(state: LearningState, but: string): void {
  while (state.programs.size > LEARNING_BOUNDS.programs || state.entries > LEARNING_BOUNDS.entries) {
    const oldest = state.programs.keys().next().value as string;
    if (oldest === but) return;
    forget(state, oldest);
  }
}

function forget(state: LearningState, name: string): void {
  const program = state.programs.get(name);
  if (program === undefined) return;
  for (const arm of program.arms.values()) state.entries -= entriesOf(arm);
  state.programs.delete(name);
}
