// Endpoints of one word of the API, a verb each.

import { DspexError } from "../../schemas/errors.ts";
import { adminPattern, apiPattern } from "../../schemas/subjects.ts";
import type { ApiRequest, Endpoint } from "./micro-service.ts";

/** Returns the body of the answer. */
export type Answering = (request: ApiRequest) => Promise<unknown>;

/** For every user. */
export function apiEndpoint(word: string, verb: string, answer: Answering): Endpoint {
  return {
    name: `${word}-${verb}`,
    subject: apiPattern(`${word}.${verb}`),
    answer: async (request) => ({ body: await answer(request) }),
  };
}

/** For administrators. Reachable for all users, but what changes things for all is theirs: others are told so. */
export function adminEndpoints(word: string, verb: string, answer: Answering): Endpoint[] {
  const asked = `${word}.${verb}`;
  return [
    {
      name: `${word}-${verb}`,
      subject: adminPattern(asked),
      answer: async (request) => ({ body: await answer(request) }),
    },
    {
      name: `${word}-${verb}-refused`,
      subject: apiPattern(asked),
      async answer() {
        throw new DspexError("not_allowed", `${asked} needs the right \`admin\`: ask on dspex-admin`);
      },
    },
  ];
}
