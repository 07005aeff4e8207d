// A program that takes a conversation (`history: History`) gets its session's where the request leaves it out. Pure.

import type { ReadRequest } from "../../schemas/envelope/request-codec.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Field } from "../../schemas/signature/ast.ts";
import type { HistoryTurn } from "../sessions/turns.ts";
import { signatureOf } from "./definitions.ts";

const fields = new WeakMap<ProgramDefinition, string | null>();

/** The request's inputs; a conversation that is the session's to fill is empty until then. */
export function inputsOf(definition: ProgramDefinition, request: ReadRequest): Record<string, unknown> {
  const field = openField(definition, request);
  return field === undefined ? request.inputs : { ...request.inputs, [field]: [] };
}

/** Inputs of an attempt with what was said in the session before. */
export function withHistory(
  definition: ProgramDefinition,
  request: ReadRequest | undefined,
  inputs: Record<string, unknown>,
  history: HistoryTurn[] | undefined,
): Record<string, unknown> {
  const field = request === undefined ? undefined : openField(definition, request);
  return field === undefined || history === undefined ? inputs : { ...inputs, [field]: history };
}

/** Name of the input that the session fills; undefined where it fills none. */
export function openField(
  definition: ProgramDefinition,
  { inputs, options }: ReadRequest,
): string | undefined {
  if (options.session === undefined) return undefined;
  const field = historyField(definition);
  return field === undefined || Object.hasOwn(inputs, field) ? undefined : field;
}

function historyField(definition: ProgramDefinition): string | undefined {
  let name = fields.get(definition);
  if (name === undefined) {
    name = signatureOf(definition).inputs.find(isHistory)?.name ?? null;
    fields.set(definition, name);
  }
  return name ?? undefined;
}

function isHistory({ type }: Field): boolean {
  return type.kind === "history" || (type.kind === "optional" && type.of.kind === "history");
}
