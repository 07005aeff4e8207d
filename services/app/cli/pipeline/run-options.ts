// Values of options that need a look.

import { InvalidArgumentError } from "commander";
import { parseJson } from "../../../../schemas/envelope/json.ts";

export function goalOption(value: string): string {
  if (!["speed", "quality", "cost"].includes(value))
    throw new InvalidArgumentError("Expected speed, quality or cost.");
  return value;
}

export function variablesOption(value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    throw new InvalidArgumentError("Expected a JSON object.");
  }
}
