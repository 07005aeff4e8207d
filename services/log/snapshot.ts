// Snapshots of a fold: its state at a log sequence, stored under `<evolve version>/<sequence>`. A snapshot of another
// evolve version is ignored, so changing how events are folded needs no migration, only a longer first start.

import { createHash } from "node:crypto";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import type { ObjectBucket } from "./objects.ts";

export interface Snapshot {
  /** Version of the evolve function that made it. */
  version: string;
  /** Last log sequence that is in the state. */
  sequence: number;
  state: unknown;
  /** Hex SHA-256 of the state's JSON. */
  hash: string;
}

/** Hex SHA-256 of a state's JSON: a rebuild from zero must arrive at the same. */
export function stateHash(state: unknown): string {
  return createHash("sha256").update(stringifyJson(state)).digest("hex");
}

export async function storeSnapshot(
  bucket: ObjectBucket,
  version: string,
  sequence: number,
  state: unknown,
): Promise<Snapshot> {
  const json = stringifyJson(state);
  const hash = createHash("sha256").update(json).digest("hex");
  const body = `{"version":${JSON.stringify(version)},"sequence":${sequence},"hash":"${hash}","state":${json}}`;
  await bucket.put(`${version}/${sequence}`, Buffer.from(body));
  return { version, sequence, state, hash };
}

/**
 * Stores a snapshot whose state is told as pieces of its JSON, as `storeSnapshot` would tell it whole: for a state so
 * large that making its text at once would hold the service up.
 */
export async function storeSnapshotPieces(
  bucket: ObjectBucket,
  version: string,
  sequence: number,
  pieces: Iterable<string>,
): Promise<void> {
  await bucket.putParts(`${version}/${sequence}`, withEnvelope(version, sequence, pieces));
}

function* withEnvelope(version: string, sequence: number, pieces: Iterable<string>): Generator<string> {
  const hash = createHash("sha256");
  yield `{"version":${JSON.stringify(version)},"sequence":${sequence},"state":`;
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  yield `,"hash":"${hash.digest("hex")}"}`;
}

/** The newest snapshot if it was made by this evolve version and is whole; else undefined: fold from the start. */
export async function loadSnapshot(bucket: ObjectBucket, version: string): Promise<Snapshot | undefined> {
  const newest = await bucket.newest();
  if (newest === null || !newest.name.startsWith(`${version}/`)) return undefined;
  const snapshot = parseJson(newest.data) as Snapshot;
  return stateHash(snapshot.state) === snapshot.hash ? snapshot : undefined;
}
