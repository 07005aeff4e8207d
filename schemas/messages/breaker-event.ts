// Circuit breakers of routers: `dspex.event.breaker.<verb>`. The state follows from failures and results alone; these
// tell people of it.

import { z } from "zod";
import { sequenceSchema } from "./parts.ts";

export const breakerChangedSchema = z.object({
  /** What is broken: `model/<name>`, `pool/<pool>` or `arm/<program>/<arm>`. */
  key: z.string().max(200),
  /** Sequence of the event at which it changed. */
  sequence: sequenceSchema,
  reason: z.string().max(256),
  /** Failures in a row. */
  failures: z.number().int().nonnegative(),
  /** RFC 3339: from then on one attempt is let through. */
  openUntil: z.string().optional(),
});
export type BreakerChanged = z.infer<typeof breakerChangedSchema>;

export const BREAKER_EVENTS = {
  opened: { type: "dspex.breaker.opened.v1", schema: breakerChangedSchema },
  "half-opened": { type: "dspex.breaker.half-opened.v1", schema: breakerChangedSchema },
  closed: { type: "dspex.breaker.closed.v1", schema: breakerChangedSchema },
} as const;
export type BreakerVerb = keyof typeof BREAKER_EVENTS;
