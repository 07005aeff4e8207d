// Reads what decisions need and the state does not hold: outputs in results, signals, inputs of runs, and values behind
// references.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import { namedIn } from "./event.ts";
import { type Need, needKey } from "./run/evaluate.ts";

interface Contents {
  outputs?: Record<string, unknown>;
  data?: Record<string, unknown>;
  inputs?: Record<string, unknown>;
}

export class Loader {
  readonly #reader: LogReader;
  readonly #claims: ClaimCheck;
  readonly #atOnce: number;

  constructor(reader: LogReader, claims: ClaimCheck, atOnce: number) {
    this.#reader = reader;
    this.#claims = claims;
    this.#atOnce = atOnce;
  }

  /** Puts what is needed into `loaded`; of what is not there any more an error. @throws `unavailable` */
  async load(user: string, needs: readonly Need[], loaded: Map<string, unknown>): Promise<void> {
    const left = [...needs];
    await Promise.all(
      Array.from({ length: Math.min(this.#atOnce, left.length) }, async () => {
        for (let need = left.pop(); need !== undefined; need = left.pop())
          loaded.set(needKey(need), await this.#read(user, need));
      }),
    );
  }

  async #read(user: string, need: Need): Promise<unknown> {
    if ("reference" in need) {
      try {
        const { value } = await this.#claims.expand({ value: { $ref: need.reference } }, user);
        return value;
      } catch (error) {
        const known = asDspexError(error);
        if (known.code === "unavailable") throw known;
        return known;
      }
    }
    const message = await this.#reader.at(need.sequence);
    if (message === null)
      return new DspexError("gone", `message ${need.sequence} of the log is not there any more`);
    const { outputs, data, inputs } = (message.json() as CloudEvent<Contents>).data;
    const verb = namedIn(message.subject)?.verb;
    return (verb === "signalled" ? data : verb === "started" ? inputs : outputs) ?? {};
  }
}
