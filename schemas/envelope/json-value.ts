// Which JavaScript values are JSON: what `any` fields take, and what plain objects are.

export const MAX_JSON_DEPTH = 128;

/** An object literal or what JSON gives: not an array, a class's instance, a Map. Of another realm, too. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `depth` is how many arrays and objects may lie within one another. Members that are undefined count as absent. */
export function isJsonValue(value: unknown, depth: number = MAX_JSON_DEPTH): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "number":
      return Number.isFinite(value);
    case "boolean":
    case "bigint":
      return true;
    case "object":
      if (value === null) return true;
      if (depth === 0) return false;
      if (Array.isArray(value)) return isEach(value, depth - 1);
      return isPlainObject(value) && hasJsonMembers(value, depth - 1);
    default:
      return false;
  }
}

function isEach(items: readonly unknown[], depth: number): boolean {
  for (let i = 0; i < items.length; i++) if (!isJsonValue(items[i], depth)) return false;
  return true;
}

function hasJsonMembers(value: Record<string, unknown>, depth: number): boolean {
  for (const key of Object.keys(value)) {
    if (!isKey(key)) return false;
    const member = value[key];
    if (member !== undefined && !isJsonValue(member, depth)) return false;
  }
  return true;
}

/** `__proto__` is refused because copying such a member would change the copy's prototype. */
export function isKey(key: string): boolean {
  return key !== "__proto__" && key.isWellFormed();
}
