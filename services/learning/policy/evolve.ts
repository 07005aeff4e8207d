// state + event → state, for the policy in force. Changes the state in place.

import type { PolicyUpdated } from "../../../schemas/messages/policy-event.ts";
import type { PolicyEvent } from "./event.ts";
import { POLICY_BOUNDS, type PolicyState, standingsOf } from "./state.ts";

export function evolvePolicy(state: PolicyState, event: PolicyEvent): PolicyState {
  switch (event.kind) {
    case "policy-updated":
      updated(state, event.updated);
      return state;
    case "policy-promoted":
      state.former.push(event.change.from);
      if (state.former.length > POLICY_BOUNDS.former) state.former.shift();
      state.settings = event.change.to;
      state.settingsSequence = event.sequence;
      return state;
    case "policy-rolled-back":
      state.former.pop();
      state.settings = event.change.to;
      state.settingsSequence = event.sequence;
      return state;
    case "policy-frozen": {
      const { program, frozen } = event.frozen;
      if (program === undefined) state.frozen.all = frozen;
      else if (frozen) bounded(state.frozen.programs.add(program), POLICY_BOUNDS.programs);
      else state.frozen.programs.delete(program);
      return state;
    }
    case "policy-drift-detected":
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

function updated(state: PolicyState, { version, coveredSequence, settings, programs }: PolicyUpdated): void {
  state.version = version;
  state.coveredSequence = coveredSequence;
  // What was decided before settings changed says nothing of them; else it tells those whose event the log has forgotten.
  if (coveredSequence > state.settingsSequence) state.settings = settings;
  for (const one of programs) {
    forget(state, one.program);
    state.programs.set(one.program, one);
    state.standings += standingsOf(one);
  }
  const { programs: most, standings } = POLICY_BOUNDS;
  while (state.programs.size > 1 && (state.programs.size > most || state.standings > standings)) {
    forget(state, state.programs.keys().next().value as string);
  }
}

function forget(state: PolicyState, program: string): void {
  const known = state.programs.get(program);
  if (known === undefined) return;
  state.programs.delete(program);
  state.standings -= standingsOf(known);
}

function bounded(names: Set<string>, most: number): void {
  if (names.size > most) names.delete(names.values().next().value as string);
}
