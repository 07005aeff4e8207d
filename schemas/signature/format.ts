// AST to canonical text, and the hash that names a signature.

import { createHash } from "node:crypto";
import type { Field, Signature, Type } from "./ast.ts";
import { CONSTRAINTS, type Constraints } from "./constraints.ts";
import { formatLiteral, formatString } from "./format-literal.ts";

/** `parseSignature(formatSignature(ast))` equals `ast`. */
export function formatSignature(ast: Signature): string {
  const instructions = ast.instructions === undefined ? "" : `${formatString(ast.instructions)} `;
  return `${instructions}${formatFields(ast.inputs)} -> ${formatFields(ast.outputs)}`;
}

/** Hex SHA-256 of the canonical text: the same for two texts that mean the same, in both languages. */
export function hashSignature(ast: Signature): string {
  return createHash("sha256").update(formatSignature(ast), "utf8").digest("hex");
}

function formatFields(fields: readonly Field[]): string {
  return fields.map(formatField).join(", ");
}

function formatField(field: Field): string {
  const fallback = field.default === undefined ? "" : ` = ${formatLiteral(field.default)}`;
  const description = field.description === undefined ? "" : ` ${formatString(field.description)}`;
  return `${field.name}: ${formatType(field.type)}${fallback}${description}`;
}

function formatType(type: Type): string {
  switch (type.kind) {
    case "optional":
      return `${formatType(type.of)} | None`;
    case "list":
      return `list[${formatType(type.items)}]${formatConstraints(type)}`;
    case "dict":
      return `dict[str, ${formatType(type.values)}]${formatConstraints(type)}`;
    case "object":
      return `{${formatFields(type.fields)}}`;
    case "literal":
      return `Literal[${type.values.map(formatLiteral).join(", ")}]`;
    case "any":
      return "Any";
    case "image":
      return "Image";
    case "history":
      return "History";
    default:
      return `${type.kind}${formatConstraints(type)}`;
  }
}

function formatConstraints(type: Type): string {
  const constraints = type as Constraints;
  const parts: string[] = [];
  for (const { word, key } of CONSTRAINTS) {
    const value = constraints[key];
    if (value !== undefined) parts.push(`${word}=${formatLiteral(value)}`);
  }
  return parts.length === 0 ? "" : `(${parts.join(", ")})`;
}
