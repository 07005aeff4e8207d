// The sources that an answer is held against: texts, or texts with a name.

export type Source = string | { readonly id: string; readonly text: string };

export function sourceText(source: Source): string {
  return typeof source === "string" ? source : source.text;
}

/** Numbers from 1, and the names. */
export function sourceIndex(sources: readonly Source[]): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  for (const [at, source] of sources.entries()) {
    index.set(String(at + 1), at);
    if (typeof source !== "string") index.set(source.id, at);
  }
  return index;
}
