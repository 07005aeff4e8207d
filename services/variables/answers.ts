// What the API tells of variables, in answers that fit one message. Pure.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { matchesPattern } from "../../schemas/variable-pattern.ts";
import type {
  VariableDetails,
  VariableHistoryAnswer,
  VariableInfo,
  VariableListAnswer,
} from "../client/variables-answers.ts";
import { dependenciesOf, dependentsOf } from "./graph.ts";
import { activeDefinitions } from "./graph-of-state.ts";
import type { HistoryEntry, Variable, VariablesState } from "./state.ts";

/** Of one answer. */
const MOST_BYTES = 393_216;

export function listAnswer(
  state: VariablesState,
  {
    pattern = "*",
    deprecated = false,
    after = "",
  }: { pattern?: string; deprecated?: boolean; after?: string },
): VariableListAnswer {
  const all = [...state.variables.values()]
    .filter(({ definition: { name }, status }) => {
      return name > after && (deprecated || status === "active") && matchesPattern(name, pattern);
    })
    .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
    .map(shown);
  const variables = fitting(all);
  const last = variables.at(-1);
  return {
    sequence: state.sequence,
    variables,
    ...(variables.length < all.length && last !== undefined && { after: last.name }),
  };
}

export function getAnswer(state: VariablesState, variable: Variable): VariableDetails {
  const { definition } = variable;
  return {
    ...shown(variable),
    sequence: state.sequence,
    dependsOn: [...dependenciesOf(definition)].sort(),
    neededBy: dependentsOf(activeDefinitions(state), definition.name),
  };
}

/** `values` = of changes whose values are not remembered, by sequence. */
export function historyAnswer(
  name: string,
  entries: readonly HistoryEntry[],
  values: ReadonlyMap<number, unknown>,
  isLast: boolean,
): VariableHistoryAnswer {
  const all = entries.map(({ timeMs, ...entry }) => {
    const value = entry.value ?? values.get(entry.sequence);
    return { ...entry, time: timeOf(timeMs), ...(value !== undefined && { value }) };
  });
  const changes = fitting(all);
  const oldest = changes.at(-1);
  const isComplete = isLast && changes.length === all.length;
  return { name, changes, ...(!isComplete && oldest !== undefined && { before: oldest.version }) };
}

function shown({ definition, value, version, status, replacedBy, history }: Variable): VariableInfo {
  const last = history.at(-1);
  return {
    name: definition.name,
    value,
    version,
    status,
    ...(replacedBy !== undefined && { replacedBy }),
    definition,
    ...(last !== undefined && { time: timeOf(last.timeMs), by: last.by }),
  };
}

/** As many from the front as an answer holds, one at least. */
function fitting<T>(all: readonly T[]): T[] {
  let sizeBytes = 0;
  const end = all.findIndex((one, n) => {
    sizeBytes += Buffer.byteLength(stringifyJson(one));
    return n > 0 && sizeBytes > MOST_BYTES;
  });
  return end < 0 ? [...all] : all.slice(0, end);
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
