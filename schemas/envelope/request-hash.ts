// What tells two requests with one id apart: equal program, inputs and options give the same hash, in whatever form
// and from whatever language they came.

import { hash } from "node:crypto";
import type { RequestOptions } from "../messages/request.ts";
import { canonicalJsonChecked } from "./json.ts";

export interface Hashed {
  program: string;
  inputs: Record<string, unknown>;
  /** As they were sent: a default that is left out is not the same as one that is written. */
  options: RequestOptions;
}

/** Hex SHA-256 of the canonical JSON (RFC 8785) of `{program, inputs, options}`, which have been read from JSON. */
export function requestHash({ program, inputs, options }: Hashed): string {
  return hash("sha256", canonicalJsonChecked({ program, inputs, options }), "hex");
}
