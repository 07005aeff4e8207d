// Claim check on the client's side: large inputs are put into the object bucket through the gateway before the request
// goes out, references in outputs are fetched before the application sees them.

import { createHash } from "node:crypto";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_BODY_BYTES, MAX_INLINE_VALUE_BYTES, MAX_PIECE_BYTES } from "../../schemas/limits.ts";
import { type Reference, referenceSchema } from "../../schemas/messages/reference.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Api } from "./api.ts";

type Values = Record<string, unknown>;

/** Room for the rest of the request around its values. */
const ENVELOPE_BYTES = 16_384;

export class ObjectTransfer {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Replaces values above 256 KiB, then the largest until the request fits, by references. */
  async shrinkInputs(inputs: Values): Promise<Values> {
    const sized = Object.entries(inputs).map(([name, value]) => ({
      name,
      bytes: Buffer.from(stringifyJson(value)),
    }));
    sized.sort((a, b) => b.bytes.length - a.bytes.length);
    let total = sized.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const shrunk = { ...inputs };
    for (const { name, bytes } of sized) {
      if (bytes.length <= MAX_INLINE_VALUE_BYTES && total <= MAX_BODY_BYTES - ENVELOPE_BYTES) break;
      shrunk[name] = await this.put(bytes, "application/json");
      total -= bytes.length;
    }
    return shrunk;
  }

  /** Puts the values back that travelled as references; the same result when there are none. */
  expandOutputs(result: Result): Result | Promise<Result> {
    const { outputs } = result;
    const expanded = outputs === undefined ? undefined : this.expandValues(outputs);
    if (expanded === outputs || expanded === undefined) return result;
    return Promise.resolve(expanded).then((values) => ({ ...result, outputs: values }));
  }

  /** The same for values alone. */
  expandValues(values: Values): Values | Promise<Values> {
    for (const name in values) if (isReference(values[name])) return this.#expand(values);
    return values;
  }

  async #expand(values: Values): Promise<Values> {
    const expanded = { ...values };
    for (const [name, value] of Object.entries(values)) {
      if (isReference(value)) expanded[name] = parseJson(await this.get(value));
    }
    return expanded;
  }

  async put(bytes: Uint8Array, contentType: string): Promise<Reference> {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const { upload } = (await this.#api.request({
      verb: "object.put",
      body: { sizeBytes: bytes.length, sha256, contentType },
    })) as { upload: string };
    let answer: unknown;
    for (let n = 0; n * MAX_PIECE_BYTES < bytes.length; n++) {
      const piece = bytes.subarray(n * MAX_PIECE_BYTES, (n + 1) * MAX_PIECE_BYTES);
      answer = await this.#api.requestBytes(`object.put.${upload}.${n}`, piece);
    }
    return referenceSchema.parse(answer);
  }

  async get(reference: Reference): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#api.bytePieces({ verb: "object.get", body: reference }))
      pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    if (createHash("sha256").update(bytes).digest("hex") !== reference.$ref.sha256) {
      throw new DspexError("internal", `object ${reference.$ref.key} arrived broken`);
    }
    return bytes;
  }
}

function isReference(value: unknown): value is Reference {
  return (
    typeof value === "object" && value !== null && "$ref" in value && referenceSchema.safeParse(value).success
  );
}
