// Pure: what differs between two states, as paths. Lists of entries with a name are compared by it, so that one
// entry more at the front is one difference and not all of them.

export interface StateDifference {
  path: string;
  /** Absent = was not there. */
  before?: unknown;
  /** Absent = is gone. */
  after?: unknown;
}

const NAMES = ["id", "key", "name"];

export function stateDifferences(before: unknown, after: unknown, path = ""): StateDifference[] {
  if (Object.is(before, after)) return [];
  const [a, b] = [membersOf(before), membersOf(after)];
  if (a === undefined || b === undefined) {
    return same(before, after) ? [] : [{ path, before, after }];
  }
  const differences: StateDifference[] = [];
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const inner = path === "" ? name : `${path}.${name}`;
    if (!b.has(name)) differences.push({ path: inner, before: a.get(name) });
    else if (!a.has(name)) differences.push({ path: inner, after: b.get(name) });
    else differences.push(...stateDifferences(a.get(name), b.get(name), inner));
  }
  return differences;
}

/** Members by name; undefined for what is compared as a whole. */
function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) {
    return new Map(Object.entries(value).filter(([, member]) => member !== undefined));
  }
  const name = NAMES.find((one) => value.every((item) => typeof memberOf(item, one) === "string"));
  if (name !== undefined) return new Map(value.map((item) => [memberOf(item, name) as string, item]));
  return new Map(value.map((item, index) => [String(index), item]));
}

function memberOf(item: unknown, name: string): unknown {
  return typeof item === "object" && item !== null ? (item as Record<string, unknown>)[name] : undefined;
}

function same(a: unknown, b: unknown): boolean {
  return typeof a === typeof b && typeof a !== "object" && a === b;
}
