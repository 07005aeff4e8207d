// The result of a run, at once or when it has ended.

import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_RUN_DEADLINE_MS } from "../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import type { Answer, ApiRequest } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import type { PipelinesFold } from "./fold.ts";
import { keyOf } from "./state.ts";
import type { RunWatchers } from "./watchers.ts";

export interface ResultSource {
  fold: PipelinesFold;
  reader: LogReader;
  watchers: RunWatchers;
}

const resultSchema = z.strictObject({ waitMs: z.number().int().min(0).max(MAX_RUN_DEADLINE_MS).optional() });
/** As long as an answer is waited for. */
const MAX_WAIT_MS = 540_000;

export async function answerResult(source: ResultSource, request: ApiRequest): Promise<Answer> {
  const name = request.tokens.at(-1) ?? "";
  const { waitMs } = check(resultSchema, request.json());
  const asked = Number(request.header(HEADER.waitMs) ?? waitMs ?? 0);
  const { fold, watchers, reader } = source;
  const { user } = request;
  const stored = async (): Promise<PipelineResult | undefined> => {
    const message = await reader.last(pipelineEventSubject(user, name, "finished"));
    if (message === null) return undefined;
    const { steps: _steps, ...result } = (message.json() as CloudEvent<PipelineResult>).data;
    return result;
  };
  const ended = Promise.withResolvers<void>();
  using _ = watchers.watch(user, name, () => {
    // Where the service stops, another one knows more.
    if (watchers.isStopped || !fold.state.runs.has(keyOf(user, name))) ended.resolve();
  });
  if (!fold.state.runs.has(keyOf(user, name))) {
    const result = await stored();
    if (result !== undefined) return { body: result };
    if (!fold.state.runs.has(keyOf(user, name)))
      throw new DspexError("not_found", `no run ${JSON.stringify(name.slice(0, 64))}`);
  }
  if (!(asked > 0) || watchers.isStopped) return { body: { status: "pending" } };
  const timer = setTimeout(ended.resolve, Math.min(asked, MAX_WAIT_MS));
  await ended.promise;
  clearTimeout(timer);
  return { body: (await stored()) ?? { status: "pending" } };
}
