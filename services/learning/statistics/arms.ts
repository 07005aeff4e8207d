// The arms of a program: its implementations, each under a key that changes with whatever changes what it does.

import { hash } from "node:crypto";
import { canonicalJson } from "../../../schemas/envelope/json.ts";
import type { Implementation, ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import type { DeclaredArm } from "./event.ts";

const HASH_DIGITS = 12;

const cached = new WeakMap<ProgramDefinition, readonly DeclaredArm[]>();

/** In declared order. Computed once for a definition, which is never changed. */
export function armsOf(definition: ProgramDefinition): readonly DeclaredArm[] {
  let arms = cached.get(definition);
  if (arms === undefined) {
    arms = definition.implementations.map((implementation) => ({
      key: `${implementation.name}@${contentHash(definition, implementation)}`,
      name: implementation.name,
      family: familyOf(implementation),
      ...(implementation.kind === "native" && { isFunction: true }),
    }));
    cached.set(definition, arms);
  }
  return arms;
}

/** Whether it is tried first or last does not change what it does. */
function contentHash({ signature }: ProgramDefinition, implementation: Implementation): string {
  const { lastResort: _lastResort, ...content } = implementation;
  return hash("sha256", canonicalJson({ signature, implementation: content }), "hex").slice(0, HASH_DIGITS);
}

/** Functions of two programs have nothing in common; model calls share their form and their model. */
function familyOf(implementation: Implementation): string {
  switch (implementation.kind) {
    case "native":
    case "python":
      return "";
    case "structured":
    case "plain":
    case "choice":
      return `${implementation.kind}/${implementation.model ?? "default"}`;
    case "dspy": {
      const form = implementation.demos === undefined ? "zero-shot" : "few-shot";
      return `dspy/${implementation.module}/${implementation.adapter ?? "json"}/${form}/${implementation.model ?? "default"}`;
    }
    default: {
      const unknown: never = implementation;
      return unknown;
    }
  }
}
