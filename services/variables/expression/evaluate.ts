// The value of an expression where its variables have values. Each part is looked at once at most, so it ends. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { OPERATIONS, tidied, typeOf, type Value } from "./operations.ts";
import type { Expression, Node } from "./parse.ts";

/** @throws DspexError `invalid_inputs`: division by zero, a result that is too large, types that do not fit. */
export function evaluateExpression({ root }: Expression, lookUp: (name: string) => unknown): Value {
  return tidied(evaluate(root, lookUp));
}

function evaluate(node: Node, lookUp: (name: string) => unknown): Value {
  if (node.kind === "constant") return node.value;
  if (node.kind === "name") return lookUp(node.name) as Value;
  const { name, parts } = node;
  const part = (n: number) => evaluate(parts[n] as Node, lookUp);
  switch (name) {
    case "if":
      return truth(name, part(0)) ? part(1) : part(2);
    case "and":
      return truth(name, part(0)) && truth(name, part(1));
    case "or":
      return truth(name, part(0)) || truth(name, part(1));
    default: {
      const operation = OPERATIONS.get(name);
      if (operation === undefined) throw new DspexError("invalid_inputs", `${name} is no operation`);
      const values = parts.map((_, n) => part(n));
      for (const [n, value] of values.entries()) {
        const wanted = operation.takes[n] ?? operation.rest ?? "any";
        if (wanted !== "any" && typeOf(value) !== wanted)
          throw new DspexError("invalid_inputs", `${name} takes a ${wanted}, not a ${typeOf(value)}`);
      }
      return operation.compute(...(values as never[]));
    }
  }
}

function truth(name: string, value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new DspexError("invalid_inputs", `${name} takes a boolean, not a ${typeOf(value)}`);
}
