// Answers where unfinished requests stand: the fold holds exactly those, so no other part has to fold the log for it.

import { z } from "zod";
import { OPEN_REQUEST_SUBJECT } from "../../schemas/subjects.ts";
import type { Msg, NatsConnection } from "../bus/connect.ts";
import type { RouterFold } from "./fold.ts";

/** `after`: a sequence that the fold must have passed, so that the answer is not older than the question. */
const questionSchema = z.object({ id: z.string(), after: z.number().int().nonnegative().default(0) });

export function serveOpenRequests(connection: NatsConnection, fold: RouterFold): { stop(): void } {
  const subscription = connection.subscribe(OPEN_REQUEST_SUBJECT, {
    queue: "router",
    callback: (error, message) => {
      const question = error === null ? questionSchema.safeParse(message.json()) : undefined;
      // On a connection that was closed meanwhile nobody can be answered; who asked asks again.
      if (question?.success) answer(question.data, message, fold).catch(() => {});
    },
  });
  return { stop: () => subscription.unsubscribe() };
}

async function answer(
  { id, after }: z.infer<typeof questionSchema>,
  message: Msg,
  fold: RouterFold,
): Promise<void> {
  await fold.passed(after);
  const open = fold.state.open.get(id);
  const story =
    open === undefined ? null : { request: open.sequence, work: open.work, failures: open.failures };
  message.respond(JSON.stringify({ open: story }));
}
