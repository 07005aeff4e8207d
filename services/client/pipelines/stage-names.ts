// Names of stages: of one graph, of those inside of it, and of those around it. None hides another.

import { DspexError } from "../../../schemas/errors.ts";

const STAGE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const RESERVED = new Set(["inputs", "item", "index", "loop", "run", "true", "false"]);

export class StageNames {
  readonly #own = new Set<string>();
  readonly #inside = new Set<string>();
  readonly #around: StageNames | undefined;

  constructor(around?: StageNames) {
    this.#around = around;
  }

  /** @throws DspexError `invalid_inputs` naming the stage */
  claim(name: string): void {
    if (!STAGE_NAME.test(name))
      throw refused(name, `stage ${JSON.stringify(name)}: a name has letters, digits and _, a letter first`);
    if (RESERVED.has(name)) throw refused(name, `stage "${name}": this name means something else`);
    // A name of a graph around would be hidden by it, one of a body inside would hide it.
    let taken = this.#inside.has(name);
    for (let names: StageNames | undefined = this; names !== undefined; names = names.#around)
      taken ||= names.#own.has(name);
    if (taken) throw refused(name, `stage "${name}": there is one of this name already`);
    this.#own.add(name);
    for (let names = this.#around; names !== undefined; names = names.#around) names.#inside.add(name);
  }
}

function refused(path: string, message: string): DspexError {
  return new DspexError("invalid_inputs", message, { path });
}
