// Examples from the log: requests of one user whose results that user judged well enough. Others' requests are theirs: a
// demonstration is shown to everybody.

import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { canonicalJson } from "../../../schemas/envelope/json.ts";
import { readRequest } from "../../../schemas/envelope/request-codec.ts";
import type { ProgramFeedback } from "../../../schemas/messages/program-event.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { feedbackBy, resultSubject } from "../../../schemas/subjects.ts";
import type { LogReader } from "../../log/read.ts";
import type { Row } from "./command.ts";

/** Judgements that are looked at, the first that the log has. */
const MAX_JUDGEMENTS = 5_000;
const BATCH = 64;

export interface WantedRows {
  user: string;
  program: string;
  minScore: number;
}

/** One example for each inputs, the best judged. */
export async function rowsFromLog(
  reader: LogReader,
  { user, program, minScore }: WantedRows,
): Promise<Row[]> {
  const best = new Map<string, { row: Row; score: number }>();
  let from = 1;
  for (let seen = 0; seen < MAX_JUDGEMENTS; ) {
    const judgements = await reader.some(feedbackBy(user, program), from, BATCH);
    from = (judgements.at(-1)?.sequence ?? 0) + 1;
    const judged = judgements
      .map((judgement) => (judgement.json() as CloudEvent<ProgramFeedback>).data)
      .filter(({ score }) => score >= minScore);
    const rows = await Promise.all(judged.map(({ id }) => rowOf(reader, id)));
    for (const [n, { score }] of judged.entries()) {
      const row = rows[n];
      if (row === undefined) continue;
      const key = canonicalJson(row.inputs);
      if (score >= (best.get(key)?.score ?? 0)) best.set(key, { row, score });
    }
    seen += judgements.length;
    if (judgements.length < BATCH) break;
  }
  return [...best.values()].map(({ row }) => row);
}

/** Undefined where it failed, is gone, or has values that lie elsewhere. */
async function rowOf(reader: LogReader, id: string): Promise<Row | undefined> {
  const result = ((await reader.last(resultSubject(id)))?.json() as CloudEvent<Result> | undefined)?.data;
  if (result?.status !== "succeeded" || result.outputs === undefined || result.log === undefined)
    return undefined;
  const request = await reader.at(result.log.request);
  if (request === null) return undefined;
  const { inputs } = readRequest((name) => request.header(name), request.data);
  const outputs = result.outputs as Record<string, unknown>;
  return canonicalJson([inputs, outputs]).includes('"$ref"') ? undefined : { inputs, outputs };
}
