// What is wrong with a definition: each thing once, with its stage, and bounded in number and length, since what is wrong
// may have been made to be. Changed by those who look at the definition.

import type { CompiledStage, DefinitionProblem } from "./compiled.ts";

const MAX_PROBLEMS = 200;
const MAX_NAMES = 8;

export class Problems {
  readonly all: DefinitionProblem[] = [];
  readonly #told = new Set<string>();
  #isQuiet = false;

  tell(of: Pick<CompiledStage, "within" | "stage"> | undefined, path: string, message: string): void {
    if (this.#isQuiet || this.all.length >= MAX_PROBLEMS) return;
    const key = `${path}\n${message}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const stage = of === undefined ? {} : { stage: [...of.within, of.stage.name].join("/") };
    this.all.push({ ...stage, path, message });
  }

  /** What is wrong is told where it is looked at for its own sake, not where something else needs it. */
  quietly<T>(look: () => T): T {
    const before = this.#isQuiet;
    this.#isQuiet = true;
    try {
      return look();
    } finally {
      this.#isQuiet = before;
    }
  }
}

/** The first of them, and how many others. */
export function namesText(names: Iterable<string>): string {
  const all = [...names];
  const more = all.length - MAX_NAMES;
  return `${all.slice(0, MAX_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

export function quoted(value: unknown): string {
  return (
    JSON.stringify(value, (_key, one) => (typeof one === "bigint" ? Number(one) : one)) ?? "nothing"
  ).slice(0, 80);
}
