// The log forgets its head, by age and by size, and some learn variables from it alone: what was told in the older half
// of what is left is told again, with the versions that they have. Pure.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { isOld, type LogRange } from "../log/range.ts";
import type { VariableAppend } from "./event.ts";
import type { Variable, VariablesState } from "./state.ts";

/** Of one event, in characters. */
const MOST = 262_144;

/** Undefined = nothing is old; else the next event, and after it there may be more. */
export function decideRenewal(state: VariablesState, range: LogRange): VariableAppend | undefined {
  const old = [...state.variables.values()].filter(({ toldSequence }) => isOld(toldSequence, range));
  const deprecated = old.find(({ status }) => status === "deprecated");
  if (deprecated !== undefined) return deprecatedAgain(deprecated);
  const active: Variable[] = [];
  let size = 0;
  for (const variable of old) {
    size += stringifyJson([variable.definition, variable.value]).length;
    if (active.length > 0 && size > MOST) break;
    active.push(variable);
  }
  if (active.length === 0) return undefined;
  return {
    verb: "registered",
    data: {
      definitions: active.map(({ definition }) => definition),
      changes: active.map(({ definition: { name }, value, version }) => ({ name, value, version })),
      by: lastOf(active[0] as Variable),
    },
  };
}

function deprecatedAgain(variable: Variable): VariableAppend {
  const { definition, value, version, replacedBy } = variable;
  const by = lastOf(variable);
  const instead = replacedBy === undefined ? {} : { replacedBy };
  return { verb: "deprecated", data: { definition, value, version, by, ...instead } };
}

function lastOf({ history }: Variable): string {
  return history.at(-1)?.by ?? "variables";
}
