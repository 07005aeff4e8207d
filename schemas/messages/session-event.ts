// What may happen to a session: `dspex.event.session.<user>.<session>.<verb>`. Whoever reads the events of one session
// in order knows all of it: settings, context, turns with their contents, and what was erased.

import { z } from "zod";
import { jsonObjectSchema, requestIdSchema, sequenceSchema, tokenSchema, usageSchema } from "./parts.ts";

const turnNumber = z.number().int().nonnegative();
const named = { user: tokenSchema, session: tokenSchema };

/** Opened, opened again after it ended, or told another idle time. */
export const sessionOpenedSchema = z.object({
  ...named,
  /** Idle time after which it expires. */
  ttlMs: z.number().int().positive(),
  /** The request that named a session which nobody had opened. */
  request: sequenceSchema.optional(),
});
export type SessionOpened = z.infer<typeof sessionOpenedSchema>;

/** The whole context document as it is from here on. */
export const sessionContextSetSchema = z.object({
  ...named,
  /** Counts up by one with each change; the same again = told again, before the log forgets it. */
  version: z.number().int().positive(),
  context: jsonObjectSchema,
});
export type SessionContextSet = z.infer<typeof sessionContextSetSchema>;

/** Where the messages of one request lie in the log. */
export const turnLogSchema = z.object({
  requests: z.array(sequenceSchema),
  work: z.array(sequenceSchema),
  failures: z.array(sequenceSchema),
  result: sequenceSchema,
});
export type TurnLog = z.infer<typeof turnLogSchema>;

/** One turn: a request within the session and how it ended. */
export const sessionTurnAddedSchema = z.object({
  ...named,
  turn: z.number().int().positive(),
  /** Of the request. */
  id: requestIdSchema,
  status: z.enum(["succeeded", "failed", "cancelled"]),
  program: z.string(),
  version: tokenSchema.optional(),
  implementation: tokenSchema.optional(),
  /** `<pool>/<worker>` that answered. */
  worker: z.string().optional(),
  /** Slot of the model's server in which the session's prompts are kept computed. */
  slot: z.number().int().nonnegative().optional(),
  /** Of a turn that succeeded; left out where they are too large, then the request and the result have them. */
  inputs: jsonObjectSchema.optional(),
  outputs: jsonObjectSchema.optional(),
  errorCode: z.string().optional(),
  usage: usageSchema,
  totalMs: z.number().nonnegative(),
  /** Version of the context in force; 0 = none was set. */
  contextVersion: z.number().int().nonnegative(),
  /** Sequences of the newest turns before it that are history, oldest first: one read tells where all of it lies. */
  history: z.array(sequenceSchema).max(64),
  log: turnLogSchema,
});
export type SessionTurnAdded = z.infer<typeof sessionTurnAddedSchema>;

/** First event of a session that goes on from a turn of another one of the same user. */
export const sessionForkedSchema = z.object({
  ...named,
  ttlMs: z.number().int().positive(),
  from: z.object({
    session: tokenSchema,
    /** Turns up to this one are shared; 0 = none. */
    turn: turnNumber,
    /** Log sequence of that turn. */
    sequence: sequenceSchema,
  }),
  /** Sequences of the newest shared turns that are history, oldest first. */
  history: z.array(sequenceSchema).max(64),
  /** The context at that turn, with its version. */
  context: jsonObjectSchema.optional(),
  contextVersion: z.number().int().nonnegative(),
});
export type SessionForked = z.infer<typeof sessionForkedSchema>;

export const sessionClosedSchema = z.object({ ...named, reason: z.string().max(1_024).optional() });
export type SessionClosed = z.infer<typeof sessionClosedSchema>;

export const sessionExpiredSchema = z.object({
  ...named,
  /** How long it had been idle, by the log's clock. */
  idleMs: z.number().int().nonnegative(),
  /** `bound` = there were more open sessions than the service keeps. */
  why: z.enum(["idle", "bound"]),
});
export type SessionExpired = z.infer<typeof sessionExpiredSchema>;

/**
 * The tombstone. `begun` names what is to be erased, before it is; `done` says that the bytes are gone. Nothing is
 * deleted from the log that no tombstone names.
 */
export const sessionErasedSchema = z.discriminatedUnion("status", [
  z.object({
    ...named,
    status: z.literal("begun"),
    by: tokenSchema,
    /** Turns that the session had; a later one goes on counting. */
    turns: turnNumber,
    contextVersion: z.number().int().nonnegative(),
    /** Sequences in the log … */
    log: z.array(sequenceSchema),
    /** … and in the stream of large values. */
    values: z.array(sequenceSchema),
    /** Results among them; each subject keeps a result that says `gone`, so that no id is run again. */
    results: z.array(z.object({ id: requestIdSchema, sequence: sequenceSchema })),
    /** Another tombstone follows: it was too much for one, or something still runs. */
    more: z.boolean().optional(),
    /**
     * All that the user had up to this sequence is to be erased, not one session: its name stands for nothing but these
     * tombstones.
     */
    upTo: sequenceSchema.optional(),
  }),
  z.object({
    ...named,
    status: z.literal("done"),
    /** Sequence of the tombstone that it answers. */
    of: sequenceSchema,
    messages: z.number().int().nonnegative(),
  }),
]);
export type SessionErased = z.infer<typeof sessionErasedSchema>;

export const SESSION_EVENTS = {
  opened: { type: "dspex.session.opened.v1", schema: sessionOpenedSchema },
  "context-set": { type: "dspex.session.context-set.v1", schema: sessionContextSetSchema },
  "turn-added": { type: "dspex.session.turn-added.v1", schema: sessionTurnAddedSchema },
  forked: { type: "dspex.session.forked.v1", schema: sessionForkedSchema },
  closed: { type: "dspex.session.closed.v1", schema: sessionClosedSchema },
  expired: { type: "dspex.session.expired.v1", schema: sessionExpiredSchema },
  erased: { type: "dspex.session.erased.v1", schema: sessionErasedSchema },
} as const;
export type SessionVerb = keyof typeof SESSION_EVENTS;

export function isSessionVerb(verb: string): verb is SessionVerb {
  return Object.hasOwn(SESSION_EVENTS, verb);
}
