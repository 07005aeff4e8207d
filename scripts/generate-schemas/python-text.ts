// Spelling of names and literals in Python.

const KEYWORDS = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);

export function pythonString(text: string): string {
  return JSON.stringify(text);
}

export function pythonNumber(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 20 }).replaceAll(",", "_");
}

/** The attribute for a member, and the member's own name where msgspec's `rename="camel"` would not give it back. */
export function snakeCase(member: string): [attribute: string, rename: string | undefined] {
  const plain = member
    .replace(/^\$/, "")
    .replaceAll(/(?<=[a-z0-9])([A-Z])/g, "_$1")
    .toLowerCase();
  const attribute = KEYWORDS.has(plain) ? `${plain}_` : plain;
  const back = plain.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return [attribute, back === member && attribute === plain ? undefined : member];
}
