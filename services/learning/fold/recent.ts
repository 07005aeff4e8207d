// Maps in order of use: what was not used for longest is forgotten first.

/** The value of `key`, made where there is none, now the most recently used one. */
export function recent<V>(map: Map<string, V>, key: string, most: number, make: () => V): V {
  const value = map.get(key) ?? make();
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value as string);
  return value;
}
