// What an attempt is made with: its implementation's settings with the values that variables have at this state, or that
// the request brings within their bounds. Pure, and nothing where neither names a variable.

import { DspexError, isDspexError } from "../../schemas/errors.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import { unknownPlaces } from "../native/adapters/template.ts";
import { givenBy, settingsWith, variablesOf } from "../variables/settings-with.ts";
import { pick, recordOf, resolve, type Values } from "../variables/values.ts";
import { signatureOf } from "./definitions.ts";
import type { RouterState } from "./state.ts";

export interface Tuned {
  implementation: Implementation;
  /** As the work carries them: values by name, and by the keys of a user's own function. */
  variables: Record<string, unknown>;
  /** What the decision says of them; nothing where there are none. */
  features: { variables?: Record<string, unknown> };
}

const NONE = Object.freeze({});
/** Neither definitions nor values are ever changed. A request's own values are kept for as long as the request is. */
const made = new WeakMap<Implementation, WeakMap<Values, Tuned>>();

/** The error says which value does not fit. */
export function tune(
  state: RouterState,
  definition: ProgramDefinition,
  implementation: Implementation,
  { variables: own }: RequestOptions,
): Tuned | DspexError {
  const names = own === undefined ? [] : Object.keys(own);
  const chooser = definition.routing?.implementationVariable;
  if (chooser !== undefined) names.push(chooser);
  if (names.length === 0 && implementation.variables === undefined)
    return { implementation, variables: NONE, features: NONE };
  try {
    const values = resolve(state.variables, own);
    let known = made.get(implementation);
    if (known === undefined) {
      known = new WeakMap();
      made.set(implementation, known);
    }
    let tuned = known.get(values);
    if (tuned === undefined) {
      tuned = withValues(definition, implementation, values, names);
      known.set(values, tuned);
    }
    return tuned;
  } catch (error) {
    if (isDspexError(error)) return error;
    throw error;
  }
}

function withValues(
  definition: ProgramDefinition,
  implementation: Implementation,
  values: Values,
  own: readonly string[],
): Tuned {
  const tuned = settingsWith(implementation, values);
  checkPrompt(definition, implementation, tuned);
  const names = [...new Set([...variablesOf(implementation), ...own])].sort();
  const recorded = recordOf(values, names);
  return {
    implementation: tuned,
    variables: { ...pick(values, names), ...givenBy(implementation, values) },
    features: Object.keys(recorded).length === 0 ? NONE : { variables: recorded },
  };
}

/** The declared prompt was checked when the program was registered. */
function checkPrompt(definition: ProgramDefinition, declared: Implementation, tuned: Implementation): void {
  const name = declared.variables?.prompt;
  if (name === undefined || !("prompt" in tuned) || tuned.prompt === undefined) return;
  const signature = signatureOf(definition);
  const [unknown] = unknownPlaces(tuned.prompt, signature);
  if (unknown === undefined) return;
  const inputs = signature.inputs.map((input) => input.name).join(", ");
  throw new DspexError(
    "invalid_inputs",
    `variable "${name}" is no prompt of implementation "${declared.name}": {{${unknown}}} is no input, it has: ${inputs}`,
    { path: `variables.${name}` },
  );
}
