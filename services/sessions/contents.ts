// The contents of turns, read from the log: one that is to be written, by its request and result, and those that were,
// by their own events.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { readRequest } from "../../schemas/envelope/request-codec.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { resultSchema } from "../../schemas/messages/result.ts";
import { type SessionTurnAdded, sessionTurnAddedSchema } from "../../schemas/messages/session-event.ts";
import type { LogReader, StoredMessage } from "../log/read.ts";
import type { TurnContents } from "./decide.ts";
import { namedIn } from "./event.ts";
import type { OpenTurn } from "./state.ts";
import type { HistoryTurn } from "./turns.ts";

/** Larger contents stay where they are, in the request and the result. */
const MOST_CHARACTERS = 262_144;

type Values = Record<string, unknown>;
/** What a turn is written from. What the log has forgotten is left out. */
export async function readTurn(reader: LogReader, turn: OpenTurn): Promise<TurnContents> {
  const [requested, stored] = await Promise.all([
    turn.sequence > 0 ? reader.at(turn.sequence) : null,
    reader.at(turn.result),
  ]);
  const result = stored === null ? undefined : resultIn(stored);
  const inputs = requested === null ? undefined : inputsIn(requested);
  const values =
    inputs === undefined || result?.outputs === undefined ? undefined : { inputs, outputs: result.outputs };
  const isSmall = values !== undefined && JSON.stringify(values, bigintAsText).length <= MOST_CHARACTERS;
  return { result, values: isSmall ? values : undefined };
}

/** Of a turn whose own event does not have them. */
export async function readLargeTurn(
  reader: LogReader,
  { log }: SessionTurnAdded,
): Promise<HistoryTurn | undefined> {
  const [requested, stored] = await Promise.all([
    reader.at(Math.min(...log.requests)),
    reader.at(log.result),
  ]);
  const inputs = requested === null ? undefined : inputsIn(requested);
  const outputs = stored === null ? undefined : resultIn(stored)?.outputs;
  return inputs === undefined || outputs === undefined ? undefined : { inputs, outputs };
}

/** A turn's event at a sequence; undefined where there is none (any more). */
export async function readTurnEvent(
  reader: LogReader,
  sequence: number,
): Promise<SessionTurnAdded | undefined> {
  const stored = await reader.at(sequence);
  return stored === null ? undefined : turnEventIn(stored);
}

export function turnEventIn(stored: StoredMessage): SessionTurnAdded | undefined {
  if (namedIn(stored.subject)?.verb !== "turn-added") return undefined;
  return sessionTurnAddedSchema.safeParse(dataIn(stored)).data;
}

function resultIn(stored: StoredMessage): Result | undefined {
  return resultSchema.safeParse(dataIn(stored)).data;
}

export function inputsIn(stored: StoredMessage): Values | undefined {
  try {
    return readRequest((name) => stored.header(name), stored.data).inputs;
  } catch {
    return undefined;
  }
}

export function dataIn(stored: StoredMessage): unknown {
  try {
    return (stored.json() as Partial<CloudEvent<unknown>> | null)?.data;
  } catch {
    return undefined;
  }
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
