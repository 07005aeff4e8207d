// What an implementation depends on, as keys of breakers, and what an outcome says of each of them.
//
//   model/<name>   pool/<pool>   arm/<program>/<arm>

import type { ErrorCode } from "../../../schemas/error-codes.ts";
import type { Implementation, ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import { armsOf } from "../../learning/statistics/arms.ts";
import { poolOf } from "../pool-of.ts";
import type { Mark } from "./state.ts";

interface Keys {
  /** What others depend on, too: model and pool. */
  shared: readonly string[];
  own: string;
  all: readonly string[];
}

const cached = new WeakMap<ProgramDefinition, Map<string, Keys>>();

/** All keys of one of the definition's implementations. */
export function breakerKeys(
  definition: ProgramDefinition,
  implementation: Implementation,
): readonly string[] {
  return keysOf(definition, implementation).all;
}

/** The same, apart. Computed once for a definition, which is never changed. */
export function keysOf(definition: ProgramDefinition, { name }: Implementation): Keys {
  let keys = cached.get(definition);
  if (keys === undefined) {
    const arms = armsOf(definition);
    keys = new Map(
      definition.implementations.map((one, at) => {
        const shared = sharedKeys(one);
        const own = `arm/${definition.name}/${arms[at]?.key}`;
        return [one.name, { shared, own, all: [...shared, own] }];
      }),
    );
    cached.set(definition, keys);
  }
  return keys.get(name) as Keys;
}

/** Functions run in the routers themselves: they depend on nothing but themselves. */
function sharedKeys(implementation: Implementation): string[] {
  if (implementation.kind === "native") return [];
  const model = modelOf(implementation);
  return [...(model === undefined ? [] : [`model/${model}`]), `pool/${poolOf(implementation)}`];
}

/**
 * Undefined for functions, and for modules of users that name none: whether they call a model, and which, is not
 * known, and their successes must not speak for one.
 */
export function modelOf(implementation: Implementation): string | undefined {
  switch (implementation.kind) {
    case "native":
      return undefined;
    case "python":
      return implementation.model;
    default:
      return implementation.model ?? "default";
  }
}

/** The model was asked and did answer. */
const MODEL_ANSWERED: readonly ErrorCode[] = [
  "output_parse_error",
  "output_invalid",
  "context_window_exceeded",
  "lm_rejected",
];
const MODEL_FAILED: readonly ErrorCode[] = ["lm_unavailable", "lm_timeout", "lm_auth", "lm_rate_limited"];

const MARKS: Readonly<Record<string, ReadonlyMap<ErrorCode, Mark>>> = {
  model: marks(MODEL_ANSWERED, MODEL_FAILED),
  // A worker was there and told what went wrong.
  pool: marks(
    [...MODEL_ANSWERED, ...MODEL_FAILED, "internal", "module_not_found"],
    ["worker_lost", "unavailable"],
  ),
  arm: marks(
    [],
    ["internal", "module_not_found", "lm_rejected"],
    // Ordinary for a model now and then: only many in a row say that something is broken.
    ["output_parse_error", "output_invalid"],
  ),
};

/** What an attempt's end says of a key; undefined = nothing. No code = it succeeded. */
export function markOf(key: string, code: ErrorCode | undefined): Mark | undefined {
  if (code === undefined) return "good";
  return MARKS[key.slice(0, key.indexOf("/"))]?.get(code);
}

function marks(
  good: readonly ErrorCode[],
  bad: readonly ErrorCode[],
  poor: readonly ErrorCode[] = [],
): ReadonlyMap<ErrorCode, Mark> {
  const map = new Map<ErrorCode, Mark>();
  for (const code of good) map.set(code, "good");
  for (const code of bad) map.set(code, "bad");
  for (const code of poor) map.set(code, "poor");
  return map;
}
