// What the log says of the requests that were made: each result with its decision and its score, in the order of the
// requests.

import type { Attempt, Decision } from "../../schemas/messages/parts.ts";
import type { ProgramFeedback } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import { type Login, readCredentials } from "../../services/broker/mod.ts";
import { connectBus, roleInboxPrefix } from "../../services/bus/connect.ts";
import { follow } from "../../services/log/follow.ts";

export interface Answered {
  /** As it was chosen by who asked. */
  key: string;
  program: string;
  status: Result["status"];
  outputs: Result["outputs"];
  attempts: readonly Attempt[];
  timings: Result["timings"];
  usage: Result["usage"];
  decision: Decision | undefined;
  /** Undefined where nobody judged it. */
  score: number | undefined;
}

export interface WholeLog {
  answered: ReadonlyMap<string, Answered>;
  /** Events by entity and verb, such as `policy.updated`. */
  events: ReadonlyMap<string, number>;
}

export async function readWholeLog(server: { url: string; home: string }): Promise<WholeLog> {
  const results: Result[] = [];
  const scores = new Map<string, number>();
  const events = new Map<string, number>();
  const login: Login = readCredentials(server.home).parts.operator;
  const connection = await connectBus({
    url: server.url,
    ...login,
    name: "bench-log",
    inboxPrefix: roleInboxPrefix("operator"),
    failFast: true,
  });
  try {
    const follower = await follow(connection, {
      role: "operator",
      n: 1,
      fromSequence: 1,
      onMessage: (message) => {
        const subject = parseLogSubject(message.subject);
        if (subject.kind === "result") results.push(dataOf<Result>(message.json()));
        if (subject.kind !== "event") return;
        const name = `${subject.entity}.${subject.verb}`;
        events.set(name, (events.get(name) ?? 0) + 1);
        if (name !== "program.feedback") return;
        const { id, score } = dataOf<ProgramFeedback>(message.json());
        scores.set(id, score);
      },
    });
    await follower.caughtUp;
    await follower.stop();
  } finally {
    await connection.close();
  }
  results.sort((a, b) => a.log.request - b.log.request);
  return { answered: new Map(results.map((result) => entryOf(result, scores.get(result.id)))), events };
}

function entryOf(result: Result, score: number | undefined): [string, Answered] {
  const { id, program, status, outputs, attempts, timings, usage, decision } = result;
  const key = id.slice(id.lastIndexOf(".") + 1);
  return [key, { key, program, status, outputs, attempts, timings, usage, decision, score }];
}

function dataOf<Data>(body: unknown): Data {
  return (body as { data: Data }).data;
}
