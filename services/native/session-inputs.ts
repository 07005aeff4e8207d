// Inputs of work with values in place of references, those in the turns of a conversation among them.

import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { parseSignatureJson } from "../../schemas/signature/mod.ts";
import type { ClaimCheck } from "../log/claim-check.ts";

interface Turn {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** Name of the input that takes a conversation; null = none does. */
const historyFields = new WeakMap<ProgramDefinition, string | null>();

export async function expandInputs(
  claimCheck: ClaimCheck,
  definition: ProgramDefinition,
  { inputs, user, session }: Work,
): Promise<Record<string, unknown>> {
  const expanded = await claimCheck.expand(inputs, user);
  const field = session === undefined ? null : historyField(definition);
  const turns = field === null ? undefined : expanded[field];
  if (field === null || !isTurns(turns)) return expanded;
  return { ...expanded, [field]: await claimCheck.expandTurns(turns, user) };
}

function historyField(definition: ProgramDefinition): string | null {
  let name = historyFields.get(definition);
  if (name === undefined) {
    const { inputs } = parseSignatureJson(definition.signature);
    const isHistory = (kind: string) => kind === "history";
    name =
      inputs.find(({ type }) => isHistory(type.kind === "optional" ? type.of.kind : type.kind))?.name ?? null;
    historyFields.set(definition, name);
  }
  return name;
}

/** A request may bring a conversation of its own, whatever is in it. */
function isTurns(value: unknown): value is Turn[] {
  return Array.isArray(value) && value.every((turn) => isObject(turn?.inputs) && isObject(turn?.outputs));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
