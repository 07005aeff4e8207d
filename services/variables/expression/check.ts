// The type of an expression from the types of the variables that it names: what cannot be added, compared or called is
// refused when it is declared, not when a value comes that way. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { OPERATIONS, type Type } from "./operations.ts";
import type { Expression, Node } from "./parse.ts";

/** @throws DspexError `invalid_inputs` that says what does not fit, and where. */
export function checkExpression({ root }: Expression, typeOfName: (name: string) => Type): Type {
  return typeOfNode(root, typeOfName);
}

function typeOfNode(node: Node, typeOfName: (name: string) => Type): Type {
  if (node.kind === "constant") return typeof node.value === "string" ? "text" : (typeof node.value as Type);
  if (node.kind === "name") return typeOfName(node.name);
  const types = node.parts.map((part) => typeOfNode(part, typeOfName));
  const { name, at } = node;
  const {
    takes,
    least = takes.length,
    rest,
    gives,
  } = OPERATIONS.get(name) as NonNullable<ReturnType<typeof OPERATIONS.get>>;
  if (types.length < least || (rest === undefined && types.length > takes.length)) {
    const wanted =
      rest !== undefined
        ? `${least} or more`
        : least === takes.length
          ? least
          : `${least} to ${takes.length}`;
    throw refused(at, `${name} takes ${wanted} values, not ${types.length}`);
  }
  types.forEach((type, n) => {
    const wanted = takes[n] ?? rest ?? "any";
    if (!fits(type, wanted)) throw refused(at, `${said(name)} takes a ${wanted}, not a ${type}`);
  });
  const [first = "any", second = "any", third = "any"] = types;
  switch (name) {
    case "if":
      if (!fits(second, third)) throw refused(at, `either a ${second} or a ${third}: it must be one type`);
      return second === "any" ? third : second;
    case "==":
    case "!=":
      if (!fits(first, second)) throw refused(at, `a ${first} is never a ${second}`);
      if (first === "list" || second === "list") throw refused(at, "lists are not compared");
      return gives;
    case "+":
      for (const type of [first, second])
        if (!fits(type, "number") && !fits(type, "text"))
          throw refused(at, `+ takes numbers or texts, not a ${type}`);
      if (!fits(first, second)) throw refused(at, `cannot add ${first} and ${second}`);
      return first === "any" ? second : first;
    case "len":
      if (first === "number" || first === "boolean")
        throw refused(at, `len takes a text or a list, not a ${first}`);
      return gives;
    case "text":
      if (first === "list") throw refused(at, "a list has no text");
      return gives;
    default:
      return gives;
  }
}

function fits(type: Type, wanted: Type): boolean {
  return type === wanted || type === "any" || wanted === "any";
}

function said(name: string): string {
  return name === "negate" ? "-" : name;
}

function refused(at: number, message: string): DspexError {
  return new DspexError("invalid_inputs", `${message}, at ${at}`);
}
