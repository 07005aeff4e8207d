// References as they are written: `inputs.question`, `found.passages.0.text`, `item.title`, `loop.draft`, `run.id`. Pure.

export interface Reference {
  text: string;
  /** `inputs`, `item`, `index`, `loop`, `run`, or a stage's name. */
  base: string;
  /** Input, output or loop field; absent for `item` and `index`. */
  field: string | undefined;
  /** What follows: members and list positions. */
  path: readonly string[];
}

/** Names that no stage may have. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "inputs",
  "item",
  "index",
  "loop",
  "run",
  "true",
  "false",
]);

const REFERENCE = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_-]+)*$/;
const MAX_CHARACTERS = 512;

/** Undefined where it is none; what it names is not looked at. */
export function parseReference(text: string): Reference | undefined {
  if (text.length > MAX_CHARACTERS || !REFERENCE.test(text)) return undefined;
  const [base = "", ...rest] = text.split(".");
  if (base === "item") return { text, base, field: undefined, path: rest };
  if (base === "index") return rest.length === 0 ? { text, base, field: undefined, path: [] } : undefined;
  const [field, ...path] = rest;
  return field === undefined ? undefined : { text, base, field, path };
}
