// Which settings of an implementation variables can give, by its kind. Pure.

import type { Implementation } from "../../schemas/messages/program-event.ts";

const CALL = ["model", "temperature", "maxTokens", "timeoutMs"];

const SETTINGS: Readonly<Record<Implementation["kind"], ReadonlySet<string>>> = {
  native: new Set(["timeoutMs"]),
  structured: new Set([...CALL, "prompt"]),
  plain: new Set([...CALL, "prompt"]),
  choice: new Set([...CALL, "prompt"]),
  dspy: new Set([...CALL, "module", "adapter", "demos"]),
  python: new Set(CALL),
};
const PARAMETER = "parameters.";

export function isSetting(kind: Implementation["kind"], path: string): boolean {
  return SETTINGS[kind].has(path) || (kind === "dspy" && path.startsWith(PARAMETER));
}

/** The first path that means nothing to the implementation, with those that do; undefined = all mean something. */
export function unknownSetting({ kind, variables = {} }: Implementation): string | undefined {
  // A user's own function takes any.
  if (kind === "python" || kind === "native") return undefined;
  return Object.keys(variables).find((path) => !isSetting(kind, path));
}

/** As a message lists them. */
export function knownSettings(kind: Implementation["kind"]): string {
  return [...SETTINGS[kind], ...(kind === "dspy" ? [`${PARAMETER}<name>`] : [])].join(", ");
}
