// Pure: the settings of a policy as a line of text, and from what was typed.

import { parseJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import { type PolicySettings, policySettingsSchema } from "../../../../schemas/messages/policy-event.ts";
import type { InputReader } from "../inputs.ts";

export function settingsText({ name, rule, temper, floor }: PolicySettings): string {
  const numbers = rule === "thompson" ? `, temper ${temper}, floor ${Math.round(floor * 1_000) / 10} %` : "";
  return `${name}: ${rule}${numbers}`;
}

/**
 * A challenger's name, or whole settings: as JSON, in a file `….json`, or from standard input (`-`).
 * @throws DspexError `invalid_inputs` saying what does not fit.
 */
export function parseSettings(typed: string, reader: InputReader): string | PolicySettings {
  const text = settingsJson(typed, reader);
  if (text === undefined) return typed;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DspexError("invalid_inputs", `the settings are no JSON: ${why}`, { cause });
  }
  const parsed = policySettingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw new DspexError("invalid_inputs", `settings${path === "" ? "" : ` ${path}`}: ${issue?.message}`, {
    path,
  });
}

function settingsJson(typed: string, reader: InputReader): string | undefined {
  if (typed === "-") return reader.standardInput();
  if (typed.trimStart().startsWith("{")) return typed;
  if (!typed.endsWith(".json")) return undefined;
  try {
    return reader.file(typed);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DspexError("invalid_inputs", `cannot read ${typed}: ${why}`, { cause });
  }
}
