// Types of signatures as expressions know them, and the other way. Pure.

import type { Type } from "../../../schemas/signature/ast.ts";
import type { Type as ExpressionType } from "../../variables/expression/operations.ts";
import { ANY } from "./type-fit.ts";

export function toExpression(type: Type): ExpressionType {
  switch (type.kind) {
    case "int":
    case "float":
      return "number";
    case "str":
      return "text";
    case "bool":
      return "boolean";
    case "list":
      return "list";
    case "optional":
      return toExpression(type.of);
    default:
      return "any";
  }
}

export function fromExpression(type: ExpressionType): Type {
  switch (type) {
    case "number":
      // Which of them it is depends on the numbers.
      return ANY;
    case "text":
      return { kind: "str" };
    case "boolean":
      return { kind: "bool" };
    case "list":
      return { kind: "list", items: ANY };
    case "any":
      return ANY;
    default:
      return type satisfies never;
  }
}
