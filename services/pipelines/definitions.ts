// Definitions as users bring them: looked at, stored under their name, taken away.

import { DspexError } from "../../schemas/errors.ts";
import type { RegisteredPipeline } from "../client/pipelines/answers.ts";
import type { Compiled, DefinitionProblem } from "./definition/compiled.ts";
import { type Normalised, normalise } from "./definition/normalise.ts";
import { validate } from "./definition/validate.ts";
import type { PipelinesFold } from "./fold.ts";
import type { PipelineJournal } from "./journal.ts";
import { keyOf, PIPELINES_BOUNDS, registeredIn } from "./state.ts";

const ATTEMPTS = 20;
/** Of problems, in the details of one error. */
const TOLD = 50;

export class Definitions {
  readonly #options: { fold: PipelinesFold; journal: PipelineJournal };

  constructor(options: { fold: PipelinesFold; journal: PipelineJournal }) {
    this.#options = options;
  }

  /** Everything that is wrong with it. @throws DspexError where its shape is wrong */
  validate(
    user: string,
    declaration: unknown,
  ): Normalised & { compiled: Compiled; problems: DefinitionProblem[] } {
    const { state } = this.#options.fold;
    const normalised = normalise(declaration);
    const registered = registeredIn(state);
    const { compiled, problems } = validate(normalised, {
      program(name, version) {
        const found = registered.program(name, version)?.signature;
        if (found !== undefined) return found;
        const isKnown = registered.program(name) !== undefined;
        return isKnown
          ? `program "${name}" has no version "${version}"`
          : `no program "${name}" is registered`;
      },
      pipeline(name, version) {
        const found = registered.pipeline(user, name, version)?.signature;
        if (found !== undefined) return found;
        const isKnown = registered.pipeline(user, name) !== undefined;
        return isKnown
          ? `pipeline "${name}" has no version "${version}"`
          : `no pipeline "${name}" is registered`;
      },
    });
    return { ...normalised, compiled, problems };
  }

  /** @throws DspexError `invalid_inputs` with all problems in its details */
  checked(user: string, declaration: unknown): Normalised & { compiled: Compiled } {
    const { problems, ...rest } = this.validate(user, declaration);
    const [first] = problems;
    if (first === undefined) return rest;
    const { stage, path, message } = first;
    const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
    const where = stage === undefined ? "" : `stage "${stage}": `;
    throw new DspexError("invalid_inputs", `${where}${message}${more}`, {
      path: `definition.${path}`,
      details: { problems: problems.slice(0, TOLD) },
    });
  }

  async register(owner: string, user: string, declaration: unknown): Promise<RegisteredPipeline> {
    const { fold, journal } = this.#options;
    const { definition, version } = this.checked(user, declaration);
    const { name } = definition;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const last = await journal.last(owner, name);
      await fold.passed(last);
      const known = fold.state.pipelines.get(keyOf(owner, name));
      if (known?.versions.at(-1)?.version === version) return { name, owner, version };
      if (known === undefined) this.#refuseTooMany(owner);
      const data = { name, owner, by: user, version, definition };
      const sequence = await journal.append(owner, name, "registered", data, last);
      if (sequence === undefined) continue;
      await fold.passed(sequence);
      return { name, owner, version };
    }
    throw busy(name);
  }

  async remove(owner: string, user: string, name: string, reason: string | undefined): Promise<void> {
    const { fold, journal } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = fold.state.pipelines.get(keyOf(owner, name));
      if (known === undefined) throw new DspexError("not_found", `no pipeline "${name}" of ${owner}`);
      const data = { name, owner, by: user, ...(reason !== undefined && { reason }) };
      const sequence = await journal.append(owner, name, "removed", data, known.last);
      if (sequence === undefined) continue;
      await fold.passed(sequence);
      return;
    }
    throw busy(name);
  }

  #refuseTooMany(owner: string): void {
    let count = 0;
    for (const known of this.#options.fold.state.pipelines.values()) if (known.owner === owner) count++;
    if (count >= PIPELINES_BOUNDS.pipelines)
      throw new DspexError(
        "overloaded",
        `${owner} has ${count} pipelines, at most ${PIPELINES_BOUNDS.pipelines}`,
      );
  }
}

function busy(name: string): DspexError {
  return new DspexError("conflict", `pipeline "${name}" is being changed by others all the time`, {
    retryable: true,
  });
}
