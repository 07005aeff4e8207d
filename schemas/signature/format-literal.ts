// Literals in canonical text.

import type { AstNumber, DefaultValue } from "./ast.ts";

export function formatLiteral(value: DefaultValue): string {
  switch (typeof value) {
    case "string":
      return formatString(value);
    case "number":
    case "bigint":
      return formatNumber(value);
    case "boolean":
      return value ? "True" : "False";
    default:
      if (value === null) return "None";
      return Array.isArray(value) ? `[${value.map(formatLiteral).join(", ")}]` : "{}";
  }
}

/** Integers as digits, others as RFC 8785 writes them, which is JavaScript's own way. */
function formatNumber(value: AstNumber): string {
  if (typeof value === "bigint") return value.toString();
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : String(value);
}

export function formatString(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return `"${value.replace(/["\\\u0000-\u001f]/g, escapeCharacter)}"`;
}

function escapeCharacter(char: string): string {
  switch (char) {
    case '"':
    case "\\":
      return `\\${char}`;
    case "\n":
      return "\\n";
    case "\t":
      return "\\t";
    default:
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
}
