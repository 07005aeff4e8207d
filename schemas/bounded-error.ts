// Errors as they are stored: what a user sent may be quoted in them, in whole and several times, and a result that is
// too large to store would leave its request without an answer. Pure.

import type { WireError } from "./errors.ts";

const MAX_MESSAGE_CHARACTERS = 4_000;
const MAX_PATH_CHARACTERS = 1_000;
const MAX_DETAILS_CHARACTERS = 16_000;

/** The same error when it is short, as nearly all are; details that are too long are left out. */
export function boundedError(error: WireError): WireError {
  const { details, ...rest } = error;
  const message = shortened(error.message, MAX_MESSAGE_CHARACTERS);
  const path = error.path === undefined ? undefined : shortened(error.path, MAX_PATH_CHARACTERS);
  const isSmall = details === undefined || sizeOf(details) <= MAX_DETAILS_CHARACTERS;
  if (isSmall && message === error.message && path === error.path) return error;
  return { ...rest, message, ...(path !== undefined && { path }), ...(isSmall && { details }) };
}

function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  // A pair of surrogates that is cut in two is no text any more.
  return `${text.slice(0, most).toWellFormed()}…`;
}

/** Details are an application's own: they may hold what is no JSON. */
function sizeOf(details: unknown): number {
  try {
    return JSON.stringify(details)?.length ?? 0;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
