// The names that values and expressions of a definition begin with: which stages they wait for. Pure.

const TEXT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
const NAME = /(?<![\w.])([A-Za-z_]\w*)(?:\.\w+)*/g;

/** First parts of all references within a value. */
export function namesInValue(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(value)) for (const item of value) namesInValue(item, found);
  else if (typeof value === "object" && value !== null) {
    const { $from, $expr } = value as { $from?: unknown; $expr?: unknown };
    if ("$value" in value) return found;
    if (typeof $from === "string") found.add($from.split(".")[0] ?? "");
    else if (typeof $expr === "string") for (const name of namesInExpression($expr)) found.add(name);
    else for (const member of Object.values(value)) namesInValue(member, found);
  }
  return found;
}

/** Of an expression; functions and words such as `and` are among them. */
export function namesInExpression(expression: string): string[] {
  return [...expression.replaceAll(TEXT, " ").matchAll(NAME)].map(([, name = ""]) => name);
}
