// Claim check: values too large for a message lie in the object bucket under their owner's prefix, and a reference
// travels in their place.

import { createHash } from "node:crypto";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_BODY_BYTES, MAX_INLINE_VALUE_BYTES } from "../../schemas/limits.ts";
import { type Reference, referenceSchema } from "../../schemas/messages/reference.ts";
import { VALUE_BUCKET } from "../../schemas/subjects.ts";
import type { ObjectBucket } from "./objects.ts";

type Values = Record<string, unknown>;

/** Room for the rest of a message around its values. */
const ENVELOPE_BYTES = 98_304;

export class ClaimCheck {
  readonly #bucket: ObjectBucket;

  constructor(bucket: ObjectBucket) {
    this.#bucket = bucket;
  }

  /**
   * Replaces each value above 256 KiB, then the largest until all fit, by references that belong to `user`.
   * Returns the same object when nothing had to move.
   */
  shrink(values: Values, user: string): Values | Promise<Values> {
    // The usual case costs a look at the lengths: a character is six bytes of JSON at most.
    return isShorter(values, MAX_INLINE_VALUE_BYTES / 6) ? values : this.#shrinkLarge(values, user);
  }

  async #shrinkLarge(values: Values, user: string): Promise<Values> {
    const sizes = new Map<string, { json: string; sizeBytes: number }>();
    let total = 0;
    for (const [name, value] of Object.entries(values)) {
      const json = stringifyJson(value);
      const sizeBytes = Buffer.byteLength(json);
      sizes.set(name, { json, sizeBytes });
      total += sizeBytes;
    }
    if (total <= MAX_INLINE_VALUE_BYTES) return values;
    const shrunk: Values = { ...values };
    const largestFirst = [...sizes].sort((a, b) => b[1].sizeBytes - a[1].sizeBytes);
    for (const [name, { json, sizeBytes }] of largestFirst) {
      if (sizeBytes <= MAX_INLINE_VALUE_BYTES && total <= MAX_BODY_BYTES - ENVELOPE_BYTES) break;
      shrunk[name] = await this.#store(json, sizeBytes, user);
      total -= sizeBytes;
    }
    return shrunk;
  }

  /**
   * Puts the values back in place of their references.
   * @throws DspexError `invalid_inputs` for a reference that is none or is another user's, `gone` for lost bytes.
   */
  async expand(values: Values, user: string): Promise<Values> {
    let expanded: Values | undefined;
    for (const [name, value] of Object.entries(values)) {
      if (!looksLikeReference(value)) continue;
      expanded ??= { ...values };
      expanded[name] = await this.#load(name, value, user);
    }
    return expanded ?? values;
  }

  /** The same for turns of a session: their values are references as they were in their time. */
  expandTurns<Turn extends { inputs: Values; outputs: Values }>(
    turns: readonly Turn[],
    user: string,
  ): Promise<Turn[]> {
    return Promise.all(
      turns.map(async (turn) => ({
        ...turn,
        inputs: await this.expand(turn.inputs, user),
        outputs: await this.expand(turn.outputs, user),
      })),
    );
  }

  async #store(json: string, sizeBytes: number, user: string): Promise<Reference> {
    const sha256 = createHash("sha256").update(json).digest("hex");
    // By its hash: the same value twice is one object and one reference.
    const key = `${user}/${sha256}`;
    if ((await this.#bucket.get(key)) === null) await this.#bucket.put(key, Buffer.from(json));
    return {
      $ref: {
        bucket: VALUE_BUCKET,
        key,
        sizeBytes,
        sha256,
        contentType: "application/json",
      },
    };
  }

  async #load(name: string, value: unknown, user: string): Promise<unknown> {
    const path = `inputs.${name}`;
    const parsed = referenceSchema.safeParse(value);
    if (!parsed.success)
      throw new DspexError("invalid_inputs", `${path} looks like a reference and is none`, { path });
    const { bucket, key, sizeBytes, sha256 } = parsed.data.$ref;
    if (bucket !== VALUE_BUCKET || !key.startsWith(`${user}/`)) {
      throw new DspexError("invalid_inputs", `${path} refers to an object that is not this user's`, { path });
    }
    const stored = await this.#bucket.get(key);
    if (stored === null)
      throw new DspexError("gone", `${path} refers to an object that is not there (any more)`, { path });
    const actual = createHash("sha256").update(stored.data).digest("hex");
    if (stored.data.length !== sizeBytes || actual !== sha256) {
      throw new DspexError(
        "invalid_inputs",
        `${path}: the object is not the one that the reference describes`,
        { path },
      );
    }
    return parseJson(stored.data);
  }
}

/** True when the value surely has fewer characters than `budget`, counting some for each number and member. */
function isShorter(value: unknown, budget: number): boolean {
  return charactersLeft(value, budget) > 0;
}

const CHARACTERS_EACH = 4;

function charactersLeft(value: unknown, budget: number): number {
  if (budget <= 0) return 0;
  if (typeof value === "string") return budget - value.length - CHARACTERS_EACH;
  if (typeof value === "bigint") return budget - value.toString().length;
  if (typeof value !== "object" || value === null) return budget - CHARACTERS_EACH;
  let left = budget - CHARACTERS_EACH;
  for (const key in value) {
    left = charactersLeft((value as Values)[key], left - key.length - CHARACTERS_EACH);
    if (left <= 0) return 0;
  }
  return left;
}

/** True for an object with the member `$ref`: only a reference may look like that. */
export function looksLikeReference(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, "$ref");
}
