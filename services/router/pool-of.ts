// Which pool runs an implementation.

import type { Implementation } from "../../schemas/messages/program-event.ts";

/** Functions and model calls are the TypeScript workers'. */
export function poolOf(implementation: Implementation): string {
  return implementation.kind === "dspy" || implementation.kind === "python" ? implementation.pool : "native";
}
