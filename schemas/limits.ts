// Sizes and times of the contract. Settings may lower some of them; none may be raised above these.

/** The server's `max_payload`. */
export const MAX_PAYLOAD_BYTES = 1_048_576;
/** Largest body of a request, and what work and results are brought down to by references. */
export const MAX_BODY_BYTES = 524_288;
/** A value above this travels as a reference. */
export const MAX_INLINE_VALUE_BYTES = 262_144;
/** Plan and decision of one work message together. */
export const MAX_PLAN_BYTES = 65_536;
/** One piece of `object.put`. */
export const MAX_PIECE_BYTES = 131_072;

export const DEFAULT_DEADLINE_MS = 300_000;
export const MAX_DEADLINE_MS = 3_600_000;

export const DEFAULT_PRIORITY = 5;
export const MAX_PRIORITY = 9;

/** Validators of one program, and all of them together as JSON. */
export const MAX_VALIDATORS = 16;
export const MAX_VALIDATORS_BYTES = 65_536;
/** Problems of one validator that a verdict tells. */
export const MAX_VERDICT_PROBLEMS = 5;
