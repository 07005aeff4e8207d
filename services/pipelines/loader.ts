// Reads what decisions need and the state does not hold: outputs in results, signals, inputs of runs, and values behind
// references. What was read stays at hand for a while, since each item of a map asks for the same list again.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import { namedIn } from "./event.ts";
import { RUN_BOUNDS } from "./run/bounds.ts";
import { type Need, needKey } from "./run/needs.ts";
import { ValueCache } from "./value-cache.ts";

interface Contents {
  outputs?: Record<string, unknown>;
  data?: Record<string, unknown>;
  inputs?: Record<string, unknown>;
}

interface Read {
  value: unknown;
  sizeBytes: number;
}

export interface LoaderOptions {
  reader: Pick<LogReader, "at">;
  claims: Pick<ClaimCheck, "expand">;
  /** Of one decision. */
  readsAtOnce: number;
  /** Of what stays at hand. */
  cacheBytes: number;
}

/** What was read for one decision. */
export class LoadedValues extends Map<string, unknown> {
  sizeBytes = 0;
}

export class Loader {
  readonly #options: LoaderOptions;
  readonly #cache: ValueCache<Read>;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#cache = new ValueCache(options.cacheBytes);
  }

  /**
   * Puts what is needed into `loaded`, as much of it as one decision may have; who lacks more asks again and is refused
   * that. Of what is not there any more an error. @throws `unavailable`
   */
  async load(user: string, needs: readonly Need[], loaded: LoadedValues): Promise<void> {
    const most = RUN_BOUNDS.valueBytes;
    if (loaded.sizeBytes >= most) {
      const why = `more than ${most / 1_048_576} MiB of large values at once`;
      for (const need of needs) loaded.set(needKey(need), new DspexError("payload_too_large", why));
      return;
    }
    const left = [...needs].reverse();
    const { readsAtOnce } = this.#options;
    await Promise.all(
      Array.from({ length: Math.min(readsAtOnce, left.length) }, async () => {
        while (loaded.sizeBytes < most) {
          const need = left.pop();
          if (need === undefined) return;
          const { value, sizeBytes } = await this.#find(user, need);
          loaded.set(needKey(need), value);
          loaded.sizeBytes += sizeBytes;
        }
      }),
    );
  }

  async #find(user: string, need: Need): Promise<Read> {
    // Keys of values begin with their owner, sequences are of the whole log: nobody gets another's.
    const key = `${user} ${needKey(need)}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const found = await this.#read(user, need);
    if (!(found.value instanceof Error)) this.#cache.set(key, found, found.sizeBytes);
    return found;
  }

  async #read(user: string, need: Need): Promise<Read> {
    const { reader, claims } = this.#options;
    if ("reference" in need) {
      try {
        const { value } = await claims.expand({ value: { $ref: need.reference } }, user);
        return { value, sizeBytes: need.reference.sizeBytes };
      } catch (error) {
        const known = asDspexError(error);
        if (known.code === "unavailable") throw known;
        return { value: known, sizeBytes: 0 };
      }
    }
    const message = await reader.at(need.sequence);
    if (message === null) {
      const why = `message ${need.sequence} of the log is not there any more`;
      return { value: new DspexError("gone", why), sizeBytes: 0 };
    }
    const { outputs, data, inputs } = (message.json() as CloudEvent<Contents>).data;
    const verb = namedIn(message.subject)?.verb;
    const value = (verb === "signalled" ? data : verb === "started" ? inputs : outputs) ?? {};
    return { value, sizeBytes: message.data.length };
  }
}
