// `explain.<id>`: a user's question why one of its requests went where it went.

import { apiPattern } from "../../../schemas/subjects.ts";
import type { NatsConnection } from "../../bus/connect.ts";
import type { Endpoint } from "../../bus/micro-service.ts";
import { RequestLookup } from "../../gateway/lookup.ts";
import type { LogReader } from "../../log/read.ts";
import { SEED } from "../../router/question.ts";
import type { LearnerState } from "../fold/state.ts";
import { explanationOf } from "./explain.ts";
import { gatherStory } from "./gather.ts";

export interface ExplainParts {
  /** Of a role that may ask routers where open requests stand. */
  connection: NatsConnection;
  reader: LogReader;
  /** Knows where the versions are that were published lately. */
  learner: { readonly state: Pick<LearnerState, "journal"> };
}

export function explainEndpoints({ connection, reader, learner }: ExplainParts): Endpoint[] {
  const lookup = new RequestLookup(connection, reader);
  return [
    {
      name: "explain",
      subject: apiPattern("explain.>"),
      async answer(request) {
        const id = lookup.ownId(request.user, request.tokens.slice(1));
        const { journal } = learner.state;
        return { body: explanationOf(await gatherStory(id, { reader, lookup, journal }), SEED) };
      },
    },
  ];
}
